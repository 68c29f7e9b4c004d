// The OpenAPI document (3.1) of REST, made of the table of operations and the schemas that the collector itself uses.

import { z } from 'zod';
import { accountGroupDetailSchema, accountGroupsSchema } from './account-groups.ts';
import { agentSchema, agentsSchema } from './agents.ts';
import {
  alertDetailSchema,
  alertRuleDetailSchema,
  alertRuleSchema,
  alertRulesSchema,
  alertSchema,
  alertsSchema,
  changedAlertRuleSchema,
} from './alerts.ts';
import {
  halMediaType,
  problemMediaType,
  problemSchema,
  unauthorizedSchema,
  validationProblemSchema,
} from './common.ts';
import { type Operation, operations } from './operations/index.ts';
import {
  pathVisDetailResultsSchema,
  pathVisHopSchema,
  pathVisResultSchema,
  pathVisResultsSchema,
  pathVisRouteSchema,
  pathVisTraceSchema,
} from './paths.ts';
import { networkResultSchema, networkResultsSchema } from './results.ts';
import { simpleAgentSchema } from './simple-agent.ts';
import { streamProblemSchema, streamSchema, streamsSchema } from './streams.ts';
import { testHistorySchema } from './test-history.ts';
import { simpleTestSchema, testSchema, testsSchema } from './tests.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

export interface ParameterObject {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly style?: 'form';
  readonly explode?: false;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly tags: readonly { readonly name: string }[];
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

/** Those that stand in several places, or that a reader looks for, by name. */
const named: Readonly<Record<string, z.ZodType>> = {
  Problem: problemSchema,
  ValidationProblem: validationProblemSchema,
  Unauthorized: unauthorizedSchema,
  Agent: agentSchema,
  Agents: agentsSchema,
  SimpleAgent: simpleAgentSchema,
  AccountGroups: accountGroupsSchema,
  AccountGroup: accountGroupDetailSchema,
  Test: testSchema,
  Tests: testsSchema,
  TestHistory: testHistorySchema,
  SimpleTest: simpleTestSchema,
  NetworkResults: networkResultsSchema,
  Alerts: alertsSchema,
  Alert: alertSchema,
  AlertDetail: alertDetailSchema,
  AlertRules: alertRulesSchema,
  AlertRule: alertRuleSchema,
  AlertRuleDetail: alertRuleDetailSchema,
  ChangedAlertRule: changedAlertRuleSchema,
  Streams: streamsSchema,
  Stream: streamSchema,
  StreamProblem: streamProblemSchema,
  NetworkResult: networkResultSchema,
  PathVisResults: pathVisResultsSchema,
  PathVisDetailResults: pathVisDetailResultsSchema,
  PathVisResult: pathVisResultSchema,
  PathVisTrace: pathVisTraceSchema,
  PathVisRoute: pathVisRouteSchema,
  PathVisHop: pathVisHopSchema,
};

export function openApiDocument(): OpenApiDocument {
  const answers = answerSchemas();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method.toLowerCase()] = operationObject(operation, answers.refOf);
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Pinhole', version: apiVersion, description: introduction },
    servers: [{ url: '/v7' }],
    security: [{ bearer: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: answers.schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** ThousandEyes' number of what is spoken here. */
const apiVersion = '7';

const introduction =
  'REST speaks ThousandEyes API v7 for its part of it: agents, agent-to-agent tests, their results, alerts and streams. ' +
  'Clients that were written for it work here. Ids are strings, times are UTC, rounds are named by the epoch second of their start.';

interface AnswerSchemas {
  readonly schemas: Record<string, JsonSchema>;
  refOf(schema: z.ZodType): JsonSchema;
}

/** The schemas of all answers under `components`, each once. */
function answerSchemas(): AnswerSchemas {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  for (const { operationId, answer } of operations) {
    const { schema } = answer;
    if (schema === undefined || registry.has(schema)) continue;
    registry.add(schema, { id: `${operationId.slice(0, 1).toUpperCase()}${operationId.slice(1)}Response` });
  }
  const { schemas } = z.toJSONSchema(registry, { io: 'output', uri: componentRef, override: plainFormats });
  return {
    schemas: Object.fromEntries(
      Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema as JsonSchema]),
    ),
    refOf: (schema) => ({ $ref: componentRef(registry.get(schema)!.id) }),
  };
}

function componentRef(id: string): string {
  return `#/components/schemas/${id}`;
}

function operationObject(operation: Operation, refOf: AnswerSchemas['refOf']): OperationObject {
  const { operationId, tag, summary, description, request, answer } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    parameters: [...pathParameters(operation.path), aidParameter, ...queryParameters(operation.query)],
    ...(request !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: inputSchema(request) } } },
    }),
    responses: {
      [answer.status]: {
        description: successes[answer.status],
        headers: { ...rateLimitHeaders, ...(answer.status === 201 && { Location: locationHeader }) },
        ...(answer.schema !== undefined && {
          content: { [answer.mediaType ?? halMediaType]: { schema: refOf(answer.schema) } },
        }),
      },
      ...errorResponses(operation, refOf),
    },
  };
}

const successes = { 200: 'OK', 201: 'Created', 204: 'No content' } as const;

const locationHeader = { description: 'Of what was created', schema: { type: 'string', format: 'uri' } };

const rateLimitHeaders = {
  'X-Organization-Rate-Limit-Limit': {
    description: 'Requests a minute',
    schema: { type: 'integer' },
  },
  'X-Organization-Rate-Limit-Remaining': {
    description: 'How many are left of this minute',
    schema: { type: 'integer' },
  },
  'X-Organization-Rate-Limit-Reset': {
    description: 'When the next minute begins, epoch seconds',
    schema: { type: 'integer' },
  },
};

function errorResponses(
  { path, mayConflict, mayBeFull, badRequest = validationProblemSchema }: Operation,
  refOf: AnswerSchemas['refOf'],
) {
  const problem = (description: string, schema: z.ZodType = problemSchema) => ({
    description,
    content: { [problemMediaType]: { schema: refOf(schema) } },
  });
  return {
    400: problem('The request has fields that are missing or wrong', badRequest),
    401: problem('No token, or one that is not valid', unauthorizedSchema),
    403: problem('The token is for reading only, or the account group is another'),
    ...(path.includes('{') && { 404: problem('There is nothing of this id') }),
    ...(mayConflict && { 409: problem('Not possible as things are') }),
    ...(mayBeFull && { 412: problem('There are as many as can be', badRequest) }),
    429: { ...problem('Too many requests within a minute'), headers: rateLimitHeaders },
    default: problem('Another error'),
  };
}

const aidParameter: ParameterObject = {
  name: 'aid',
  in: 'query',
  required: false,
  description: 'The account group; there is one, so it can be left out.',
  schema: { type: 'string' },
};

function pathParameters(path: string): ParameterObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name!,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject | undefined): ParameterObject[] {
  return Object.entries(query?.shape ?? {}).map(([name, member]) => {
    const schema = member as z.ZodType;
    const listOf = schema.meta()?.listOf as readonly string[] | undefined;
    const required = !schema.safeParse(undefined).success;
    if (listOf === undefined) return { name, in: 'query', required, schema: inputSchema(schema) };
    const items = listOf.length === 0 ? { type: 'string' } : { type: 'string', enum: listOf };
    return {
      name,
      in: 'query',
      required,
      ...(schema.description !== undefined && { description: schema.description }),
      schema: { type: 'array', items },
      style: 'form',
      explode: false,
    };
  });
}

/** The pattern by which zod checks a date or an address says nothing to a reader that its format does not. */
function plainFormats({ jsonSchema }: { jsonSchema: { format?: string; pattern?: string } }): void {
  if (['date-time', 'ipv4', 'ipv6'].includes(jsonSchema.format ?? '')) delete jsonSchema.pattern;
}

/** What a client may send. */
function inputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', override: plainFormats });
  return rest;
}

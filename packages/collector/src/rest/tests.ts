// /v7/tests, /v7/tests/agent-to-agent, its instant tests, and /v7/tests/{testId}/run and history

import {
  halMediaType,
  instantTestRequestSchema,
  type Test,
  type TestHistory,
  testHistoryQuerySchema,
  testQuerySchema,
  testRequestSchema,
  testUpdateSchema,
  testVersionQuerySchema,
} from '@pinhole/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { maxOpenRounds } from '../agents/configuration.ts';
import type { Context } from '../context.ts';
import { findAccountGroup } from '../store/account-group.ts';
import { findAgents } from '../store/agents.ts';
import { findAlertRules, listAlertRules } from '../store/alert-rules.ts';
import type { Store } from '../store/schema.ts';
import { findVersion, listVersions } from '../store/test-versions.ts';
import {
  addRun,
  addTest,
  changeTest,
  deleteTest,
  findTest,
  isTestNameTaken,
  listScheduledTests,
  recentRuns,
  type TestDefinition,
  type TestRecord,
} from '../store/tests.ts';
import { baseUrl } from './base-url.ts';
import { testBody, testUrl } from './bodies.ts';
import { dateTime } from './date-time.ts';
import { existingTest } from './existing.ts';
import { optional } from './optional.ts';
import { HttpProblem, invalidRequest, notFound, parseRequest } from './problem.ts';
import { requesterName } from './requester.ts';
import { resource } from './resource.ts';
import { testErrors, updatedTest, type WantedTest, wantedTest } from './test-rules.ts';

export function testRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes, outgoing } = context;

  resource(app, '/v7/tests', { GET: (request, reply) => list(request, reply, '/v7/tests') });

  resource(app, '/v7/tests/agent-to-agent', {
    GET: (request, reply) => list(request, reply, '/v7/tests/agent-to-agent'),
    async POST(request, reply) {
      const wanted = wantedTest(parseRequest(testRequestSchema, request.body));
      return await create(request, reply, wanted);
    },
  });

  resource(app, '/v7/tests/agent-to-agent/instant', {
    async POST(request, reply) {
      const wanted = wantedTest(parseRequest(instantTestRequestSchema, request.body));
      return await create(request, reply, wanted);
    },
  });

  resource(app, '/v7/tests/agent-to-agent/:testId', {
    async GET(request, reply) {
      const { expand, versionId } = parseRequest(testVersionQuerySchema, request.query);
      const test = await existingTest(db, request);
      const shown = versionId === undefined ? test : await findVersion(db, test, versionId);
      if (shown === null) throw notFound(`Test ${test.testId} has no version ${versionId}.`);
      return await show(request, reply, shown, expand);
    },
    async PUT(request, reply) {
      const { expand } = parseRequest(testQuerySchema, request.query);
      const update = parseRequest(testUpdateSchema, request.body);
      const { before, after } = await db.transaction().execute(async (tx) => {
        const test = await existingTest(tx, request);
        if (test.intervalS === null) {
          throw new HttpProblem(409, 'An instant test cannot be changed. Create another one instead.');
        }
        const wanted = updatedTest(test, update);
        await refuseErrors(tx, wanted, test.testId);
        await changeTest(tx, test, wanted.definition, clock.wallMs(), requesterName(request));
        return { before: test, after: await existingTest(tx, request) };
      });
      changes.wake(memberIds(before).concat(memberIds(after)));
      outgoing.sweep();
      return await show(request, reply, after, expand);
    },
    async DELETE(request, reply) {
      const test = await db.transaction().execute(async (tx) => {
        const found = await existingTest(tx, request);
        await deleteTest(tx, found.testId);
        return found;
      });
      changes.wake(memberIds(test));
      outgoing.sweep();
      return reply.code(204).send();
    },
  });

  resource(app, '/v7/tests/:testId/history', {
    async GET(request, reply) {
      const { limit } = parseRequest(testHistoryQuerySchema, request.query);
      const { testId } = await existingTest(db, request);
      const body: TestHistory = {
        testVersionHistory: (await listVersions(db, testId, limit)).map((version) => ({
          versionId: version.versionId,
          testId: version.testId,
          versionTimestamp: dateTime(version.createdAtMs),
          ...optional('createdBy', version.createdBy),
        })),
        _links: { self: { href: `${baseUrl(context, request)}/v7/tests/${testId}/history` } },
      };
      // As v7 has it, unlike the others.
      reply.type('application/json');
      return body;
    },
  });

  resource(app, '/v7/tests/:testId/run', {
    async POST(request) {
      const { test, roundId } = await db.transaction().execute(async (tx) => {
        const found = await existingTest(tx, request);
        if (found.intervalS !== null) {
          throw new HttpProblem(409, 'Only instant tests are run on request; this test has a schedule.');
        }
        if (!found.enabled) throw new HttpProblem(409, 'An agent of this test was deleted; it cannot run.');
        const nowMs = clock.wallMs();
        if ((await recentRuns(tx, [found.testId], nowMs)).length >= maxOpenRounds) {
          throw new HttpProblem(
            429,
            `This test was run ${maxOpenRounds} times within the last five minutes.`,
          );
        }
        return { test: found, roundId: await addRun(tx, found.testId, nowMs) };
      });
      changes.wake(memberIds(test));
      return { testId: test.testId, roundId };
    },
  });

  async function list(request: FastifyRequest, reply: FastifyReply, path: string) {
    const { expand } = parseRequest(testQuerySchema, request.query);
    const tests = await listScheduledTests(db);
    reply.type(halMediaType);
    return {
      tests: await bodies(request, tests, expand),
      _links: { self: { href: baseUrl(context, request) + path } },
    };
  }

  async function create(request: FastifyRequest, reply: FastifyReply, wanted: WantedTest): Promise<Test> {
    const { expand } = parseRequest(testQuerySchema, request.query);
    const isInstant = wanted.definition.intervalS === null;
    const test = await db.transaction().execute(async (tx) => {
      await refuseErrors(tx, wanted, null);
      const nowMs = clock.wallMs();
      const testId = await addTest(tx, wanted.definition, nowMs, requesterName(request));
      if (isInstant) await addRun(tx, testId, nowMs);
      return (await findTest(tx, testId))!;
    });
    changes.wake(memberIds(test));
    reply.code(201).header('location', testUrl(test.testId, baseUrl(context, request)));
    return await show(request, reply, test, expand);
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    test: TestRecord,
    expand: readonly string[],
  ): Promise<Test> {
    reply.type(halMediaType);
    return (await bodies(request, [test], expand))[0]!;
  }

  async function bodies(
    request: FastifyRequest,
    tests: readonly TestRecord[],
    expand: readonly string[],
  ): Promise<Test[]> {
    const agents = await findAgents(db, [...new Set(tests.flatMap(memberIds))]);
    const frame = {
      agents,
      accountGroup: await findAccountGroup(db),
      alertRules: expand.includes('alert-rule') ? await listAlertRules(db) : [],
      baseUrl: baseUrl(context, request),
    };
    return tests.map((test) => testBody(test, frame, expand));
  }
}

async function refuseErrors(db: Store, wanted: WantedTest, ownTestId: string | null): Promise<void> {
  const { definition } = wanted;
  const agents = await findAgents(db, memberIds(definition));
  const isNameTaken =
    definition.intervalS !== null && (await isTestNameTaken(db, definition.testName, ownTestId));
  const rules = await findAlertRules(db, definition.settings.alertRules ?? []);
  const errors = testErrors(wanted, { agents, alertRules: new Set(rules.keys()), isNameTaken });
  if (errors.length > 0) throw invalidRequest(errors);
}

function memberIds(test: TestDefinition): string[] {
  return [test.targetAgentId, ...test.sourceAgentIds];
}

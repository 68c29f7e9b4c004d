// /v7/tests/agent-to-agent, its instant tests, and /v7/tests/{testId}/run

import {
  halMediaType,
  instantTestRequestSchema,
  type Test,
  testQuerySchema,
  testRequestSchema,
  testUpdateSchema,
} from '@pinhole/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { maxOpenRounds } from '../agents/configuration.ts';
import type { Context } from '../context.ts';
import { findAgents } from '../store/agents.ts';
import type { Store } from '../store/schema.ts';
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
import { HttpProblem, invalidRequest, notFound, parseRequest } from './problem.ts';
import { resource } from './resource.ts';
import { testErrors, updatedTest, type WantedTest, wantedTest } from './test-rules.ts';

export function testRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, changes } = context;

  resource(app, '/v7/tests/agent-to-agent', {
    async GET(request, reply) {
      const { expand } = parseRequest(testQuerySchema, request.query);
      const tests = await listScheduledTests(db);
      const agents = await findAgents(db, [...new Set(tests.flatMap(memberIds))]);
      const base = baseUrl(context, request);
      reply.type(halMediaType);
      return {
        tests: tests.map((test) => testBody(test, agents, base, expand)),
        _links: { self: { href: `${base}/v7/tests/agent-to-agent` } },
      };
    },
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
      const { expand } = parseRequest(testQuerySchema, request.query);
      return await show(request, reply, await existing(db, request), expand);
    },
    async PUT(request, reply) {
      const { expand } = parseRequest(testQuerySchema, request.query);
      const update = parseRequest(testUpdateSchema, request.body);
      const { before, after } = await db.transaction().execute(async (tx) => {
        const test = await existing(tx, request);
        if (test.intervalS === null) {
          throw new HttpProblem(409, 'An instant test cannot be changed. Create another one instead.');
        }
        const wanted = updatedTest(test, update);
        await refuseErrors(tx, wanted, test.testId);
        await changeTest(tx, test, wanted.definition, clock.wallMs());
        return { before: test, after: await existing(tx, request) };
      });
      changes.wake(memberIds(before).concat(memberIds(after)));
      return await show(request, reply, after, expand);
    },
    async DELETE(request, reply) {
      const test = await db.transaction().execute(async (tx) => {
        const found = await existing(tx, request);
        await deleteTest(tx, found.testId);
        return found;
      });
      changes.wake(memberIds(test));
      return reply.code(204).send();
    },
  });

  resource(app, '/v7/tests/:testId/run', {
    async POST(request) {
      const { test, roundId } = await db.transaction().execute(async (tx) => {
        const found = await existing(tx, request);
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

  async function create(request: FastifyRequest, reply: FastifyReply, wanted: WantedTest): Promise<Test> {
    const { expand } = parseRequest(testQuerySchema, request.query);
    const isInstant = wanted.definition.intervalS === null;
    const test = await db.transaction().execute(async (tx) => {
      await refuseErrors(tx, wanted, null);
      const nowMs = clock.wallMs();
      const testId = await addTest(tx, wanted.definition, nowMs);
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
    const agents = await findAgents(db, memberIds(test));
    reply.type(halMediaType);
    return testBody(test, agents, baseUrl(context, request), expand);
  }
}

/** The test that the path names. Throws 404. */
export async function existing(db: Store, request: FastifyRequest): Promise<TestRecord> {
  const { testId } = request.params as { testId: string };
  const test = await findTest(db, testId);
  if (test === null) throw notFound(`There is no test ${testId}.`);
  return test;
}

async function refuseErrors(db: Store, wanted: WantedTest, ownTestId: string | null): Promise<void> {
  const { definition } = wanted;
  const agents = await findAgents(db, memberIds(definition));
  const isNameTaken =
    definition.intervalS !== null && (await isTestNameTaken(db, definition.testName, ownTestId));
  const errors = testErrors(wanted, agents, isNameTaken);
  if (errors.length > 0) throw invalidRequest(errors);
}

function memberIds(test: TestDefinition): string[] {
  return [test.targetAgentId, ...test.sourceAgentIds];
}

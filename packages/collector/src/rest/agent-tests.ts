// Which tests an agent is a source of: /v7/agents/{agentId}/tests/assign, unassign and override.

import { agentTestsRequestSchema, type FieldError, halMediaType, maxSources } from '@pinhole/contract';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import type { Store } from '../store/schema.ts';
import { changeTest, findTests, listScheduledTests, type TestRecord } from '../store/tests.ts';
import { agentDetail } from './agent-bodies.ts';
import { existingAgent } from './existing.ts';
import { invalidRequest, parseRequest } from './problem.ts';
import { requesterName } from './requester.ts';
import { resource } from './resource.ts';

type Change = (sourceOf: TestRecord[], named: TestRecord[]) => { add: TestRecord[]; remove: TestRecord[] };

const changes: Record<'assign' | 'unassign' | 'override', Change> = {
  assign: (sourceOf, named) => ({ add: without(named, sourceOf), remove: [] }),
  unassign: (_, named) => ({ add: [], remove: named }),
  override: (sourceOf, named) => ({ add: without(named, sourceOf), remove: without(sourceOf, named) }),
};
export type AgentTestsChange = keyof typeof changes;

export function agentTestRoutes(app: FastifyInstance, context: Context): void {
  for (const kind of ['assign', 'unassign', 'override'] as const) {
    resource(app, `/v7/agents/:agentId/tests/${kind}`, {
      async POST(request, reply) {
        const { testIds } = parseRequest(agentTestsRequestSchema, request.body);
        const { agent, concerned } = await context.db.transaction().execute(async (tx) => {
          const found = await existingAgent(tx, request);
          const now = context.clock.wallMs();
          const by = requesterName(request);
          return {
            agent: found,
            concerned: await changeTestsOf(tx, found.agentId, kind, { testIds, field: 'testIds' }, now, by),
          };
        });
        context.changes.wake(concerned);
        context.outgoing.sweep();
        reply.type(halMediaType);
        return await agentDetail(context, request, agent, ['test']);
      },
    });
  }
}

/**
 * All or nothing. Tests that the agent is the target of are its own already, and cannot be taken from it. Returns the
 * agents whose configuration may have changed. Throws HttpProblem 400 with an entry for each test that cannot be.
 */
export async function changeTestsOf(
  db: Store,
  agentId: string,
  kind: AgentTestsChange,
  { testIds, field }: { readonly testIds: readonly string[]; readonly field: string },
  nowMs: number,
  by: string | null,
): Promise<string[]> {
  const found = new Map((await findTests(db, [...new Set(testIds)])).map((test) => [test.testId, test]));
  const sourceOf = (await listScheduledTests(db)).filter((test) => test.sourceAgentIds.includes(agentId));
  const errors = [...testIds.entries()].flatMap(([at, testId]) => {
    const error = refusal(agentId, kind, testId, found.get(testId));
    return error === null ? [] : [{ ...error, field: `${field}.${at}` }];
  });
  if (errors.length > 0) throw invalidRequest(errors);
  const named = [...found.values()].filter((test) => test.targetAgentId !== agentId);
  const { add, remove } = changes[kind](sourceOf, named);
  for (const test of add) {
    await changeTest(db, test, { ...test, sourceAgentIds: [...test.sourceAgentIds, agentId] }, nowMs, by);
  }
  for (const test of remove) {
    const left = test.sourceAgentIds.filter((id) => id !== agentId);
    if (left.length === test.sourceAgentIds.length) continue;
    // Without a source it is disabled, as v7's is.
    const enabled = test.enabled && left.length > 0;
    await changeTest(db, test, { ...test, sourceAgentIds: left, enabled }, nowMs, by);
  }
  return [...add, ...remove].flatMap((test) => [agentId, test.targetAgentId, ...test.sourceAgentIds]);
}

function refusal(
  agentId: string,
  kind: AgentTestsChange,
  testId: string,
  test: TestRecord | undefined,
): Omit<FieldError, 'field'> | null {
  if (test === undefined) return { code: 'unknown-test', message: `There is no test ${testId}.` };
  if (test.intervalS === null)
    return { code: 'instant-test', message: `${test.testName} is an instant test, which cannot be changed.` };
  if (kind === 'unassign' && test.targetAgentId === agentId)
    return {
      code: 'agent-is-target',
      message: `The agent is the target of ${test.testName}. Give that test another target.`,
    };
  const isFull = test.sourceAgentIds.length >= maxSources && !test.sourceAgentIds.includes(agentId);
  if (kind !== 'unassign' && isFull && test.targetAgentId !== agentId)
    return { code: 'too-many-agents', message: `${test.testName} has ${maxSources} sources already.` };
  return null;
}

function without(tests: readonly TestRecord[], others: readonly TestRecord[]): TestRecord[] {
  const ids = new Set(others.map(({ testId }) => testId));
  return tests.filter(({ testId }) => !ids.has(testId));
}

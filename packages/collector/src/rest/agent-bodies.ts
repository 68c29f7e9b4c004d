// Agents as REST shows them, with what the request wants to see beside them.

import type { Agent } from '@pinhole/contract';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { findAccountGroup } from '../store/account-group.ts';
import type { AgentRecord } from '../store/agents.ts';
import { findChecks } from '../store/compatibility.ts';
import { listScheduledTests, type TestRecord } from '../store/tests.ts';
import { baseUrl } from './base-url.ts';
import { agentBody, simpleTestBody } from './bodies.ts';
import { natTraversalBody } from './nat-traversal.ts';

/** For a list: without the reports of compatibility checks. In the order in which they were given. */
export async function agentBodies(
  context: Context,
  request: FastifyRequest,
  agents: readonly AgentRecord[],
  expand: readonly string[],
): Promise<Agent[]> {
  return await bodies(context, request, agents, expand, false);
}

/** One alone. */
export async function agentDetail(
  context: Context,
  request: FastifyRequest,
  agent: AgentRecord,
  expand: readonly string[],
): Promise<Agent> {
  const [body] = await bodies(context, request, [agent], expand, true);
  return { ...body!, ...(expand.includes('notification-rule') ? { notificationRules: [] } : {}) };
}

async function bodies(
  context: Context,
  request: FastifyRequest,
  agents: readonly AgentRecord[],
  expand: readonly string[],
  withReports: boolean,
): Promise<Agent[]> {
  const { db, clock, networks } = context;
  const frame = {
    accountGroup: await findAccountGroup(db),
    networks,
    baseUrl: baseUrl(context, request),
    nowMs: clock.wallMs(),
  };
  const withTests = expand.includes('test');
  const withIds = expand.includes('test-ids');
  const tests = withTests || withIds ? await listScheduledTests(db) : [];
  const checks = await findChecks(
    db,
    agents.map(({ agentId }) => agentId),
  );
  return agents.map((agent) => {
    const natTraversal = natTraversalBody(agent, checks.get(agent.agentId) ?? null, withReports);
    const own = tests.filter((test) => isMember(agent.agentId, test));
    return {
      ...agentBody(agent, natTraversal, frame),
      ...(withTests ? { tests: own.map((test) => simpleTestBody(test, frame.baseUrl)) } : {}),
      ...(withIds ? { testIds: own.map((test) => Number(test.testId)) } : {}),
    };
  });
}

function isMember(agentId: string, test: TestRecord): boolean {
  return test.targetAgentId === agentId || test.sourceAgentIds.includes(agentId);
}

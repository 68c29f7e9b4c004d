// What a path names, or 404.

import type { FastifyRequest } from 'fastify';
import { type AgentRecord, findAgent } from '../store/agents.ts';
import type { Store } from '../store/schema.ts';
import { findTest, type TestRecord } from '../store/tests.ts';
import { notFound } from './problem.ts';

/** Throws HttpProblem 404. */
export async function existingAgent(db: Store, request: FastifyRequest): Promise<AgentRecord> {
  const { agentId } = request.params as { agentId: string };
  const agent = await findAgent(db, agentId);
  if (agent === null) throw notFound(`There is no agent ${agentId}.`);
  return agent;
}

/** Throws HttpProblem 404. */
export async function existingTest(db: Store, request: FastifyRequest): Promise<TestRecord> {
  const { testId } = request.params as { testId: string };
  const test = await findTest(db, testId);
  if (test === null) throw notFound(`There is no test ${testId}.`);
  return test;
}

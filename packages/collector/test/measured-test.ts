// A collector with two agents and a test between them, whose results can be handed in and asked for.

import assert from 'node:assert/strict';
import type { AgentResult, Direction } from '@pinhole/contract';
import type { CollectorOptions } from '../src/index.ts';
import { startWorld } from './harness.ts';

export async function worldWithTest(
  t: Parameters<typeof startWorld>[0],
  direction: Direction,
  options: Partial<CollectorOptions> = {},
) {
  const world = await startWorld(t, options);
  const source = await world.enroll('source');
  const target = await world.enroll('target');
  const { body } = await world.rest('POST', '/v7/tests/agent-to-agent', {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    direction,
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  });
  const testId: string = body.testId;
  const nowS = Math.floor(world.clock.wallMs() / 1000);
  const lastRound = nowS - (nowS % 60);
  const key = (roundsAgo: number, of: 'to-target' | 'from-target' = 'to-target') => ({
    testId,
    roundId: lastRound - 60 * roundsAgo,
    sourceAgentId: source.agentId,
    targetAgentId: target.agentId,
    direction: of,
  });
  return {
    world,
    source,
    target,
    testId,
    key,
    keep: async (results: AgentResult[]) => {
      for (let at = 0; at < results.length; at += 200) {
        const part = results.slice(at, at + 200);
        assert.equal((await source.checkIn({ results: part })).acknowledged, part.length);
      }
    },
    network: (query = '') => world.rest('GET', `/v7/test-results/${testId}/network${query}`),
    paths: (query = '') => world.rest('GET', `/v7/test-results/${testId}/path-vis${query}`),
    pathsOfRound: (roundId: number | string, query = '', agentId = source.agentId) =>
      world.rest('GET', `/v7/test-results/${testId}/path-vis/agent/${agentId}/round/${roundId}${query}`),
  };
}

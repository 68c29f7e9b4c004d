// Rounds by the clock. In a file of its own, because it waits a minute for one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertMeasured, System } from './system.ts';

test('a collector that is away for a scheduled round gets it when it is back', async () => {
  await System.use({ a: 'none', b: 'none' }, async (system) => {
    const collector = await system.startCollector();
    const ids = await system.startAgents({ a: false, b: false });
    const { testId } = await system.rest.request<{ testId: string }>('POST', '/tests/agent-to-agent', {
      testName: 'scheduled',
      protocol: 'udp',
      direction: 'to-target',
      interval: 60,
      targetAgentId: ids.b,
      agents: [{ agentId: ids.a }],
    });
    const [first] = await system.resultsOf(testId, 1);
    await collector.end('SIGKILL');
    // The next round starts within a minute, and takes a second.
    await sleep(63_000);
    await system.startCollector();
    const results = await system.resultsOf(testId, 2);
    assertMeasured(results, 'direct');
    assert.ok(results.every(({ roundId }) => roundId % 60 === 0));
    assert.ok(results.some(({ roundId }) => roundId === (first?.roundId ?? 0) + 60));
  });
});

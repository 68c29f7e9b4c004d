// Agent to Agent tests over TCP: by simultaneous open through two NATs, and plainly where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatKind } from '@pinhole/lab';
import { assertMeasured, System } from './system.ts';

for (const [a, b, behindNat, method] of [
  ['eim-apdf', 'eim-apdf', { a: true, b: true }, 'punched'],
  ['eim-eif', 'eim-adf', { a: true, b: true }, 'punched'],
  ['eim-apdf', 'none', { a: true, b: false }, 'direct'],
  ['none', 'none', { a: false, b: false }, 'direct'],
] as const satisfies readonly (readonly [NatKind, NatKind, Record<string, boolean>, string])[]) {
  test(`over TCP, ${a} to ${b}: ${method}, measured in both directions, round after round`, async () => {
    await System.use({ a, b }, async (system) => {
      await system.startCollector();
      const ids = await system.startAgents(behindNat);
      const testId = await system.instantTest(ids.a, ids.b, { protocol: 'tcp' });
      for (let round = 1; round <= 3; round++) {
        if (round > 1) await system.runAgain(testId);
        assertMeasured((await system.resultsOf(testId, 2 * round)).slice(0, 2 * round), method);
      }
    });
  });
}

test('over TCP, a target that lets nobody in cannot be reached, and the result says so', async () => {
  await System.use({ a: 'none', b: 'eim-apdf' }, async (system) => {
    await system.startCollector();
    const ids = await system.startAgents({ a: false, b: false });
    const results = await system.resultsOf(await system.instantTest(ids.a, ids.b, { protocol: 'tcp' }), 2);
    for (const { errorCode } of results) assert.equal(errorCode, 'agent-unreachable');
  });
});

// Law and figures for shorter ways: `npm run bench:tcp-open`. On a busy machine a start may be off by more than these.
test('over TCP, between two NATs that answer an unsolicited SYN with RST, 80 ms apart', async () => {
  const delayMs = 80;
  await System.use(
    { a: 'eim-apdf-rst', b: 'eim-apdf-rst' },
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true });
      const results = await system.resultsOf(await system.instantTest(ids.a, ids.b, { protocol: 'tcp' }), 2);
      assertMeasured(results, 'punched');
      for (const { avgLatency } of results)
        assert.ok(Math.abs((avgLatency ?? 0) - delayMs) < delayMs / 2 + 5);
    },
    { delayMs },
  );
});

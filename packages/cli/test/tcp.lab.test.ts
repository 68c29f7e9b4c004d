// Agent to Agent tests over TCP: by simultaneous open through two NATs, and plainly where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** A NAT remembers a connection that was reset for 10 s (Linux: nf_conntrack_tcp_timeout_close). */
const forgottenMs = 13_000;

// Both SYNs must leave within the delay of each other; what was too early is tried again from fresh ports. More opens:
// `npm run bench:tcp-open`.
for (const [delayMs, opens] of [
  [5, 2],
  [20, 2],
  [80, 1],
] as const) {
  test(`over TCP, between two NATs that answer an unsolicited SYN with RST, ${delayMs} ms apart`, async () => {
    await System.use(
      { a: 'eim-apdf-rst', b: 'eim-apdf-rst' },
      async (system) => {
        await system.startCollector();
        const ids = await system.startAgents({ a: true, b: true });
        await system.checked('a', 'b');
        const testId = await system.instantTest(ids.a, ids.b, { protocol: 'tcp' });
        for (let open = 1; open <= opens; open++) {
          if (open > 1) await system.runAgain(testId);
          const results = await system.resultsOf(testId, 2 * open);
          assertMeasured(results, 'punched');
          if (open < opens) await sleep(forgottenMs);
        }
      },
      { delayMs },
    );
  });
}

/** After this the source has let go of the connection of a round, where it is not kept. */
const releasedMs = 8_000;

for (const [a, b, method] of [
  ['eim-apdf', 'apdm-apdf', 'searched'],
  ['eim-apdf-rst', 'apdm-apdf', 'searched'],
  ['apdm-apdf-sequential', 'apdm-apdf-sequential', 'predicted'],
] as const satisfies readonly (readonly [NatKind, NatKind, string])[]) {
  test(`over TCP, ${a} to ${b}: ${method}, and the connection is kept for the next round`, async () => {
    await System.use(
      { a, b },
      async (system) => {
        await system.startCollector();
        const ids = await system.startAgents({ a: true, b: true });
        await system.checked('a', 'b');
        const testId = await system.instantTest(ids.a, ids.b, { protocol: 'tcp', direction: 'from-target' });
        const [first] = await system.resultsOf(testId, 1);
        await sleep(releasedMs);
        await system.runAgain(testId);
        const results = await system.resultsOf(testId, 2);
        assertMeasured(results, method);
        assert.ok(first?.server !== undefined);
        assert.equal(results[0]?.server, first.server);
      },
      { delayMs: 20 },
    );
  });
}

// Throughput between agents behind real NATs, and what it leaves of the line to others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkResult } from '@pinhole/contract';
import { assertMeasured, System } from './system.ts';

const rateMbps = 20;
const durationMs = 5_000;
const asked = { throughputMeasurements: true, throughputDuration: durationMs };
/** By then a round has its probes behind it, and half of its 10 s of throughput before it. */
const underWayMs = 5_000;
/** And by then half of the first direction's. */
const firstWayMs = 3_500;
/** Some round trips by the slow line, whose queue has 50 ms; behind what waits in a connection's buffers they take longer. */
const queuedMs = 450;
/** What a busy machine may cost a probe, where the line costs nothing. */
const disturbedMs = 25;

test('throughput', async (t) => {
  await System.use({ a: 'eim-apdf', b: 'eim-apdf', c: 'eim-apdf', slow: 'eim-apdf' }, async (system) => {
    await system.startCollector();
    const ids = await system.startAgents({ a: true, b: true, c: true, slow: true });
    await system.checked('a', 'b', 'c', 'slow');

    await system.part(t, 'over UDP, while the same agents have other rounds', async () => {
      const quiet = await system.resultsOf(await system.instantTest(ids.a, ids.c), 2);
      const first = await system.instantTest(ids.a, ids.b, { ...asked, throughputRate: rateMbps });
      await sleep(underWayMs);
      const [plain, second] = await Promise.all([
        system.instantTest(ids.a, ids.c),
        system.instantTest(ids.a, ids.b, { ...asked, throughputRate: 2 * rateMbps }),
      ]);

      const others = await system.resultsOf(plain, 2);
      assertMeasured(others, 'punched');
      for (const direction of ['to-target', 'from-target'] as const) {
        const [before, during] = [quiet, others].map((results) => medianMs(results, direction)) as [
          number,
          number,
        ];
        assert.ok(during < before + disturbedMs, `${before} ms when quiet, ${during} ms then`);
      }
      const results = await system.resultsOf(first, 2);
      assertMeasured(results, 'punched');
      for (const { throughput = 0, throughputDetails } of results) {
        assert.ok(throughputDetails?.outcome === 'measured', JSON.stringify(throughputDetails));
        assert.ok(throughput > 0.5 * rateMbps && throughput < 1.02 * rateMbps, `${throughput} Mbit/s`);
        assert.ok(throughputDetails.lossPercent !== null && throughputDetails.lossPercent < 5);
        assert.ok(throughputDetails.durationMs < durationMs + 1_000);
      }
      // It has waited for its turn.
      const inTurn = await system.resultsOf(second, 2);
      assertMeasured(inTurn, 'punched');
      for (const { throughput = 0 } of inTurn)
        assert.ok(throughput > rateMbps && throughput < 2.04 * rateMbps, `${throughput} Mbit/s`);
    });

    await system.part(t, 'over TCP, as fast as it goes', async () => {
      const testId = await system.instantTest(ids.a, ids.b, { ...asked, protocol: 'tcp' });
      const results = await system.resultsOf(testId, 2);
      assertMeasured(results, 'punched');
      for (const { throughput = 0, throughputDetails } of results) {
        assert.ok(throughputDetails?.outcome === 'measured', JSON.stringify(throughputDetails));
        assert.equal(throughputDetails.lossPercent, null);
        assert.ok(throughput > rateMbps, `${throughput} Mbit/s`);
      }
    });

    await system.part(t, 'is what a slow line lets through, one way', async () => {
      const shaper = ['qdisc', 'add', 'dev', 'wan', 'root', 'tbf', 'rate', '10mbit', 'burst', '16kb'];
      const { code, stderr } = await system.lab.sites
        .get('slow')!
        .nat!.run('tc', [...shaper, 'latency', '50ms']);
      assert.equal(code, 0, stderr);
      const udp = await system.instantTest(ids.slow, ids.c, { ...asked, throughputRate: rateMbps });
      const [there, back] = inOrder(await system.resultsOf(udp, 2));
      assert.ok(there.throughputDetails?.outcome === 'measured');
      const { lossPercent } = there.throughputDetails;
      // 1,232 octets of payload in each frame of 1,274.
      assert.ok(Math.abs(there.throughput! - 9.67) < 0.5, `${there.throughput} Mbit/s`);
      assert.ok(lossPercent !== null && lossPercent > 25 && lossPercent < 60, `${lossPercent} % lost`);
      assert.ok(back.throughput! > 0.5 * rateMbps, `${back.throughput} Mbit/s back`);

      const tcp = await system.instantTest(ids.slow, ids.c, { ...asked, protocol: 'tcp' });
      await sleep(firstWayMs);
      const plain = await system.resultsOf(
        await system.instantTest(ids.slow, ids.c, { protocol: 'tcp', direction: 'to-target' }),
        1,
      );
      const { connectMs } = plain[0]!;
      assert.ok(connectMs !== undefined && connectMs !== null && connectMs < queuedMs, `${connectMs} ms`);
      const [overTcp, backOverTcp] = inOrder(await system.resultsOf(tcp, 2));
      assert.ok(overTcp.throughput! > 5 && overTcp.throughput! < 10, `${overTcp.throughput} Mbit/s`);
      assert.ok(backOverTcp.throughput! > rateMbps, `${backOverTcp.throughput} Mbit/s back`);
    });
  });
});

/** To the target, and back. */
function inOrder(results: readonly NetworkResult[]): [NetworkResult, NetworkResult] {
  const [there, back] = (['to-target', 'from-target'] as const).map((direction) =>
    results.find((each) => each.direction === direction),
  );
  assert.ok(there !== undefined && back !== undefined);
  return [there, back];
}

/** Of the round trips, which need no clock. */
function medianMs(results: readonly NetworkResult[], direction: NetworkResult['direction']): number {
  const median = results.find((each) => each.direction === direction)?.measurement?.roundTrip?.medianMs;
  assert.ok(median !== undefined);
  return median;
}

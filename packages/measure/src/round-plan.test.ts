import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultLossThresholdNs, planRound } from './round-plan.ts';

const ms = 1_000_000;

describe('a round', () => {
  for (const [packetRate, probes, gapMs, lastMs] of [
    [null, 50, 20, 980],
    [100, 50, 10, 490],
    [50, 50, 20, 980],
    [10, 50, 100, 4900],
    [6.25, 50, 160, 7840],
    [6, 47, 166.666667, 7666.666682],
    [1, 8, 1000, 7000],
    [0.1, 1, 10_000, 0],
  ] as const)
    test(`at ${packetRate ?? 'no fixed rate'}: ${probes} probes, ${gapMs} ms apart`, () => {
      const plan = planRound({ packetRate });
      assert.equal(plan.departuresNs.length, probes);
      assert.equal(plan.gapNs, gapMs * ms);
      assert.equal(plan.departuresNs[0], 0);
      assert.equal(plan.departuresNs.at(-1), Math.round(lastMs * ms));
      assert.equal(plan.endNs, Math.round(lastMs * ms) + defaultLossThresholdNs);
    });

  test('ends when its last probe can no longer count', () => {
    assert.equal(planRound({ packetRate: null, lossThresholdNs: 500 * ms }).endNs, 1480 * ms);
  });

  test('needs a rate above nothing', () => {
    for (const packetRate of [0, -1, Number.NaN]) assert.throws(() => planRound({ packetRate }), RangeError);
  });
});

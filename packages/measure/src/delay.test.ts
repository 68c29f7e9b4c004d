import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { meanDeviationNs, pdv95Ns, rfc3550JitterNs, spread } from './delay.ts';

describe('delays 10, 20, 40, 10', () => {
  const delays = [10, 20, 40, 10];
  test('lie between 10 and 40, 20 on the mean', () =>
    assert.deepEqual(spread(delays), { meanNs: 20, minNs: 10, medianNs: 10, p95Ns: 40, maxNs: 40 }));
  // |−10| + 0 + 20 + |−10| over 4
  test('deviate by 10', () => assert.equal(meanDeviationNs(delays), 10));
  test('vary by 30', () => assert.equal(pdv95Ns(delays), 30));
  // 10/16 = 0.625; + (20 − 0.625)/16 = 1.8359375; + (30 − 1.8359375)/16 = 3.59619140625
  test('jitter by 3.6 (RFC 3550)', () => assert.equal(rfc3550JitterNs(delays), 3.59619140625));
});

describe('the 95th percentile', () => {
  for (const [count, rank] of [
    [1, 1],
    [19, 19],
    [20, 19],
    [50, 48],
    [100, 95],
  ] as const)
    test(`of ${count} delays is the ${rank}th`, () => {
      const delays = Array.from({ length: count }, (_, i) => 1000 + i + 1);
      assert.equal(pdv95Ns(delays.toReversed()), rank - 1);
    });
});

describe('the median', () => {
  for (const [count, rank] of [
    [1, 1],
    [2, 1],
    [3, 2],
    [50, 25],
    [51, 26],
  ] as const)
    test(`of ${count} delays is the ${rank}th (nearest rank)`, () => {
      const delays = Array.from({ length: count }, (_, i) => i + 1);
      assert.equal(spread(delays.toReversed())?.medianNs, rank);
    });
});

test('no delays give no spread, and variations of 0', () => {
  assert.equal(spread([]), null);
  assert.deepEqual([meanDeviationNs([]), pdv95Ns([]), rfc3550JitterNs([])], [0, 0, 0]);
});

describe('for any delays', () => {
  const delays = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });

  test('min <= mean, median <= p95 <= max, and the variations are within max − min', () => {
    fc.assert(
      fc.property(delays, (some) => {
        const { meanNs, minNs, medianNs, p95Ns, maxNs } = spread(some)!;
        const slack = 1e-6;
        assert.ok(minNs <= medianNs && medianNs <= p95Ns && p95Ns <= maxNs);
        assert.ok(minNs <= meanNs && meanNs <= maxNs + slack);
        for (const variation of [meanDeviationNs(some), pdv95Ns(some), rfc3550JitterNs(some)])
          assert.ok(variation >= 0 && variation <= maxNs - minNs + slack);
      }),
    );
  });

  test('a constant added to all, as an unknown clock does, leaves every variation as it is', () => {
    fc.assert(
      fc.property(delays, fc.integer({ min: -1e9, max: 1e9 }), (some, offset) => {
        const shifted = some.map((delay) => delay + offset);
        for (const variation of [meanDeviationNs, pdv95Ns, rfc3550JitterNs])
          assert.ok(Math.abs(variation(shifted) - variation(some)) < 1e-3);
      }),
    );
  });
});

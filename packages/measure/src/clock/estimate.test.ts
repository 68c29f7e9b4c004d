import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ClockExchange } from '../records.ts';
import { estimateClock, offsetAtNs } from './estimate.ts';
import { isPlausibleExchange, reversedExchange, roundTripNs } from './exchange.ts';
import { chanceOf } from './scene.ts';

const ms = 1e6;
const second = 1e9;

/** An exchange over a world of two clocks: the own one is true, the other shows offset + (1 + skew) · time. */
function exchange(
  at: number,
  { there, back, dwell = 50_000 }: { there: number; back: number; dwell?: number },
  { offset, skew }: { offset: number; skew: number },
): ClockExchange {
  const other = (own: number) => own + offset + skew * own;
  const arrives = at + there;
  return {
    t1Ns: at,
    t2Ns: other(arrives),
    t3Ns: other(arrives + dwell),
    t4Ns: arrives + dwell + back,
  };
}

/** As `exchange`, begun by the other side. */
function exchangeFromOther(
  at: number,
  { there, back, dwell = 50_000 }: { there: number; back: number; dwell?: number },
  { offset, skew }: { offset: number; skew: number },
): ClockExchange {
  const other = (own: number) => own + offset + skew * own;
  const arrives = at + back;
  return {
    t1Ns: other(at),
    t2Ns: arrives,
    t3Ns: arrives + dwell,
    t4Ns: other(arrives + dwell + there),
  };
}

describe('one exchange', () => {
  const clocks = { offset: 5 * second, skew: 0 };
  const span = { fromNs: 0, toNs: 1 };

  test('gives the offset, certain to half the round trip', () => {
    const estimate = estimateClock([exchange(0, { there: 10 * ms, back: 10 * ms }, clocks)], span);
    assert.ok(estimate !== null);
    assert.ok(Math.abs(offsetAtNs(estimate, 0) - 5 * second) < 100);
    assert.ok(Math.abs(estimate.errorBoundNs - 10 * ms) < 100_000);
  });

  test('is off by half the difference of its two ways, and the bound covers it', () => {
    const estimate = estimateClock([exchange(0, { there: 18 * ms, back: 2 * ms }, clocks)], span);
    assert.ok(estimate !== null);
    assert.ok(Math.abs(offsetAtNs(estimate, 0) - (5 * second + 8 * ms)) < 100_000);
    assert.ok(estimate.errorBoundNs >= 8 * ms);
  });

  test('has the same round trip from either side', () => {
    const one = exchange(0, { there: 18 * ms, back: 2 * ms, dwell: 3 * ms }, clocks);
    assert.equal(roundTripNs(one), 20 * ms);
    assert.equal(roundTripNs(reversedExchange(one)), 20 * ms);
    assert.deepEqual(reversedExchange(reversedExchange(one)), one);
  });
});

test('no exchange gives no estimate, nor does one too far away to tell', () => {
  const far = exchange(0, { there: ms, back: ms }, { offset: 0, skew: 0 });
  assert.equal(estimateClock([], { fromNs: 0, toNs: second }), null);
  assert.equal(estimateClock([far], { fromNs: 0, toNs: 1e18 }), null);
});

describe('many exchanges', () => {
  // One in five passes without queueing; the others wait up to 20 ms on either way.
  const queued = (i: number) => (i % 5 === 0 ? 0 : ((i * 7919) % 20) * ms);
  const round = (clocks: { offset: number; skew: number }) =>
    Array.from({ length: 50 }, (_, i) =>
      exchange(i * 20 * ms, { there: 4 * ms + queued(i), back: 4 * ms + queued(i + 2) }, clocks),
    );
  const span = { fromNs: 0, toNs: second };

  test('find the offset at both ends of a round within the least round trip, at 100 ppm of skew', () => {
    const clocks = { offset: -3600 * second, skew: 100e-6 };
    const estimate = estimateClock(round(clocks), span);
    assert.ok(estimate !== null);
    for (const at of [span.fromNs, span.toNs])
      assert.ok(
        Math.abs(offsetAtNs(estimate, at) - (clocks.offset + clocks.skew * at)) <= estimate.errorBoundNs,
      );
    assert.ok(estimate.errorBoundNs < 6 * ms, `${estimate.errorBoundNs}`);
  });

  test('tell the skew where the path is quick enough for it', () => {
    const clocks = { offset: 0, skew: 80e-6 };
    const quick = Array.from({ length: 50 }, (_, i) =>
      exchange(i * 20 * ms, { there: 5000, back: 5000 }, clocks),
    );
    const estimate = estimateClock(quick, span);
    assert.ok(estimate !== null);
    assert.ok(Math.abs(estimate.skew - 80e-6) < 10e-6, `${estimate.skew}`);
    // Half the round trip, and what the clocks may drift in the 20 ms after the last exchange.
    const mostNs = 5_000 + 20 * ms * (1001e-6 + 80e-6) + 200;
    assert.ok(estimate.errorBoundNs < mostNs, `${estimate.errorBoundNs}`);
  });

  test('tell the skew also where stamps are off by more than the path takes', () => {
    const clocks = { offset: 0, skew: 80e-6 };
    const chance = chanceOf(1);
    const noise = () => 10_000 * chance();
    const noisy = Array.from({ length: 50 }, (_, i) => {
      const { t1Ns, t2Ns, t3Ns, t4Ns } = exchange(i * 20 * ms, { there: 1000, back: 1000 }, clocks);
      const offNs = noise();
      return { t1Ns, t2Ns: t2Ns - offNs, t3Ns: t3Ns - offNs, t4Ns };
    });
    const estimate = estimateClock(noisy, span);
    assert.ok(estimate !== null);
    assert.ok(Math.abs(estimate.skew - 80e-6) < 15e-6, `${estimate.skew}`);
    assert.ok(Math.abs(offsetAtNs(estimate, 0)) < estimate.errorBoundNs && estimate.errorBoundNs < 50_000);
  });

  test('invent no skew: queues that empty during the round are no drift', () => {
    const emptying = Array.from({ length: 50 }, (_, i) =>
      exchange(
        i * 20 * ms,
        { there: 100_000 + (49 - i) * 20_000, back: 100_000 },
        { offset: second, skew: 0 },
      ),
    );
    const estimate = estimateClock(emptying, span);
    assert.equal(estimate?.skew, 0);
  });

  test('hold for a clock that was slewed half way', () => {
    const slewed = Array.from({ length: 50 }, (_, i) => {
      const at = i * 20 * ms;
      const offset = 300e-6 * Math.max(0, at - 500 * ms);
      return exchange(at, { there: 5000, back: 5000 }, { offset, skew: 0 });
    });
    const estimate = estimateClock(slewed, span);
    assert.ok(estimate !== null);
    for (const at of [0, second]) {
      const offset = 300e-6 * Math.max(0, at - 500 * ms);
      assert.ok(Math.abs(offsetAtNs(estimate, at) - offset) <= estimate.errorBoundNs);
    }
  });
});

describe('stamps that cannot be', () => {
  const sound = exchange(0, { there: ms, back: ms }, { offset: 0, skew: 0 });
  for (const [why, broken] of [
    ['an answer before its packet (T2 and T3 swapped)', { ...sound, t2Ns: sound.t3Ns, t3Ns: sound.t2Ns }],
    ['an arrival before the departure', { ...sound, t4Ns: sound.t1Ns - 1 }],
    ['more time at the other side than there was', { ...sound, t3Ns: sound.t3Ns + second }],
    ['a round trip of minutes', { ...sound, t4Ns: sound.t1Ns + 200 * second }],
    ['no number', { ...sound, t2Ns: Number.NaN }],
  ] as const)
    test(why, () => {
      assert.ok(isPlausibleExchange(sound));
      assert.ok(!isPlausibleExchange(broken));
    });
});

test('the true offset is within the bound: any offset of a day, any skew of 1000 ppm, any two ways', () => {
  const way = fc.integer({ min: 2000, max: 400 * ms });
  const leg = fc.record({ there: way, back: way, dwell: fc.integer({ min: 0, max: 10 * ms }) });
  const clocks = fc.record({
    offset: fc.integer({ min: -86_400 * second, max: 86_400 * second }),
    skew: fc.double({ min: -1000e-6, max: 1000e-6, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(leg, { minLength: 1, maxLength: 40 }),
      clocks,
      fc.boolean(),
      (legs, world, bothBegin) => {
        const exchanges = legs.map((one, i) =>
          bothBegin && i % 2 === 1
            ? reversedExchange(exchangeFromOther(i * 150 * ms, one, world))
            : exchange(i * 150 * ms, one, world),
        );
        const span = { fromNs: 0, toNs: 8 * second };
        const estimate = estimateClock(exchanges, span);
        assert.ok(estimate !== null);
        for (let at = span.fromNs; at <= span.toNs; at += second) {
          const error = Math.abs(offsetAtNs(estimate, at) - (world.offset + world.skew * at));
          assert.ok(error <= estimate.errorBoundNs, `off by ${error} ns, bound ${estimate.errorBoundNs}`);
        }
        const best = Math.min(...exchanges.map(roundTripNs));
        // 8 s at 1001 ppm to where the round begins or ends, and as much for the skew that is not known.
        assert.ok(estimate.errorBoundNs <= best / 2 + 2 * 1001e-6 * 10 * second + 1000);
      },
    ),
    { numRuns: 200 },
  );
});

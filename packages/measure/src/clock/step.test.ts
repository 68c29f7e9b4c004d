import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { measureDirection } from '../measurement.ts';
import { estimateRound } from './estimate.ts';
import { isPlausibleExchange } from './exchange.ts';
import { emptyClockHistory, withRound } from './history.ts';
import { ms, playRound, type Round, second, TestClock } from './scene.ts';
import { findStep } from './step.ts';

const takesNs = 10 * ms;

/** 50 probes over a path of 10 ms each way, and a clock that is set after `atMs`, in one of the two. */
function roundWithStep(atMs: number, byMs: number, of: 'sender' | 'receiver' = 'receiver'): Round {
  const clocks = { sender: new TestClock(0, 0), receiver: new TestClock(9 * second, 0) };
  clocks[of].change(atMs * ms, 0, byMs * ms);
  return playRound({ startNs: 0, ...clocks, there: () => takesNs, back: () => takesNs });
}

describe('a clock set in the middle of a round', () => {
  for (const [atMs, byMs, of, seenByMs, partOf] of [
    [305, 300, 'receiver', 300, 34],
    [305, -300, 'receiver', -300, 34],
    [705, 300, 'receiver', 300, 35],
    [705, 300, 'sender', -300, 34],
    [705, -300, 'sender', 300, 34],
    [705, 3_600_000, 'receiver', 3_600_000, 35],
    [705, -3_600_000, 'receiver', -3_600_000, 35],
  ] as const)
    test(`the ${of}'s by ${byMs} ms after ${atMs} ms is told of by the side that has more exchanges`, () => {
      const step = findStep(
        roundWithStep(atMs, byMs, of).records.exchangesBySender.filter(isPlausibleExchange),
      );
      assert.ok(step !== null && step.part !== null);
      assert.ok(Math.abs(step.stepNs / ms - seenByMs) < 1, `${step.stepNs / ms} ms`);
      assert.ok(Math.abs(step.part.length - partOf) <= 2, `${step.part.length} exchanges`);
    });

  test('leaves the delays of that side, with a bound that allows for packets that were on the way', () => {
    const { delay, clock, roundTrip, received, lossPercent } = measureDirection(
      roundWithStep(705, 300).records,
    );
    assert.deepEqual([received, lossPercent], [50, 0]);
    assert.ok(delay !== null && delay.errorBoundMs !== null && roundTrip !== null);
    assert.ok(delay.maxMs - delay.minMs < 0.01, 'the others would be 300 ms apart');
    assert.ok(Math.abs(delay.meanMs - 10) <= delay.errorBoundMs && delay.errorBoundMs < 33);
    assert.ok(Math.abs(roundTrip.maxMs - 20) < 0.01);
    // The sender's, as the receiver's sees it.
    assert.ok(Math.abs((clock?.steppedByMs ?? 0) + 300) < 1);
  });

  test('leaves nothing to remember: the next round tells of no step again', () => {
    const before = roundWithStep(0, 0).records.exchangesBySender;
    const history = withRound(emptyClockHistory, before);
    const clock = estimateRound(roundWithStep(705, 300).records.exchangesBySender, history);
    assert.deepEqual(clock?.history, emptyClockHistory);
  });

  test('by hardly more than the round trip is told, and everything made as uncertain as that', () => {
    const { delay, clock } = measureDirection(roundWithStep(505, 30).records);
    assert.ok(Math.abs((clock?.steppedByMs ?? 0) + 30) < 1);
    assert.ok(delay !== null && delay.errorBoundMs !== null);
    for (const told of [delay.minMs, delay.maxMs]) assert.ok(Math.abs(told - 10) <= delay.errorBoundMs);
  });
});

describe('stamps that contradict each other without a step', () => {
  const coarse = (grainMs: number) => {
    const { records } = roundWithStep(0, 0);
    const grain = (ns: number) => Math.floor(ns / (grainMs * ms)) * grainMs * ms;
    const quick = records.exchangesBySender.map(({ t1Ns }, i) => {
      const t2Ns = t1Ns + i * 0.37 * ms + 50_000;
      return { t1Ns: t1Ns + i * 0.37 * ms, t2Ns: grain(t2Ns), t3Ns: grain(t2Ns), t4Ns: t2Ns + 50_000 };
    });
    return { ...records, sent: [], received: [], exchangesBySender: quick };
  };

  for (const grainMs of [1, 16])
    test(`as those of a clock that counts every ${grainMs} ms, tell of none, and are that uncertain`, () => {
      const { exchangesBySender } = coarse(grainMs);
      const clock = estimateRound(exchangesBySender, emptyClockHistory);
      assert.ok(clock !== null);
      assert.equal(clock.steppedByNs, null);
      assert.deepEqual([clock.part, clock.history], [null, emptyClockHistory]);
      for (const { t1Ns } of exchangesBySender) {
        const error = Math.abs(clock.line.offsetNs + clock.line.skew * (t1Ns - clock.line.atNs));
        // What all its stamps are wrong by shows nowhere: of 50, a fiftieth or so of what they count by.
        const hiddenNs = (grainMs * ms) / 20;
        assert.ok(error <= clock.errorBoundNs(t1Ns) + hiddenNs, `${error} > ${clock.errorBoundNs(t1Ns)}`);
      }
      assert.ok(clock.errorBoundNs(0) < 3 * grainMs * ms, `${clock.errorBoundNs(0)}`);
    });

  test('as a single one that is wrong, tell of none', () => {
    const { exchangesBySender } = roundWithStep(0, 0).records;
    const wrong = exchangesBySender.map((each, i) =>
      i === 25 ? { ...each, t2Ns: each.t2Ns - second, t3Ns: each.t3Ns - second } : each,
    );
    const clock = estimateRound(wrong, emptyClockHistory);
    assert.equal(clock?.steppedByNs, null);
    assert.ok(clock !== null && clock.errorBoundNs(0) > 9 * ms);
  });
});

// The one promise: the true delay is within the bound of the one told, whatever clocks and ways do. Thousands of rounds
// in worlds made to break it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DelayFigures, type Measurement, measureRound } from '../measurement.ts';
import { emptyClockHistory } from './history.ts';
import { between, type Chance, chanceOf, ms, playRound, type Round, second, TestClock } from './scene.ts';

const worlds = 120;
const roundsEach = 12;

interface Play {
  readonly chance: Chance;
  readonly sender: TestClock;
  readonly receiver: TestClock;
  readonly startNs: number;
  readonly gapNs: number;
  /** True nanoseconds on the way of each probe; null: lost. */
  readonly there: readonly (number | null)[];
  readonly back: readonly (number | null)[];
}

/** What happens to the clocks before or in a round; returns by how much the sender's was set forward, or null. */
type Fate = (play: Play) => number | null;

/** Rounds of a world: its two ways, how far apart its clocks and its rounds are, all at random over magnitudes. */
function* rounds(
  seed: number,
  fate: Fate,
  { isQuiet = false } = {},
): Generator<{ round: Round; measurement: Measurement; setForwardNs: number | null }> {
  const chance = chanceOf(seed);
  const magnitude = (low: number, high: number) => 10 ** between(chance, low, high);
  const sender = new TestClock(0, between(chance, -500, 500));
  const receiver = new TestClock(between(chance, -1, 1) * magnitude(3, 17.5), between(chance, -500, 500));
  const [leastThereNs, leastBackNs] = [magnitude(4, 8.3), magnitude(4, 8.3)];
  const jitterNs = magnitude(3, isQuiet ? 6 : 8);
  const loss = chance() < 0.5 ? 0 : chance() * 0.5;
  const gapNs = [3.5, 5, 60, 60, 300, 900][Math.floor(chance() * 6)]! * second;
  let startNs = between(chance, 0, 1e15);
  let history = emptyClockHistory;
  for (let i = 0; i < roundsEach; i++) {
    const way = (leastNs: number) => {
      const queueNs = !isQuiet && chance() < 0.3 ? magnitude(6, 8.5) : 0;
      return Array.from({ length: 50 }, () =>
        chance() < loss ? null : leastNs - Math.log(1 - chance()) * jitterNs + queueNs * (0.5 + chance()),
      );
    };
    const [there, back] = [way(leastThereNs), way(leastBackNs)];
    const setForwardNs = fate({ chance, sender, receiver, startNs, gapNs, there, back });
    const round = playRound({
      startNs,
      sender,
      receiver,
      there: (sequence) => there[sequence]!,
      back: (sequence) => back[sequence]!,
      bothWays: chance() < 0.5,
      dwell: () => between(chance, 50_000, ms),
    });
    const measured = measureRound(round.records, history);
    history = measured.history;
    yield { round, measurement: measured.measurement, setForwardNs };
    startNs += gapNs + 3 * second;
  }
}

const drifting: Fate = ({ chance, sender, receiver, startNs, gapNs }) => {
  sender.change(startNs - gapNs / 3, between(chance, -500, 500));
  receiver.change(startNs - gapNs / 2, between(chance, -500, 500));
  // Within the round as well.
  if (chance() < 0.5) sender.change(startNs + chance() * second, between(chance, -500, 500));
  if (chance() < 0.5) receiver.change(startNs + chance() * second, between(chance, -500, 500));
  return null;
};

/** Sets one of the clocks by as much, at a moment. */
function set({ chance, sender, receiver }: Play, atNs: number, sizeNs: number): number {
  const byNs = chance() < 0.5 ? -sizeNs : sizeNs;
  const isSender = chance() < 0.5;
  (isSender ? sender : receiver).change(atNs, between(chance, -500, 500), byNs);
  return isSender ? byNs : -byNs;
}

const setBetween =
  (leastPower: number, mostPower: number): Fate =>
  (play) => {
    const { chance, startNs, gapNs } = play;
    if (chance() < 0.7) return drifting(play);
    return set(play, startNs - gapNs / 2, 10 ** between(chance, leastPower, mostPower));
  };

/** Further than any packet of the round takes there and back, while exchanges are to come that began after it. */
const setWithin: Fate = (play) => {
  const { chance, startNs, there, back } = play;
  const takesNs = there.map((way, i) => (way === null || back[i] == null ? null : way + back[i]));
  const [first, last] = [
    takesNs.findIndex((each) => each !== null),
    takesNs.findLastIndex((each) => each !== null),
  ];
  const fromNs = startNs + first * 20 * ms + (takesNs[first] ?? 0) + 2 * ms;
  const toNs = startNs + last * 20 * ms;
  if (first === last || toNs <= fromNs || chance() < 0.3) return null;
  const slowestNs = takesNs.reduce<number>((slowest, each) => Math.max(slowest, each ?? 0), 0);
  return set(play, between(chance, fromNs, toNs), slowestNs + 2 * ms + 10 ** between(chance, 5, 10));
};

function truthOf(
  delaysNs: readonly number[],
): Omit<DelayFigures, 'errorBoundMs' | 'jitterMs' | 'pdv95Ms' | 'rfc3550JitterMs'> {
  const sorted = delaysNs.map((delay) => delay / ms).sort((a, b) => a - b);
  const count = sorted.length;
  return {
    meanMs: sorted.reduce((sum, delay) => sum + delay, 0) / count,
    minMs: sorted[0]!,
    medianMs: sorted[Math.ceil(count * 0.5) - 1]!,
    p95Ms: sorted[Math.ceil(count * 0.95) - 1]!,
    maxMs: sorted.at(-1)!,
  };
}

function assertWithinBound(delay: DelayFigures, truth: Partial<DelayFigures>, where: string): void {
  const { errorBoundMs } = delay;
  if (errorBoundMs === null) return;
  for (const figure of ['meanMs', 'minMs', 'medianMs', 'p95Ms', 'maxMs'] as const) {
    const error = Math.abs(delay[figure] - truth[figure]!);
    assert.ok(error <= errorBoundMs + 1e-9, `${where}: ${figure} off by ${error}, bound ${errorBoundMs}`);
  }
}

describe('the true delays are within the bound of those told', () => {
  for (const [title, fate, options] of [
    ['with clocks that drift by up to 500 ppm, anew at any time', drifting, {}],
    ['with clocks that are set by seconds to days between rounds', setBetween(9.5, 15), {}],
    [
      'with clocks that are set by anything between rounds no slower than others',
      setBetween(3, 15),
      { isQuiet: true },
    ],
  ] as const)
    test(title, () => {
      let told = 0;
      for (let seed = 1; seed <= worlds; seed++)
        for (const { round, measurement } of rounds(seed, fate, options)) {
          const { delay } = measurement;
          if (delay === null) continue;
          if (delay.errorBoundMs !== null) told += 1;
          assertWithinBound(delay, truthOf(round.delaysNs), `world ${seed}`);
        }
      assert.ok(told > 0.95 * worlds * roundsEach, `${told} rounds with a bound`);
    });

  test('with clocks that are set in the middle of a round, by more than its packets take', () => {
    let [set, seen] = [0, 0];
    for (let seed = 1; seed <= worlds; seed++)
      for (const { round, measurement, setForwardNs } of rounds(seed, setWithin)) {
        const { delay, clock } = measurement;
        if (setForwardNs !== null) set += 1;
        if (setForwardNs !== null && clock?.steppedByMs != null) seen += 1;
        if (delay?.errorBoundMs == null) continue;
        const { minMs, maxMs } = truthOf(round.delaysNs);
        // Of which probes is told depends on where it was set: all figures are between the least and the most of all.
        for (const told of [delay.meanMs, delay.minMs, delay.medianMs, delay.p95Ms, delay.maxMs]) {
          const isWithin =
            told >= minMs - delay.errorBoundMs - 1e-9 && told <= maxMs + delay.errorBoundMs + 1e-9;
          assert.ok(
            isWithin,
            `world ${seed}: ${told} ± ${delay.errorBoundMs}, in truth ${minMs} to ${maxMs}`,
          );
        }
      }
    assert.ok(set > worlds && seen > 0.9 * set, `${seen} of ${set} told`);
  });
});

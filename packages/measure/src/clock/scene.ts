// A world of two clocks that nobody steers, and the ways between them, for tests: what both ends write down of a
// round, and what was true.

import type { DirectionRecords } from '../measurement.ts';
import type { ClockExchange, ReceivedProbe } from '../records.ts';

export const ms = 1e6;
export const second = 1e9;

/** Deterministic, from a seed: numbers from 0 to 1. */
export type Chance = () => number;

/** mulberry32 */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function between(chance: Chance, low: number, high: number): number {
  return low + (high - low) * chance();
}

/** A clock whose rate and reading may change at any moment. */
export class TestClock {
  readonly #pieces: { fromNs: number; readsNs: number; rate: number }[];

  /** `ppm` faster than true time. */
  constructor(readsNs: number, ppm: number) {
    this.#pieces = [{ fromNs: Number.NEGATIVE_INFINITY, readsNs, rate: 1 + ppm * 1e-6 }];
  }

  /** In whole nanoseconds, as a clock reads. */
  read(trueNs: number): number {
    const piece = this.#pieces.findLast(({ fromNs }) => fromNs <= trueNs)!;
    const since = trueNs - (Number.isFinite(piece.fromNs) ? piece.fromNs : 0);
    return Math.round(piece.readsNs + since * piece.rate);
  }

  /** From then on another rate, and a reading that is `stepNs` further on. */
  change(atNs: number, ppm: number, stepNs = 0): void {
    this.#pieces.push({ fromNs: atNs, readsNs: this.read(atNs) + stepNs, rate: 1 + ppm * 1e-6 });
  }
}

export interface RoundOptions {
  readonly startNs: number;
  readonly sender: TestClock;
  readonly receiver: TestClock;
  /** True nanoseconds on the way; null: lost. */
  readonly there: (sequence: number) => number | null;
  readonly back: (sequence: number) => number | null;
  /** How long the receiver holds a probe before it reflects it. @default 50 µs */
  readonly dwell?: (sequence: number) => number;
  /** @default 50 */
  readonly probes?: number;
  /** @default 20 ms */
  readonly gapNs?: number;
  /** The receiver probes as well, and the sender reflects. @default false */
  readonly bothWays?: boolean;
}

export interface Round {
  readonly records: DirectionRecords;
  /** True delays of the probes that arrived. */
  readonly delaysNs: readonly number[];
}

export function playRound(options: RoundOptions): Round {
  const { startNs, sender, receiver, there, back } = options;
  const { dwell = () => 50_000, probes = 50, gapNs = 20 * ms, bothWays = false } = options;
  const sequences = Array.from({ length: probes }, (_, sequence) => sequence);
  const leavesNs = (sequence: number) => startNs + sequence * gapNs;
  const arrivals = sequences.flatMap((sequence) => {
    const delayNs = there(sequence);
    return delayNs === null ? [] : [{ sequence, delayNs, atNs: leavesNs(sequence) + delayNs }];
  });
  const exchange = (from: TestClock, to: TestClock, sequence: number, thereNs: number, backNs: number) => {
    const arrivesNs = leavesNs(sequence) + thereNs;
    const reflectedNs = arrivesNs + dwell(sequence);
    return {
      t1Ns: from.read(leavesNs(sequence)),
      t2Ns: to.read(arrivesNs),
      t3Ns: to.read(reflectedNs),
      t4Ns: from.read(reflectedNs + backNs),
    };
  };
  const exchangesBySender = arrivals.flatMap(({ sequence, delayNs }): ClockExchange[] => {
    const backNs = back(sequence);
    return backNs === null ? [] : [exchange(sender, receiver, sequence, delayNs, backNs)];
  });
  const exchangesByReceiver = (bothWays ? sequences : []).flatMap((sequence): ClockExchange[] => {
    const [thereNs, backNs] = [back(sequence), there(sequence)];
    if (thereNs === null || backNs === null) return [];
    return [exchange(receiver, sender, sequence, thereNs, backNs)];
  });
  const received = arrivals
    .toSorted((a, b) => a.atNs - b.atNs)
    .map(
      ({ sequence, atNs }): ReceivedProbe => ({
        sequence,
        receivedAtNs: receiver.read(atNs),
        sentAtNs: sender.read(leavesNs(sequence)),
        dscp: null,
      }),
    );
  return {
    records: {
      sent: sequences.map((sequence) => ({ sequence, sentAtNs: sender.read(leavesNs(sequence)) })),
      received,
      exchangesBySender,
      exchangesByReceiver,
      lossThresholdNs: 2 * second,
    },
    delaysNs: arrivals.map(({ delayNs }) => delayNs),
  };
}

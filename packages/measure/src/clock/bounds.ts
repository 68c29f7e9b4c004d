// What exchanges say of offset(x) = other clock − own clock, x being the own clock.
//
// No packet arrives before it was sent:
//
//   a packet there   leaves at x, arrives at y on the other clock:   offset(x) <= y − x     an upper bound
//   a packet back    leaves at y on the other clock, arrives at x:   offset(x) >= y − x     a lower bound
//
// And no offset changes faster than `maxSkew`. So a bound of one moment holds at any other as well, wider by the
// time between them: it is a cone, and all upper bounds together are the lowest of their cones, everywhere.
//
//      y − x │    \   /\     /          upper bounds, as cones
//            │     \ /  \   /\  /
//            │      ·    \ /  \/
//            │            ·   ·
//            │      - - - - - - - -     offset(x) is between the two
//            │    ·          ·
//            │   / \        / \         lower bounds, as cones
//            └─────────────────────────── x

import type { ClockExchange } from '../records.ts';
import { roundTripNs } from './exchange.ts';

/**
 * How fast an offset may change: either clock is off by 500 ppm at most, the limit of NTP's frequency correction
 * (RFC 5905, MAXFREQ), and (1 + 500 ppm) / (1 − 500 ppm) is 1 + 1000.5 ppm.
 */
export const maxSkew = 1001e-6;

/** Rounding of the stamps to the packets' formats: well below. */
const stampErrorNs = 100;

/** A bound on the offset at one moment of the own clock. */
export interface Bound {
  readonly atNs: number;
  readonly offsetNs: number;
  /** Of the exchange that it comes from: the truth is no further away than this. */
  readonly roundTripNs: number;
}

/** Each in order of time, without those that another one implies. */
export interface Bounds {
  readonly upper: readonly Bound[];
  readonly lower: readonly Bound[];
}

/** All that these exchanges (plausible, begun by this side) say. */
export function boundsOf(exchanges: readonly ClockExchange[]): Bounds {
  return {
    upper: prune(exchanges.map(upperOf)),
    lower: pruneLower(exchanges.map(lowerOf)),
  };
}

/** What the packet there says. */
export function upperOf(exchange: ClockExchange): Bound {
  const { t1Ns, t2Ns } = exchange;
  return {
    atNs: t1Ns,
    offsetNs: t2Ns - t1Ns + errorOf(exchange),
    roundTripNs: roundTripNs(exchange),
  };
}

/** What the packet back says. */
export function lowerOf(exchange: ClockExchange): Bound {
  const { t3Ns, t4Ns } = exchange;
  return {
    atNs: t4Ns,
    offsetNs: t3Ns - t4Ns - errorOf(exchange),
    roundTripNs: roundTripNs(exchange),
  };
}

/** Clocks that are years apart have offsets that a number does not hold to the nanosecond. */
function errorOf({ t1Ns, t2Ns }: ClockExchange): number {
  return stampErrorNs + 4 * Number.EPSILON * Math.max(Math.abs(t1Ns), Math.abs(t2Ns));
}

/** What all of these say. */
export function joined(all: readonly Bounds[]): Bounds {
  return {
    upper: prune(all.flatMap(({ upper }) => upper)),
    lower: pruneLower(all.flatMap(({ lower }) => lower)),
  };
}

/** Counted from another origin: differences of large numbers are exact, sums with small ones are not. */
export function relativeTo({ atNs, offsetNs }: Pick<Bound, 'atNs' | 'offsetNs'>, bounds: Bounds): Bounds {
  const shifted = (bound: Bound): Bound => ({
    atNs: bound.atNs - atNs,
    offsetNs: bound.offsetNs - offsetNs,
    roundTripNs: bound.roundTripNs,
  });
  return { upper: bounds.upper.map(shifted), lower: bounds.lower.map(shifted) };
}

/** Each wider by so much. */
export function widened({ upper, lower }: Bounds, byNs: number): Bounds {
  return {
    upper: upper.map((bound) => ({ ...bound, offsetNs: bound.offsetNs + byNs })),
    lower: lower.map((bound) => ({ ...bound, offsetNs: bound.offsetNs - byNs })),
  };
}

/** Upper bounds none of whose cones lies above another's: between two neighbours only these two count. */
function prune(bounds: readonly Bound[]): Bound[] {
  const inOrder = bounds.toSorted((a, b) => a.atNs - b.atNs);
  // Towards later moments a cone rises by maxSkew; so the earlier one covers those that are not below it.
  const rising = keepBelow(inOrder, ({ atNs, offsetNs }) => offsetNs - maxSkew * (atNs - inOrder[0]!.atNs));
  const falling = keepBelow(
    rising.reverse(),
    ({ atNs, offsetNs }) => offsetNs + maxSkew * (atNs - inOrder[0]!.atNs),
  );
  return falling.reverse();
}

function pruneLower(bounds: readonly Bound[]): Bound[] {
  return mirrored(prune(mirrored(bounds)));
}

/** Lower bounds as upper ones of the offset's negative, and back. */
function mirrored(bounds: readonly Bound[]): Bound[] {
  return bounds.map((bound) => ({ ...bound, offsetNs: -bound.offsetNs }));
}

function keepBelow(bounds: readonly Bound[], height: (bound: Bound) => number): Bound[] {
  const kept: Bound[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (const bound of bounds) {
    if (height(bound) >= lowest) continue;
    lowest = height(bound);
    kept.push(bound);
  }
  return kept;
}

/** The lowest and the highest that the offset can be at a moment; infinite without bounds. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export function middle({ low, high }: Range): number {
  return (low + high) / 2;
}

/** Low above high where the bounds exclude each other. */
export function rangeAt({ upper, lower }: Bounds, atNs: number): Range {
  let range: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  for (const bound of neighbours(upper, atNs))
    range = { ...range, high: Math.min(range.high, bound.offsetNs + reach(bound, atNs)) };
  for (const bound of neighbours(lower, atNs))
    range = { ...range, low: Math.max(range.low, bound.offsetNs - reach(bound, atNs)) };
  return range;
}

/** Where the ranges of `bounds` may be widest: where the cones of two neighbours cross. */
export function crossings({ upper, lower }: Bounds): number[] {
  return [upper, mirrored(lower)].flatMap((bounds) =>
    bounds.slice(1).map((next, i) => {
      const last = bounds[i]!;
      return (last.atNs + next.atNs + (next.offsetNs - last.offsetNs) / maxSkew) / 2;
    }),
  );
}

/** By how much an upper and a lower bound exclude each other, and the slower of the two exchanges. */
export interface Conflict {
  readonly byNs: number;
  readonly roundTripNs: number;
}

/** The worst between the lower bounds of the one and the upper bounds of the other; null where all can be true. */
export function worstConflict(lower: readonly Bound[], upper: readonly Bound[]): Conflict | null {
  let worst: Conflict | null = null;
  for (const low of lower)
    for (const high of neighbours(upper, low.atNs)) {
      const byNs = low.offsetNs - high.offsetNs - reach(high, low.atNs);
      if (byNs > (worst?.byNs ?? 0))
        worst = { byNs, roundTripNs: Math.max(low.roundTripNs, high.roundTripNs) };
    }
  return worst;
}

/** How much the offset may have changed since, or until, the bound's own moment. */
function reach(bound: Bound, atNs: number): number {
  return maxSkew * Math.abs(atNs - bound.atNs);
}

/** The bounds just before and just after a moment: of pruned ones, those that count there. */
function neighbours(bounds: readonly Bound[], atNs: number): Bound[] {
  let [from, to] = [0, bounds.length];
  while (from < to) {
    const half = (from + to) >> 1;
    if (bounds[half]!.atNs <= atNs) from = half + 1;
    else to = half;
  }
  return bounds.slice(Math.max(0, from - 1), from + 1);
}

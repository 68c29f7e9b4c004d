// A clock that was set anew while a round was under way: its exchanges then tell of two offsets.

import type { ClockExchange } from '../records.ts';
import { lowerOf, maxSkew, upperOf } from './bounds.ts';
import { roundTripNs } from './exchange.ts';

/**
 * By less than this, exchanges may exclude each other without a step: by stamps of a program that was late, or of a
 * clock that counts milliseconds. No clock is set for so little: NTP slews what is below 125 ms (RFC 5905, STEPT).
 */
export const stepToleranceNs = 1e6;

export interface Step {
  /** How much further ahead the other clock was after it, about. */
  readonly stepNs: number;
  /** The exchanges on that side of it that has more of them; null where that is not certain of any. */
  readonly part: readonly ClockExchange[] | null;
  /** The part's bounds may be wrong by this: some exchanges may have been on the way when the clock was set. */
  readonly doubtNs: number;
}

/**
 * Null where there is no step that divides the exchanges, which are plausible and in order of their beginning (those
 * begun by the one side after those begun by the other): then their stamps are wrong in some other way.
 *
 * Sides are taken by what excludes the two that exclude each other most. An exchange that was on the way when its own
 * side's clock was set tells of the old offset with one packet and of the new one with the other. Where the step is
 * larger than the round trips, most such have impossible stamps, or exclude nothing. Of one that has taken a side, the
 * wrong packet excludes nothing of that side, so it is wrong by less than a packet of that side takes.
 */
export function findStep(exchanges: readonly ClockExchange[]): Step | null {
  const { ahead, behind } = mostExclusive(exchanges);
  const byNs = excludesByNs(ahead, behind);
  const slowerNs = Math.max(roundTripNs(ahead), roundTripNs(behind));
  const high: ClockExchange[] = [];
  const low: ClockExchange[] = [];
  const sides: boolean[] = [];
  for (const exchange of exchanges) {
    if (roundTripNs(exchange) > Math.max(byNs, slowerNs)) continue;
    const isHigh = excludesByNs(exchange, behind) > 0;
    const isLow = excludesByNs(ahead, exchange) > 0;
    if (isHigh && isLow) return null;
    if (isHigh) high.push(exchange);
    if (isLow) low.push(exchange);
    if (isHigh || isLow) sides.push(isHigh);
  }
  const changes = sides.filter((side, i) => i > 0 && side !== sides[i - 1]).length;
  // One in those begun by each side, and one from these to those. Their own times say little: the clock was set.
  if (changes !== 1 && changes !== 3) return null;
  const sizeNs = centreNs(ahead) - centreNs(behind);
  const stepNs = sides[0] ? -sizeNs : sizeNs;
  const part = slowerNs >= byNs ? null : high.length >= low.length ? high : low;
  return { stepNs, part, doubtNs: part === null ? 0 : doubtNs(part) };
}

/** The longest round trip, and what the offset may have changed by in that time there and back. */
function doubtNs(part: readonly ClockExchange[]): number {
  let [from, to, slowest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const exchange of part) {
    from = Math.min(from, exchange.t1Ns);
    to = Math.max(to, exchange.t4Ns);
    slowest = Math.max(slowest, roundTripNs(exchange));
  }
  return slowest + 2 * maxSkew * (to - from);
}

/** ((T2 − T1) + (T3 − T4)) / 2 (RFC 5905 §8) */
export function centreNs({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): number {
  return (t2Ns - t1Ns + (t3Ns - t4Ns)) / 2;
}

/** By how much more the other clock is ahead for the one exchange than it can be for the other. */
function excludesByNs(ahead: ClockExchange, behind: ClockExchange): number {
  const [lower, upper] = [lowerOf(ahead), upperOf(behind)];
  return lower.offsetNs - upper.offsetNs - maxSkew * Math.abs(lower.atNs - upper.atNs);
}

/** The two of which the one's lower bound is above the other's upper bound by most. */
function mostExclusive(exchanges: readonly ClockExchange[]): { ahead: ClockExchange; behind: ClockExchange } {
  // By the bounds alone: how far the two are apart in time makes a difference of maxSkew times a round.
  return {
    ahead: exchanges.reduce((most, each) => (lowerOf(each).offsetNs > lowerOf(most).offsetNs ? each : most)),
    behind: exchanges.reduce((least, each) =>
      upperOf(each).offsetNs < upperOf(least).offsetNs ? each : least,
    ),
  };
}

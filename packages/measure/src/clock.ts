// The other side's clock, seen from one's own, from packets both ways.
//
// No packet arrives before it was sent. So with x on the own clock and offset(x) = other clock − own clock:
//
//   a packet there   leaves at x, arrives at y on the other clock:   offset(x) <= y − x     an upper bound
//   a packet back    leaves at y on the other clock, arrives at x:   offset(x) >= y − x     a lower bound
//
//      y − x │   ·     ·         ·  ·            bounds from packets there
//            │ ─────.________·______________     their lower convex hull
//            │     - - - - - - - - - - - - -     offset(x): some straight line between the hulls
//            │ ‾‾‾‾‾‾‾‾‾‾·‾‾‾‾‾‾‾‾‾‾·‾‾‾‾‾‾‾     upper convex hull
//            │  ·  ·           ·      ·  ·       bounds from packets back
//            └─────────────────────────────── x
//
// Over a round two clocks differ by a line: an offset and a skew. Every line between the hulls explains what was
// seen, and only those. The estimate is one of them: level where a level line fits, for then nothing says that there
// is a skew, otherwise of the middle skew; and half way between the bounds. How far the others lie from it is its
// error. With a single exchange that is the well-known ((T2 − T1) + (T3 − T4)) / 2, ± half the round trip (RFC 5905
// §8); with many, the quickest packets each way make the bounds. A skew that the round is too short or too noisy to
// tell is not corrected, but is in the error.

import type { ClockExchange } from './records.ts';

/** A line: other clock = own + offsetNs + skew · (own − atNs). */
export interface ClockEstimate {
  /** Own clock. */
  readonly atNs: number;
  readonly offsetNs: number;
  /** Dimensionless; 1e-6 is 1 ppm, positive where the other clock is the faster one. */
  readonly skew: number;
  /** The true offset is within ± this, anywhere in the span that the estimate was made for. */
  readonly errorBoundNs: number;
}

/** A stretch of the own clock. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Either clock is off by 500 ppm at most: the limit of NTP's frequency correction (RFC 5905, MAXFREQ). */
const maxSkew = 1000e-6;

/** Rounding of the stamps to packets' formats and to numbers: well below. Also keeps equal clocks from excluding each other. */
const stampErrorNs = 100;

/** A slower exchange, or an estimate less certain, tells nothing: it is rather a stamp that is wrong. */
const maxErrorNs = 30e9;

/** T4 − T1 − (T3 − T2): the time on the way, without the time that the other side took to answer. */
export function roundTripNs({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): number {
  return t4Ns - t1Ns - (t3Ns - t2Ns);
}

/** The same two packets, seen from the other side. */
export function reversedExchange({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): ClockExchange {
  return { t1Ns: t3Ns, t2Ns: t4Ns, t3Ns: t1Ns, t4Ns: t2Ns };
}

/** Whether the stamps are in an order that can be: what fails this comes from a broken or lying peer. */
export function isPlausibleExchange(exchange: ClockExchange): boolean {
  const { t1Ns, t2Ns, t3Ns, t4Ns } = exchange;
  const roundTrip = roundTripNs(exchange);
  return t4Ns >= t1Ns && t3Ns >= t2Ns && roundTrip >= 0 && roundTrip <= 2 * maxErrorNs;
}

/** What `estimate` says that the other clock was ahead by, at `ownNs`. */
export function offsetAtNs(estimate: ClockEstimate, ownNs: number): number {
  return estimate.offsetNs + estimate.skew * (ownNs - estimate.atNs);
}

/**
 * The estimate over `span`, from exchanges begun by this side (those begun by the other go through
 * `reversedExchange`; all are to be plausible). Null without exchanges, and where they tell nothing about `span`.
 */
export function estimateClock(exchanges: readonly ClockExchange[], span: Span): ClockEstimate | null {
  const best = leastRoundTrip(exchanges);
  if (best === null) return null;
  const estimate = estimateAround(best, exchanges, span);
  return estimate.errorBoundNs <= maxErrorNs ? estimate : null;
}

function estimateAround(best: ClockExchange, exchanges: readonly ClockExchange[], span: Span): ClockEstimate {
  // From here on relative to the best exchange: the differences are small, and exact.
  const originNs = best.t1Ns;
  const originOffsetNs = exchangeOffsetNs(best);
  const bounds = exchanges.map((exchange) => boundsOf(exchange, originNs, originOffsetNs));
  const from = span.fromNs - originNs;
  const to = Math.max(span.toNs - originNs, from + 1);
  const skews = feasibleSkews(bounds);
  if (skews === null) return fromLeastRoundTrip(best, originNs, originOffsetNs, Math.max(-from, to));
  const skew = skews.low <= 0 && skews.high >= 0 ? 0 : middle(skews);
  const offsetNs = middle(offsetsOfSkew(bounds, skew, from));
  const start = offsetRange(bounds, skews, from);
  const end = offsetRange(bounds, skews, to);
  return {
    atNs: span.fromNs,
    offsetNs: originOffsetNs + offsetNs,
    skew,
    // Two lines differ nowhere between two points by more than at the worse of them.
    errorBoundNs: Math.max(farthest(start, offsetNs), farthest(end, offsetNs + skew * (to - from))),
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function middle({ low, high }: Range): number {
  return (low + high) / 2;
}

function farthest({ low, high }: Range, value: number): number {
  return Math.max(high - value, value - low);
}

/** offset(thereAt) <= high and offset(backAt) >= low, all relative to the origin. */
interface Bounds extends Range {
  readonly thereAt: number;
  readonly backAt: number;
}

function leastRoundTrip(exchanges: readonly ClockExchange[]): ClockExchange | null {
  let best: ClockExchange | null = null;
  for (const exchange of exchanges)
    if (best === null || roundTripNs(exchange) < roundTripNs(best)) best = exchange;
  return best;
}

function exchangeOffsetNs({ t1Ns, t2Ns, t3Ns, t4Ns }: ClockExchange): number {
  return (t2Ns - t1Ns + (t3Ns - t4Ns)) / 2;
}

function boundsOf(exchange: ClockExchange, originNs: number, originOffsetNs: number): Bounds {
  const { t1Ns, t2Ns, t3Ns, t4Ns } = exchange;
  return {
    thereAt: t1Ns - originNs,
    high: t2Ns - t1Ns - originOffsetNs + stampErrorNs,
    backAt: t4Ns - originNs,
    low: t3Ns - t4Ns - originOffsetNs - stampErrorNs,
  };
}

/**
 * Where no line fits, one of the clocks was slewed during the round: the best exchange alone then, with all the skew
 * that there can be as its error.
 */
function fromLeastRoundTrip(
  best: ClockExchange,
  originNs: number,
  originOffsetNs: number,
  reachNs: number,
): ClockEstimate {
  const errorBoundNs =
    roundTripNs(best) / 2 + stampErrorNs + maxSkew * (reachNs + Math.abs(best.t4Ns - best.t1Ns));
  return { atNs: originNs, offsetNs: originOffsetNs, skew: 0, errorBoundNs };
}

/** The offsets that lines of this skew between the hulls have at `at`; empty (high < low) where there are none. */
function offsetsOfSkew(bounds: readonly Bounds[], skew: number, at: number): Range {
  let high = Number.POSITIVE_INFINITY;
  let low = Number.NEGATIVE_INFINITY;
  for (const bound of bounds) {
    high = Math.min(high, bound.high + skew * (at - bound.thereAt));
    low = Math.max(low, bound.low + skew * (at - bound.backAt));
  }
  return { low, high };
}

/** The skews of all lines between the hulls: one interval, for the hulls are convex. Null where no line fits. */
function feasibleSkews(bounds: readonly Bounds[]): Range | null {
  const width = (skew: number) => {
    const { low, high } = offsetsOfSkew(bounds, skew, 0);
    return high - low;
  };
  const widest = argmaxConcave(width, { low: -maxSkew, high: maxSkew });
  if (width(widest) < 0) return null;
  const edge = (outside: number) => {
    if (width(outside) >= 0) return outside;
    let [inside, out] = [widest, outside];
    for (let step = 0; step < searchSteps; step++) {
      const between = (inside + out) / 2;
      if (width(between) >= 0) inside = between;
      else out = between;
    }
    return inside;
  };
  return { low: edge(-maxSkew), high: edge(maxSkew) };
}

/** The lowest and the highest offset at `at` of all lines between the hulls. */
function offsetRange(bounds: readonly Bounds[], skews: Range, at: number): Range {
  const highest = argmaxConcave((skew) => offsetsOfSkew(bounds, skew, at).high, skews);
  const lowest = argmaxConcave((skew) => -offsetsOfSkew(bounds, skew, at).low, skews);
  return { low: offsetsOfSkew(bounds, lowest, at).low, high: offsetsOfSkew(bounds, highest, at).high };
}

// (2/3)^80 of 2000 ppm is 2e-17: less than a nanosecond in a day.
const searchSteps = 80;

/** Where `f`, which is concave, is greatest, by ternary search. */
function argmaxConcave(f: (x: number) => number, { low, high }: Range): number {
  let [left, right] = [low, high];
  for (let step = 0; step < searchSteps; step++) {
    const third = (right - left) / 3;
    if (f(left + third) < f(right - third)) left += third;
    else right -= third;
  }
  return (left + right) / 2;
}

// The skew: straight lines below all upper and above all lower bounds. Over a time in which neither clock has changed
// its rate the offset is such a line.
//
//      y − x │   ·     ·         ·  ·
//            │ ─────.________·______________     lower convex hull of the upper bounds
//            │     - - - - - - - - - - - - -     offset(x): some straight line between the hulls
//            │ ‾‾‾‾‾‾‾‾‾‾·‾‾‾‾‾‾‾‾‾‾·‾‾‾‾‾‾‾     upper convex hull of the lower bounds
//            │  ·  ·           ·      ·  ·
//            └─────────────────────────────── x

import { type Bound, type Bounds, joined, maxSkew, middle, type Range } from './bounds.ts';

/** The corners of the hulls: whichever line keeps to these keeps to all. */
export function hullOf({ upper, lower }: Bounds): Bounds {
  return { upper: hull(upper, 1), lower: hull(lower, -1) };
}

/** The offsets that lines of this skew between the hulls have at `atNs`; empty (high < low) where there are none. */
export function offsetsOfSkew({ upper, lower }: Bounds, skew: number, atNs: number): Range {
  let high = Number.POSITIVE_INFINITY;
  let low = Number.NEGATIVE_INFINITY;
  for (const bound of upper) high = Math.min(high, bound.offsetNs + skew * (atNs - bound.atNs));
  for (const bound of lower) low = Math.max(low, bound.offsetNs + skew * (atNs - bound.atNs));
  return { low, high };
}

/**
 * Kernels stamp by the wall clock; between two readings of both clocks, that is converted to within microseconds. Over a
 * path as quick as that, no line need fit.
 */
const stampNoiseNs = 20_000;

/**
 * The skews of all lines between the hulls: one interval, for the hulls are convex. That of the line which comes nearest
 * to it where none fits by the stamps' noise; null where none fits by more.
 */
function feasibleSkews(bounds: Bounds): Range | null {
  const corners = hullOf(bounds);
  const width = (skew: number) => {
    const { low, high } = offsetsOfSkew(corners, skew, 0);
    return high - low;
  };
  const widest = argmaxConcave(width, { low: -maxSkew, high: maxSkew });
  if (width(widest) < -stampNoiseNs) return null;
  if (width(widest) < 0) return { low: widest, high: widest };
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

/** Quartz keeps within this unsteered: an interval no narrower says nothing that was not known before. */
const knownSkew = 50e-6;

/**
 * The skew of `rounds`, newest first: of as many of them as one line fits (`fitting`), for a rate that has changed since
 * tells nothing of now. The middle of those possible where they are known well enough; else none where none fits as
 * well, for then nothing says that there is a skew: queues that fill or empty in a round are no drift.
 */
export function skewOf(rounds: readonly Bounds[]): { skew: number; fitting: Bounds } {
  const { skews, fitting } = longestFit(rounds);
  if (skews === null) return { skew: 0, fitting };
  const isKnown = skews.high - skews.low <= 2 * knownSkew;
  return { skew: !isKnown && skews.low <= 0 && skews.high >= 0 ? 0 : middle(skews), fitting };
}

function longestFit(rounds: readonly Bounds[]): { skews: Range | null; fitting: Bounds } {
  const fit = (count: number) => {
    const fitting = joined(rounds.slice(0, count));
    return { skews: feasibleSkews(fitting), fitting };
  };
  const all = fit(rounds.length);
  if (all.skews !== null) return all;
  // Whatever fits more rounds fits fewer: so halving finds how many.
  let best: { skews: Range | null; fitting: Bounds } = { skews: null, fitting: joined([]) };
  let [some, tooMany] = [0, rounds.length];
  while (tooMany - some > 1) {
    const half = (some + tooMany) >> 1;
    const fitted = fit(half);
    if (fitted.skews === null) tooMany = half;
    else [some, best] = [half, fitted];
  }
  return best;
}

/** Of points in order of time; `side` 1 for the hull below them, −1 for that above. */
function hull(points: readonly Bound[], side: 1 | -1): Bound[] {
  const corners: Bound[] = [];
  for (const point of points) {
    while (corners.length >= 2 && !turns(corners.at(-2)!, corners.at(-1)!, point, side)) corners.pop();
    corners.push(point);
  }
  return corners;
}

/** Whether b is a corner on the way from a to c. */
function turns(a: Bound, b: Bound, c: Bound, side: 1 | -1): boolean {
  const rise = (b.offsetNs - a.offsetNs) * (c.atNs - b.atNs);
  return side * ((c.offsetNs - b.offsetNs) * (b.atNs - a.atNs) - rise) > 0;
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

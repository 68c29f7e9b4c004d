// The other side's clock, seen from one's own: where its offset must be in a round, and where it most likely is.

import type { ClockExchange } from '../records.ts';
import {
  type Bound,
  type Bounds,
  boundsOf,
  crossings,
  joined,
  middle,
  type Range,
  rangeAt,
  relativeTo,
  widened,
  worstConflict,
} from './bounds.ts';
import { maxErrorNs, quickestOf, roundTripNs } from './exchange.ts';
import { type ClockHistory, emptyClockHistory, withRound } from './history.ts';
import { offsetsOfSkew, skewOf } from './skew.ts';
import { centreNs, findStep, stepToleranceNs } from './step.ts';

/** A line: other clock = own + offsetNs + skew · (own − atNs). */
export interface ClockLine {
  readonly atNs: number;
  readonly offsetNs: number;
  /** Dimensionless; 1e-6 is 1 ppm, positive where the other clock is the faster one. */
  readonly skew: number;
}

export interface ClockEstimate extends ClockLine {
  /** The true offset is within ± this, anywhere in the span that the estimate was made for. */
  readonly errorBoundNs: number;
}

/** A stretch of the own clock. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** What a round's exchanges say of the other clock. */
export interface RoundClock {
  readonly line: ClockLine;
  /** By how much the other clock was set forward since the last round or in this one; null where it was not. */
  readonly steppedByNs: number | null;
  /** Where that was in this round: the exchanges of one side of it, of which alone `line` and bounds are true. */
  readonly part: readonly ClockExchange[] | null;
  /** With this round. */
  readonly history: ClockHistory;
  /** How far the true offset can be from the line's at a moment of the own clock, or anywhere in a span of it. */
  errorBoundNs(fromNs: number, toNs?: number): number;
}

/** What `line` says that the other clock was ahead by, at `ownNs`. */
export function offsetAtNs(line: ClockLine, ownNs: number): number {
  return line.offsetNs + line.skew * (ownNs - line.atNs);
}

/**
 * The estimate over `span`, from exchanges begun by this side (those begun by the other go through
 * `reversedExchange`; all are to be plausible). Null without exchanges, and where they tell nothing about `span`.
 */
export function estimateClock(exchanges: readonly ClockExchange[], span: Span): ClockEstimate | null {
  const clock = estimateRound(exchanges, emptyClockHistory);
  if (clock === null) return null;
  const errorBoundNs = clock.errorBoundNs(span.fromNs, span.toNs);
  return errorBoundNs <= maxErrorNs ? { ...clock.line, errorBoundNs } : null;
}

/** As `estimateClock`, with what earlier rounds have said. Null without exchanges. */
export function estimateRound(exchanges: readonly ClockExchange[], history: ClockHistory): RoundClock | null {
  if (exchanges.length === 0) return null;
  const { bounds, part, stepNs, isSound } = agreed(exchanges);
  // From here on relative to the best exchange: the differences are small, and exact.
  const best = quickestOf(part ?? exchanges);
  const origin = { atNs: best.t1Ns, offsetNs: centreNs(best) };
  const own = relativeTo(origin, bounds);
  const slots = history.slots.map((slot) => relativeTo(origin, slot.bounds)).reverse();
  const past = joined(slots);
  const contradictedByNs = stepNs === null ? conflictNs(own, past) : 0;
  const isRemembered = stepNs === null && contradictedByNs === 0;
  const { skew } = likeliestLine(isRemembered ? [own, ...slots] : [own]);
  const quickest = isRemembered && isSound ? narrowest(history, origin) : null;
  const isServed = quickest !== null && 2 * widthAt(quickest) < widthAt(own);
  const known = isServed ? joined([own, quickest]) : own;
  const offsetNs = isServed
    ? within(rangeAt(known, 0), likeliestLine(slots).offsetNs)
    : middle(offsetsOfSkew(own, skew, 0));
  const stepSinceNs = contradictedByNs > stepToleranceNs ? -likeliestLine(slots).offsetNs : null;
  const kept = isRemembered ? history : emptyClockHistory;
  return {
    line: { atNs: origin.atNs, offsetNs: origin.offsetNs + offsetNs, skew },
    steppedByNs: stepNs ?? stepSinceNs,
    part,
    history: isSound ? withRound(kept, exchanges) : kept,
    errorBoundNs(fromNs, toNs = fromNs) {
      const [from, to] = [fromNs - origin.atNs, toNs - origin.atNs];
      const between = to > from ? crossings(known).filter((at) => at > from && at < to) : [];
      return [from, ...between, to].reduce(
        (worst, at) => Math.max(worst, farthest(rangeAt(known, at), offsetNs + skew * at)),
        0,
      );
    },
  };
}

interface Agreed {
  readonly bounds: Bounds;
  readonly part: readonly ClockExchange[] | null;
  readonly stepNs: number | null;
  /** The exchanges do not contradict each other. */
  readonly isSound: boolean;
}

/** Bounds that do not exclude each other: of the exchanges on one side of a step, or made as wide as it takes. */
function agreed(exchanges: readonly ClockExchange[]): Agreed {
  const bounds = boundsOf(exchanges);
  const conflict = worstConflict(bounds.lower, bounds.upper);
  if (conflict === null) return { bounds, part: null, stepNs: null, isSound: true };
  const { byNs, roundTripNs: slowerNs } = conflict;
  const unsound = { part: null, stepNs: null, isSound: false };
  // The truth may be on either side, and be that far from a bound that is right.
  if (byNs <= stepToleranceNs) return { ...unsound, bounds: widened(bounds, byNs + slowerNs) };
  const step = findStep(exchanges);
  if (step === null || step.part === null)
    return { ...unsound, ...step, bounds: widened(bounds, byNs + slowestNs(exchanges)) };
  const { part, stepNs, doubtNs } = step;
  const ofPart = boundsOf(part);
  const restNs = worstConflict(ofPart.lower, ofPart.upper)?.byNs ?? 0;
  return { bounds: widened(ofPart, doubtNs + restNs), part, stepNs, isSound: false };
}

/** By how much a round and those before exclude each other; 0 where they do not. */
function conflictNs(own: Bounds, past: Bounds): number {
  const conflicts = [worstConflict(own.lower, past.upper), worstConflict(past.lower, own.upper)];
  return Math.max(...conflicts.map((conflict) => conflict?.byNs ?? 0));
}

/** What that exchange of earlier rounds says that says most of the origin, relative to it; null without any. */
function narrowest({ slots }: ClockHistory, origin: Pick<Bound, 'atNs' | 'offsetNs'>): Bounds | null {
  let best: Bounds | null = null;
  for (const { quickest } of slots) {
    const bounds = relativeTo(origin, boundsOf([quickest]));
    if (best === null || widthAt(bounds) < widthAt(best)) best = bounds;
  }
  return best;
}

/** At the origin, of `rounds`, newest first; all zeros without any. */
function likeliestLine(rounds: readonly Bounds[]): { skew: number; offsetNs: number } {
  const { skew, fitting } = skewOf(rounds);
  if (fitting.upper.length > 0) return { skew, offsetNs: middle(offsetsOfSkew(fitting, skew, 0)) };
  return { skew, offsetNs: rounds[0] === undefined ? 0 : middle(rangeAt(rounds[0], 0)) };
}

function slowestNs(exchanges: readonly ClockExchange[]): number {
  return exchanges.reduce((slowest, each) => Math.max(slowest, roundTripNs(each)), 0);
}

function widthAt(bounds: Bounds): number {
  const { low, high } = rangeAt(bounds, 0);
  return high - low;
}

function within({ low, high }: Range, value: number): number {
  return Math.min(high, Math.max(low, value));
}

function farthest({ low, high }: Range, value: number): number {
  return Math.max(high - value, value - low);
}

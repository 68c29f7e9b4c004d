// One round, one direction: from what both ends wrote down to the figures that are kept. docs/measuring.md defines
// each figure.

import { estimateRound, offsetAtNs, type RoundClock } from './clock/estimate.ts';
import { isPlausibleExchange, maxErrorNs, reversedExchange, roundTripNs } from './clock/exchange.ts';
import { type ClockHistory, emptyClockHistory } from './clock/history.ts';
import { meanDeviationNs, pdv95Ns, rfc3550JitterNs, type Spread, spread } from './delay.ts';
import { countReordered, lossPercent, mostFrequent, sortArrivals } from './loss.ts';
import type { ClockExchange, ReceivedProbe, SentProbe } from './records.ts';

export interface DirectionRecords {
  readonly sent: readonly SentProbe[];
  /** In order of arrival. */
  readonly received: readonly ReceivedProbe[];
  /** Begun by the direction's sender; usually its probes and their reflections. In order. */
  readonly exchangesBySender: readonly ClockExchange[];
  /** Begun by its receiver; usually the other direction's probes and their reflections. In order. */
  readonly exchangesByReceiver: readonly ClockExchange[];
  readonly lossThresholdNs: number;
}

/** Milliseconds are rounded to 0.001. */
export interface Measurement {
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly lossPercent: number;
  /** Null where nothing arrived that has both its times. */
  readonly delay: DelayFigures | null;
  /** Null where nothing was reflected. */
  readonly roundTrip: SpreadMs | null;
  /** What most probes had that came in time; null where the system does not tell. */
  readonly arrivedDscp: number | null;
  /** Null without an exchange. */
  readonly clock: ClockFigures | null;
}

export interface SpreadMs {
  readonly meanMs: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface DelayFigures extends SpreadMs {
  /**
   * The true mean, min, median, p95 and max are within ± this. Null without an exchange: then those figures are what
   * the delays are above the least of them.
   */
  readonly errorBoundMs: number | null;
  readonly jitterMs: number;
  readonly pdv95Ms: number;
  readonly rfc3550JitterMs: number;
}

/** The sender's clock, as the receiver's sees it. */
export interface ClockFigures {
  /** How far it was ahead at the round's first probe. */
  readonly offsetMs: number;
  /** How much faster it runs. */
  readonly skewPpm: number;
  /** By how much it was set forward against the receiver's, since the rounds before or in this one; null where not. */
  readonly steppedByMs: number | null;
}

/** Never throws, whatever the peer reported: stamps that cannot be true are left out of the delays. */
export function measureDirection(records: DirectionRecords): Measurement {
  return measureRound(records, emptyClockHistory).measurement;
}

/** As `measureDirection`, with what earlier rounds have said of the sender's clock; `history` is that with this round. */
export function measureRound(
  records: DirectionRecords,
  history: ClockHistory,
): { measurement: Measurement; history: ClockHistory } {
  const { lossThresholdNs } = records;
  const sent = new Set(records.sent.map(({ sequence }) => sequence)).size;
  const { first, duplicates } = sortArrivals(records.sent, records.received);
  const bySender = records.exchangesBySender.filter(isPlausibleExchange);
  const byReceiver = records.exchangesByReceiver.filter(isPlausibleExchange).map(reversedExchange);
  const clock = estimateRound([...bySender, ...byReceiver], history);
  const timed = first.flatMap((arrival) =>
    arrival.sentAtNs === null ? [] : [{ ...arrival, sentAtNs: arrival.sentAtNs }],
  );
  const byClock = clock === null ? null : delaysByClock(timed, clock, lossThresholdNs);
  const { delays, told, errorBoundNs } = byClock ?? delaysAboveLeast(timed, lossThresholdNs);
  // What has no delay is no late one: it came, and that is all there is to say.
  const inTime = first.filter(({ sequence }) => (delays.get(sequence) ?? 0) <= lossThresholdNs);
  const came = new Set(inTime.map(({ sequence }) => sequence));
  const part = clock?.part == null ? null : new Set(clock.part);
  const reflected = part === null ? bySender : bySender.filter((exchange) => part.has(exchange));
  return {
    measurement: {
      sent,
      received: came.size,
      late: first.length - came.size,
      duplicates,
      reordered: countReordered(
        records.received.map(({ sequence }) => sequence).filter((sequence) => came.has(sequence)),
      ),
      lossPercent: round(lossPercent(sent, came.size)),
      delay: delayFigures(
        told.map(({ delayNs }) => delayNs),
        errorBoundNs,
      ),
      roundTrip: roundTripFigures(reflected),
      arrivedDscp: mostFrequent(inTime.map(({ dscp }) => dscp)),
      clock: clock === null || byClock === null ? null : clockFigures(clock, told),
    },
    history: clock?.history ?? history,
  };
}

interface TimedArrival {
  readonly sequence: number;
  readonly sentAtNs: number;
  readonly receivedAtNs: number;
}

interface Delays {
  /** By sequence number. */
  readonly delays: ReadonlyMap<number, number>;
  /** Those that the figures are of, in order of arrival. */
  readonly told: readonly Delay[];
  readonly errorBoundNs: number | null;
}

interface Delay {
  readonly sequence: number;
  readonly sentAtNs: number;
  readonly delayNs: number;
}

/** Null where the clock tells nothing of these moments. */
function delaysByClock(
  timed: readonly TimedArrival[],
  clock: RoundClock,
  lossThresholdNs: number,
): Delays | null {
  const delays = onSideOfStep(timed, clock).map(({ sequence, sentAtNs, receivedAtNs }) => ({
    sequence,
    sentAtNs,
    delayNs: receivedAtNs - sentAtNs - offsetAtNs(clock.line, sentAtNs),
  }));
  const told = credible(delays, lossThresholdNs);
  const errorBoundNs = told.reduce((bound, { sentAtNs, delayNs }) => {
    const error = clock.errorBoundNs(sentAtNs);
    // A second of the receiver's clock is not quite one, either.
    return Math.max(bound, error + maxRateError * (Math.abs(delayNs) + error));
  }, 0);
  return errorBoundNs > maxErrorNs ? null : { delays: bySequence(delays), told, errorBoundNs };
}

/** 500 ppm at most (RFC 5905, MAXFREQ): of a true second, 1 / (1 − 500 ppm) − 1. */
const maxRateError = 501e-6;

function delaysAboveLeast(timed: readonly TimedArrival[], lossThresholdNs: number): Delays {
  const apartNs = ({ receivedAtNs, sentAtNs }: TimedArrival) => receivedAtNs - sentAtNs;
  const leastNs = timed.reduce((least, each) => Math.min(least, apartNs(each)), Number.POSITIVE_INFINITY);
  const delays = timed.map((each) => ({ ...each, delayNs: apartNs(each) - leastNs }));
  return { delays: bySequence(delays), told: credible(delays, lossThresholdNs), errorBoundNs: null };
}

/** Where a clock was set in the middle: the probes of which it is certain that they belong to the part that is told of. */
function onSideOfStep(timed: readonly TimedArrival[], { part }: RoundClock): readonly TimedArrival[] {
  if (part === null) return timed;
  const receivedAt = new Map(part.map(({ t1Ns, t2Ns }) => [t1Ns, t2Ns]));
  return timed.filter(({ sentAtNs, receivedAtNs }) => receivedAt.get(sentAtNs) === receivedAtNs);
}

/** A packet cannot arrive before it left: what is below by more than a threshold is a wrong stamp. */
function credible(delays: readonly Delay[], lossThresholdNs: number): readonly Delay[] {
  return delays.filter(({ delayNs }) => Math.abs(delayNs) <= lossThresholdNs);
}

function bySequence(delays: readonly Delay[]): ReadonlyMap<number, number> {
  return new Map(delays.map(({ sequence, delayNs }) => [sequence, delayNs]));
}

function delayFigures(delaysNs: readonly number[], errorBoundNs: number | null): DelayFigures | null {
  const figures = spread(delaysNs);
  if (figures === null) return null;
  return {
    ...inMs(figures),
    errorBoundMs: errorBoundNs === null ? null : boundMs(errorBoundNs),
    jitterMs: ms(meanDeviationNs(delaysNs)),
    pdv95Ms: ms(pdv95Ns(delaysNs)),
    rfc3550JitterMs: ms(rfc3550JitterNs(delaysNs)),
  };
}

function roundTripFigures(exchanges: readonly ClockExchange[]): SpreadMs | null {
  const figures = spread(exchanges.map(roundTripNs));
  return figures === null ? null : inMs(figures);
}

/** The estimate is of the receiver's clock on the sender's; this is of the sender's on the receiver's. */
function clockFigures({ line, steppedByNs }: RoundClock, told: readonly Delay[]): ClockFigures {
  const firstNs = told.reduce((first, { sentAtNs }) => Math.min(first, sentAtNs), Number.POSITIVE_INFINITY);
  const aheadNs = -offsetAtNs(line, told.length === 0 ? line.atNs : firstNs);
  return {
    offsetMs: ms(aheadNs),
    skewPpm: round((1 / (1 + line.skew) - 1) * 1e6),
    steppedByMs: steppedByNs === null ? null : ms(-steppedByNs),
  };
}

function inMs({ meanNs, minNs, medianNs, p95Ns, maxNs }: Spread): SpreadMs {
  return {
    meanMs: ms(meanNs),
    minMs: ms(minNs),
    medianMs: ms(medianNs),
    p95Ms: ms(p95Ns),
    maxMs: ms(maxNs),
  };
}

function ms(ns: number): number {
  return round(ns / 1e6);
}

/** Rounded up, and over the rounding of the figures that it is the bound of. */
function boundMs(ns: number): number {
  return Math.ceil((ns / 1e6 + 0.0005) * 1000) / 1000;
}

/** To 0.001, and never −0. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000 + 0;
}

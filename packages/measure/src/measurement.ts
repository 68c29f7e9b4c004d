// One round, one direction: from what both ends wrote down to the figures that are kept. docs/measuring.md defines
// each figure.

import { estimateClock, isPlausibleExchange, offsetAtNs, reversedExchange, roundTripNs } from './clock.ts';
import { least, meanDeviationNs, pdv95Ns, rfc3550JitterNs, spread } from './delay.ts';
import { type Arrival, countReordered, lossPercent, sortArrivals } from './loss.ts';
import type { ClockExchange, ReceivedProbe, SentProbe } from './records.ts';

export interface DirectionRecords {
  readonly sent: readonly SentProbe[];
  /** In order of arrival. */
  readonly received: readonly ReceivedProbe[];
  /** Begun by the direction's sender; usually its probes and their reflections. */
  readonly exchangesBySender: readonly ClockExchange[];
  /** Begun by its receiver; usually the other direction's probes and their reflections. */
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
  readonly roundTrip: { readonly meanMs: number; readonly minMs: number; readonly maxMs: number } | null;
}

export interface DelayFigures {
  readonly meanMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Null without an exchange: then mean, min and max are what the delays are above the least of them. */
  readonly errorBoundMs: number | null;
  readonly jitterMs: number;
  readonly pdv95Ms: number;
  readonly rfc3550JitterMs: number;
}

/** Never throws, whatever the peer reported: stamps that cannot be true are left out of the delays. */
export function measureDirection(records: DirectionRecords): Measurement {
  const { lossThresholdNs } = records;
  const sent = new Set(records.sent.map(({ sequence }) => sequence)).size;
  const { first, duplicates } = sortArrivals(records.sent, records.received);
  const { delays, errorBoundNs } = oneWayDelays(first, records);
  // What has no delay is no late one: it came, and that is all there is to say.
  const inTime = new Set(
    first
      .map(({ sequence }) => sequence)
      .filter((sequence) => (delays.get(sequence) ?? 0) <= lossThresholdNs),
  );
  // A packet cannot arrive before it left: what is below by more than a threshold is a wrong stamp.
  const delaysNs = [...delays.values()].filter((delay) => Math.abs(delay) <= lossThresholdNs);
  return {
    sent,
    received: inTime.size,
    late: first.length - inTime.size,
    duplicates,
    reordered: countReordered(
      records.received.map(({ sequence }) => sequence).filter((sequence) => inTime.has(sequence)),
    ),
    lossPercent: round(lossPercent(sent, inTime.size)),
    delay: delayFigures(delaysNs, errorBoundNs),
    roundTrip: roundTripFigures(records.exchangesBySender),
  };
}

/** By sequence number, in order of arrival. */
function oneWayDelays(
  first: readonly Arrival[],
  { exchangesBySender, exchangesByReceiver }: DirectionRecords,
): { delays: Map<number, number>; errorBoundNs: number | null } {
  const timed = first.flatMap(({ sequence, sentAtNs, receivedAtNs }) =>
    sentAtNs === null ? [] : [{ sequence, sentAtNs, receivedAtNs }],
  );
  const exchanges = [
    ...exchangesBySender.filter(isPlausibleExchange),
    ...exchangesByReceiver.filter(isPlausibleExchange).map(reversedExchange),
  ];
  const sentTimes = timed.map(({ sentAtNs }) => sentAtNs);
  const span = { fromNs: least(sentTimes), toNs: -least(sentTimes.map((time) => -time)) };
  const clock = timed.length === 0 ? null : estimateClock(exchanges, span);
  const apart = timed.map(({ sentAtNs, receivedAtNs }) => receivedAtNs - sentAtNs);
  const fastest = least(apart);
  const delays = new Map(
    timed.map(({ sequence, sentAtNs }, i) => [
      sequence,
      apart[i]! - (clock === null ? fastest : offsetAtNs(clock, sentAtNs)),
    ]),
  );
  return { delays, errorBoundNs: clock?.errorBoundNs ?? null };
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

function roundTripFigures(exchanges: readonly ClockExchange[]): Measurement['roundTrip'] {
  const figures = spread(exchanges.filter(isPlausibleExchange).map(roundTripNs));
  return figures === null ? null : inMs(figures);
}

function inMs({ meanNs, minNs, maxNs }: { meanNs: number; minNs: number; maxNs: number }) {
  return { meanMs: ms(meanNs), minMs: ms(minNs), maxMs: ms(maxNs) };
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

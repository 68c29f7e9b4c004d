// From a round's log to its figures. docs/measuring.md defines each; here is what a reflector of any make leaves of them.

import {
  type DelayFigures,
  estimateClock,
  type Measurement,
  measureDirection,
  offsetAtNs,
} from '@pinhole/measure';
import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import { attributeLoss, countsByItself, type LossByDirection } from './attribution.ts';
import { exchangeOf, type Passages, passagesOf, type ReflectorTimes, timesOf } from './passages.ts';
import type { Reply } from './replies.ts';
import type { SenderState } from './sender.ts';

/** TTLs that systems begin with (RFC 1700's 64, others' 128, and 255, which RFC 8762 asks for). */
const initialTtls = [64, 128, 255];

/** On a busy machine UtcClock is off by some 10 µs. */
const ownClockErrorNs = 20_000;

/** How the round was sent. */
export interface RoundContext {
  readonly target: Endpoint;
  readonly ssid: number;
  /** Of the probes; null where the system does not let us choose. */
  readonly ttl: number | null;
  /** UTC of the round's origin, nanoseconds since 1970. */
  readonly originUnixNs: bigint;
}

/** What could not be told is null. */
export interface StampReport {
  readonly target: string;
  readonly sent: number;
  /** Probes that a reply came for within the loss threshold. */
  readonly answered: number;
  /** Those whose reply came later; they are lost. */
  readonly late: number;
  /** Round trip. */
  readonly lossPercent: number;
  readonly loss: LossByDirection | null;
  readonly forward: DirectionReport;
  readonly backward: DirectionReport;
  /** Without the time that the reflector held the packets, where it tells that. */
  readonly roundTrip: Measurement['roundTrip'];
  /** The reflector's clock less ours. */
  readonly clock: { readonly offsetMs: number; readonly errorBoundMs: number } | null;
  readonly reflector: ReflectorReport | null;
  readonly unsent: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly strange: Readonly<Record<string, number>>;
}

export interface DirectionReport {
  readonly delay: DelayFigures | null;
  readonly duplicates: number | null;
  readonly reordered: number | null;
  readonly hops: number | null;
  /** What most packets arrived with. */
  readonly dscp: number | null;
}

/** What can be seen of its make. */
export interface ReflectorReport {
  /** Null where it may be either. */
  readonly stateful: boolean | null;
  readonly echoesSsid: boolean;
  readonly times: ReflectorTimes;
  readonly timestampFormat: Reply['timestampFormat'];
  readonly replyBytes: readonly number[];
  readonly followUp: boolean;
  /** Null where it does not understand the TLV. */
  readonly grantsDscp: boolean | null;
  /** Where our probes come from, as seen there. */
  readonly seesUsAs: string | null;
}

/** Never throws, whatever the reflector sent. */
export function stampReport(state: SenderState, context: RoundContext): StampReport {
  const { sentAtNs, replies, plan } = state;
  const lossThresholdNs = plan.lossThresholdMs * 1e6;
  const timely = replies.filter(
    ({ probe, receivedAtNs }) => receivedAtNs - (sentAtNs.get(probe) ?? receivedAtNs) <= lossThresholdNs,
  );
  const inTime = new Set(timely.map(({ probe }) => probe));
  const late = [...sentAtNs.keys()].filter((probe) => state.answered.has(probe) && !inTime.has(probe));
  const lost = [...sentAtNs.keys()].filter((probe) => !state.answered.has(probe));
  const reflector = replies.length === 0 ? null : reflectorReport(replies, context);
  const passages = passagesOf(timely, sentAtNs, reflector?.times ?? 'none');
  const measured = measurePassages(passages, sentAtNs, lossThresholdNs);
  const loss = attributeLoss(replies, lost, reflector?.stateful === true);
  const sent = sentAtNs.size;
  return {
    target: formatEndpoint(context.target),
    sent,
    answered: inTime.size,
    late: late.length,
    lossPercent: sent === 0 ? 0 : rounded(((sent - inTime.size) / sent) * 100),
    loss,
    forward: {
      ...measured.forward,
      hops:
        context.ttl === null
          ? null
          : mostFrequent(timely.map(({ probeTtl }) => hopsFrom(context.ttl, probeTtl))),
      dscp: mostFrequent(timely.map(({ told }) => told.classOfService?.dscp ?? null)),
    },
    backward: {
      ...measured.backward,
      hops: mostFrequent(timely.map(({ ttl }) => hopsFrom(initialTtlOf(ttl), ttl))),
      dscp: mostFrequent(timely.map(({ dscp }) => dscp)),
    },
    roundTrip: measured.roundTrip,
    clock: clockOf(passages, context.originUnixNs),
    reflector,
    unsent: Object.fromEntries(state.unsent),
    refusals: Object.fromEntries(state.refusals),
    strange: Object.fromEntries(state.strange),
  };
}

function reflectorReport(replies: readonly Reply[], { ssid }: RoundContext): ReflectorReport {
  const followUp = replies.some(({ told }) => told.followUp !== null);
  const counts = followUp || replies.some(({ told }) => told.counted !== null) || countsByItself(replies);
  const classes = replies.flatMap(({ told }) => told.classOfService ?? []);
  const source = replies.find(({ told }) => told.source !== null)?.told.source ?? null;
  return {
    stateful: counts ? true : null,
    echoesSsid: replies.every((reply) => reply.ssid === ssid),
    times: timesOf(replies),
    timestampFormat: replies[0]!.timestampFormat,
    replyBytes: [...new Set(replies.map(({ sizeBytes }) => sizeBytes))].sort((a, b) => a - b),
    followUp,
    grantsDscp: classes.length === 0 ? null : classes.every(({ granted }) => granted),
    seesUsAs: source === null ? null : formatEndpoint(source),
  };
}

function measurePassages(
  { all, originUnixNs, told }: Passages,
  sentAtNs: ReadonlyMap<number, number>,
  lossThresholdNs: number,
): {
  forward: Pick<DirectionReport, 'delay' | 'duplicates' | 'reordered'>;
  backward: Pick<DirectionReport, 'delay' | 'duplicates' | 'reordered'>;
  roundTrip: Measurement['roundTrip'];
} {
  const exchanges = all.map(exchangeOf);
  const there = measureDirection({
    sent: [...sentAtNs].map(([sequence, at]) => ({ sequence, sentAtNs: at })),
    received: all.map(({ probe, t1Ns, t2Ns }) => ({
      sequence: probe,
      receivedAtNs: t2Ns,
      sentAtNs: t1Ns,
      dscp: null,
    })),
    exchangesBySender: exchanges,
    exchangesByReceiver: [],
    lossThresholdNs,
  });
  const arrivals = all
    .flatMap(({ rank, t3Ns, receivedAtNs }) =>
      receivedAtNs.map((at) => ({ sequence: rank, receivedAtNs: at, sentAtNs: t3Ns, dscp: null })),
    )
    .sort((a, b) => a.receivedAtNs - b.receivedAtNs);
  const back = measureDirection({
    sent: all.map(({ rank, t3Ns }) => ({ sequence: rank, sentAtNs: t3Ns })),
    received: arrivals,
    exchangesBySender: [],
    exchangesByReceiver: exchanges,
    lossThresholdNs,
  });
  const figures = ({ delay, duplicates, reordered }: Measurement) => ({
    delay: originUnixNs === null ? null : delay,
    duplicates: told ? duplicates : null,
    reordered: told ? reordered : null,
  });
  return { forward: figures(there), backward: figures(back), roundTrip: there.roundTrip };
}

/** Both clocks are UTC's, as each host has it: this is how far they disagree. */
function clockOf({ all, originUnixNs }: Passages, ownOriginUnixNs: bigint): StampReport['clock'] {
  if (originUnixNs === null) return null;
  const sound = all.map(exchangeOf).filter(({ t2Ns, t3Ns }) => t3Ns >= t2Ns);
  const fromNs = Math.min(...sound.map(({ t1Ns }) => t1Ns));
  const estimate = sound.length === 0 ? null : estimateClock(sound, { fromNs, toNs: fromNs });
  if (estimate === null) return null;
  const offsetMs = Number(originUnixNs - ownOriginUnixNs) / 1e6 + offsetAtNs(estimate, fromNs) / 1e6;
  return {
    offsetMs: rounded(offsetMs),
    errorBoundMs: rounded((estimate.errorBoundNs + ownClockErrorNs) / 1e6),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function hopsFrom(initialTtl: number | null, ttl: number | null): number | null {
  return initialTtl === null || ttl === null || ttl > initialTtl ? null : initialTtl - ttl;
}

function initialTtlOf(ttl: number | null): number | null {
  return ttl === null ? null : (initialTtls.find((initial) => initial >= ttl) ?? null);
}

/** Of those that are known. */
function mostFrequent(values: readonly (number | null)[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<[number | null, number]>(
    (most, each) => (each[1] > most[1] ? each : most),
    [null, 0],
  )[0];
}

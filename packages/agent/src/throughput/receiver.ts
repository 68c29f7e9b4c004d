// The receiving of bulk packets in one direction: what counts is what arrives. Times in ms are the monotonic clock's, those
// in ns the arrivals' on the same clock.
//
//   receiving   the sender is told twice a second that its packets arrive
//   settling    the sender has said how many they were; what is under way yet has a moment to come
//
// It ends without a figure when nothing comes any more, or it takes too long, and tells the sender to stop.

import type { Throughput } from '@pinhole/contract';
import { drainLimitMs } from './sender.ts';

export interface ReceiverPlan {
  readonly durationMs: number;
  /** More than the sender may number: over UDP, where each number counts once. Null over TCP. */
  readonly packetLimit: number | null;
}

export interface ReceiverState {
  readonly plan: ReceiverPlan;
  readonly startedAtMs: number;
  /** A bit for each number that has come. */
  readonly seen: Uint8Array | null;
  first: { readonly atNs: number; readonly octets: number } | null;
  lastAtNs: number;
  octets: number;
  packets: number;
  reports: number;
  reportAtMs: number;
  /** What the sender has sent, and until when its last packets may come. */
  finish: { readonly packets: number; readonly settledAtMs: number } | null;
  isOver: boolean;
}

export type ReceiverEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'finish'; readonly packets: number }
  /** This side wants no more. */
  | { readonly kind: 'stop' };

export type ReceiverEffect =
  | { readonly kind: 'report'; readonly count: number; readonly stop: boolean }
  /** To the sender's `finish`. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'done'; readonly throughput: Throughput };

const reportGapMs = 500;
/** What was overtaken by the message that it was the last; packets are late by less as a rule. */
const settleMs = 300;
/** Longer than the sender goes on without a report, and than TCP's retransmission leaves a gap on a path that works. */
const silenceLimitMs = 5_000;

export const notMeasured: Throughput = { outcome: 'refused', reason: 'failed' };

export function startReceiver(plan: ReceiverPlan, nowMs: number): ReceiverState {
  return {
    plan,
    startedAtMs: nowMs,
    seen: plan.packetLimit === null ? null : new Uint8Array(Math.ceil(plan.packetLimit / 8)),
    first: null,
    lastAtNs: 0,
    octets: 0,
    packets: 0,
    reports: 0,
    reportAtMs: nowMs,
    finish: null,
    isOver: false,
  };
}

/** Writes down what has come. No event: it happens 100,000 times a second, and nothing follows from it at once. */
export function countArrival(state: ReceiverState, sequence: number, octets: number, atNs: number): void {
  const { plan, seen } = state;
  if (state.isOver) return;
  if (seen !== null && plan.packetLimit !== null) {
    const [at, bit] = [sequence >>> 3, 1 << (sequence & 7)];
    if (sequence >= plan.packetLimit || ((seen[at] as number) & bit) !== 0) return;
    seen[at] = (seen[at] as number) | bit;
  }
  state.first ??= { atNs, octets };
  state.lastAtNs = Math.max(state.lastAtNs, atNs);
  state.octets += octets;
  state.packets += 1;
}

/** Changes the state in place. `wakeAtMs` is null once it is over. */
export function stepReceiver(
  state: ReceiverState,
  event: ReceiverEvent,
  nowMs: number,
): { effects: ReceiverEffect[]; wakeAtMs: number | null } {
  if (state.isOver) return { effects: [], wakeAtMs: null };
  if (event.kind === 'finish') state.finish ??= { packets: event.packets, settledAtMs: nowMs + settleMs };
  const { finish } = state;
  if (event.kind === 'stop' || (finish === null && nowMs >= giveUpAtMs(state))) {
    state.isOver = true;
    const report = { kind: 'report', count: ++state.reports, stop: true } as const;
    return { effects: [report, { kind: 'done', throughput: notMeasured }], wakeAtMs: null };
  }
  if (finish !== null && nowMs >= finish.settledAtMs) {
    state.isOver = true;
    const throughput = measured(state, finish.packets);
    return { effects: [{ kind: 'answer' }, { kind: 'done', throughput }], wakeAtMs: null };
  }
  const effects: ReceiverEffect[] = [];
  if (nowMs >= state.reportAtMs) {
    effects.push({ kind: 'report', count: ++state.reports, stop: false });
    state.reportAtMs = nowMs + reportGapMs;
  }
  const endMs = finish?.settledAtMs ?? giveUpAtMs(state);
  return { effects, wakeAtMs: Math.max(nowMs, Math.min(state.reportAtMs, endMs)) };
}

function giveUpAtMs({ plan, startedAtMs, first, lastAtNs }: ReceiverState): number {
  const lastMs = first === null ? startedAtMs : Math.max(startedAtMs, lastAtNs / 1e6);
  return Math.min(startedAtMs + plan.durationMs + drainLimitMs, lastMs + silenceLimitMs);
}

/** What came with the first packet took its time before that, so it is left out of the rate. */
function measured({ first, lastAtNs, octets, packets, seen }: ReceiverState, sent: number): Throughput {
  if (first === null || lastAtNs <= first.atNs) return notMeasured;
  const durationMs = (lastAtNs - first.atNs) / 1e6;
  const lossPercent = seen === null ? null : (100 * Math.max(0, sent - packets)) / Math.max(1, sent);
  return {
    outcome: 'measured',
    bitsPerSecond: ((octets - first.octets) * 8) / (durationMs / 1000),
    durationMs,
    receivedBytes: octets,
    lossPercent,
  };
}

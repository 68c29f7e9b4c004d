// One trace: which probe leaves when, and what the answers say of the way. Pure.
//
// Probes leave a little apart, TTL by TTL, without waiting for the answer to the one before; but not further ahead of the
// furthest hop that is known than so many silent ones would end the trace. What has not been answered is asked again when
// its time is up, so that a router's probes are far apart: a Linux router answers six in a burst and then one a second to
// one destination, and common routers limit themselves likewise.

import type { TraceEnd } from '@pinhole/contract';
import { maxHops } from '@pinhole/contract';
import type { IpAddress } from '@pinhole/wire';

export interface TracePlan {
  /** Where the probes go: an address that is the peer's NAT's as well answers for what stands behind that. */
  readonly target: IpAddress;
  /** How many answers of each hop are wanted, 1 to 3: fewer where other traces ask the same hops. */
  readonly answersPerHop: number;
  /** How often a hop is asked at most, 1 to 3. */
  readonly attemptsPerHop: number;
  /** What has not been answered by then is left. */
  readonly limitMs: number;
  /** The next probe leaves when the one before has been answered, or will not be. */
  readonly oneAtATime: boolean;
}

/** What came back for a probe. */
export interface TraceAnswer {
  readonly ttl: number;
  readonly attempt: number;
  readonly roundTripMs: number;
  readonly by:
    | { readonly kind: 'peer'; readonly receivedTtl: number | null }
    /** By whoever has the target's address: its NAT, or a host without a listener. */
    | { readonly kind: 'refused' }
    | {
        readonly kind: 'expired' | 'unreachable';
        readonly address: IpAddress;
        readonly icmp: { readonly type: number; readonly code: number };
      };
}

export type TraceEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'answer'; readonly answer: TraceAnswer };

/** To be sent with this TTL; `attempt` counts from 0 for each TTL. */
export interface TraceProbe {
  readonly ttl: number;
  readonly attempt: number;
}

interface Asked {
  readonly atMs: number;
  answer: TraceAnswer | null;
}

export interface TraceState {
  readonly plan: TracePlan;
  readonly beganAtMs: number;
  /** By TTL, from 1 on. */
  readonly hops: Asked[][];
  lastSentAtMs: number;
  slowestMs: number;
  end: TraceEnd | null;
}

/** 50 probes a second: no burst for any rate limit, and 15 hops are out within 0.3 s. */
export const probeGapMs = 20;
/** So many in a row without an answer, and there will be none. */
const silentHops = 6;
/** An address that came for so many TTLs is in a loop. */
const loopAt = 3;
/** Until anything has been answered nobody knows how far away it is. */
const firstPatienceMs = 800;
const leastPatienceMs = 250;
/** The time of the furthest answer so far and a half, and for what queues on the way: the next hop is not much further. */
const patienceFor = (slowestMs: number) => Math.max(leastPatienceMs, slowestMs * 1.5 + 100);
/** Of a trace whose probes follow one another closely: three tries at the furthest hops, half a second each. */
export const traceLimitMs = 2_900;

export function startTrace(plan: TracePlan, nowMs: number): TraceState {
  return {
    plan,
    beganAtMs: nowMs,
    hops: [],
    lastSentAtMs: Number.NEGATIVE_INFINITY,
    slowestMs: 0,
    end: null,
  };
}

/** Changes the state in place. `wakeAtMs` is null once there is an end. */
export function stepTrace(
  state: TraceState,
  event: TraceEvent,
  nowMs: number,
): { probes: TraceProbe[]; wakeAtMs: number | null } {
  if (state.end !== null) return { probes: [], wakeAtMs: null };
  if (event.kind === 'answer') take(state, event.answer);
  const probes: TraceProbe[] = [];
  if (nowMs - state.beganAtMs >= state.plan.limitMs) {
    state.end = endAtLimit(state);
    return { probes, wakeAtMs: null };
  }
  const due = next(state, nowMs);
  if (due.kind === 'end') {
    state.end = due.end;
    return { probes, wakeAtMs: null };
  }
  if (due.kind === 'send' && nowMs >= state.lastSentAtMs + probeGapMs) {
    const attempts = state.hops[due.ttl - 1] ?? [];
    state.hops[due.ttl - 1] = attempts;
    probes.push({ ttl: due.ttl, attempt: attempts.length });
    attempts.push({ atMs: nowMs, answer: null });
    state.lastSentAtMs = nowMs;
  }
  const limitAtMs = state.beganAtMs + state.plan.limitMs;
  const after = next(state, nowMs);
  const wakeAtMs = after.kind === 'wait' ? after.untilMs : state.lastSentAtMs + probeGapMs;
  return { probes, wakeAtMs: Math.min(limitAtMs, Math.max(nowMs, wakeAtMs)) };
}

/** The TTL with which the peer was reached; null where it was not. */
export function reachedAt({ hops }: TraceState): number | null {
  const index = hops.findIndex((attempts) => answers(attempts).some(({ by }) => by.kind === 'peer'));
  return index < 0 ? null : index + 1;
}

export function answers(attempts: readonly Asked[] | undefined): TraceAnswer[] {
  return (attempts ?? []).flatMap(({ answer }) => (answer === null ? [] : [answer]));
}

function take(state: TraceState, answer: TraceAnswer): void {
  const asked = state.hops[answer.ttl - 1]?.[answer.attempt];
  if (asked === undefined || asked.answer !== null) return;
  asked.answer = answer;
  state.slowestMs = Math.max(state.slowestMs, answer.roundTripMs);
}

type Next =
  | { readonly kind: 'send'; readonly ttl: number }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'end'; readonly end: TraceEnd };

/** What is to be done now, or until when there is nothing. */
function next(state: TraceState, nowMs: number): Next {
  const { hops, plan } = state;
  const reached = reachedAt(state);
  const stop = reached ?? stoppedAt(state)?.ttl ?? null;
  const last = stop ?? Math.min(maxHops, furthestAnswer(state) + silentHops);
  const patienceMs = state.slowestMs === 0 ? firstPatienceMs : patienceFor(state.slowestMs);
  const openUntilMs = plan.oneAtATime ? openUntil(state, patienceMs) : nowMs;
  if (openUntilMs > nowMs) return { kind: 'wait', untilMs: openUntilMs };
  if (hops.length < last) return { kind: 'send', ttl: hops.length + 1 };
  let untilMs = Number.POSITIVE_INFINITY;
  for (let ttl = 1; ttl <= last; ttl++) {
    const attempts = hops[ttl - 1] ?? [];
    const latest = attempts.at(-1);
    const isOpen = latest?.answer === null && nowMs < latest.atMs + patienceMs;
    const wanted = answers(attempts).length < plan.answersPerHop && attempts.length < plan.attemptsPerHop;
    if (latest === undefined || !(isOpen || wanted)) continue;
    // Whatever came of the last one, the next comes when a rate limit has had time.
    const againAtMs = latest.atMs + patienceMs;
    if (wanted && nowMs >= againAtMs) return { kind: 'send', ttl };
    untilMs = Math.min(untilMs, againAtMs);
  }
  if (untilMs < Number.POSITIVE_INFINITY) return { kind: 'wait', untilMs };
  return { kind: 'end', end: reached !== null ? 'reached' : (stoppedAt(state)?.end ?? silentEnd(state)) };
}

/** Until when an answer may come to a probe that has none. */
function openUntil({ hops }: TraceState, patienceMs: number): number {
  const open = hops.flatMap((attempts) => attempts.filter(({ answer }) => answer === null));
  return open.reduce((untilMs, { atMs }) => Math.max(untilMs, atMs + patienceMs), Number.NEGATIVE_INFINITY);
}

function silentEnd(state: TraceState): TraceEnd {
  return furthestAnswer(state) + silentHops > maxHops ? 'far' : 'silent';
}

function endAtLimit(state: TraceState): TraceEnd {
  if (reachedAt(state) !== null) return 'reached';
  const isSilent = state.hops.length >= furthestAnswer(state) + silentHops;
  return stoppedAt(state)?.end ?? (isSilent ? 'silent' : 'time');
}

function furthestAnswer({ hops }: TraceState): number {
  return hops.findLastIndex((attempts) => answers(attempts).length > 0) + 1;
}

/** Where a hop has said that there is no way on, or one has come again too often. */
export function stoppedAt({
  hops,
  plan,
}: TraceState): { readonly ttl: number; readonly end: TraceEnd } | null {
  const seen = new Map<IpAddress, number>();
  for (const [i, attempts] of hops.entries()) {
    const [first] = answers(attempts);
    if (first === undefined || first.by.kind === 'peer') continue;
    if (first.by.kind === 'unreachable' || first.by.kind === 'refused')
      return { ttl: i + 1, end: 'unreachable' };
    const { address } = first.by;
    // What stands behind the peer's NAT answers by the NAT's address: that is no loop.
    if (address === plan.target) continue;
    const times = (seen.get(address) ?? 0) + 1;
    seen.set(address, times);
    if (times >= loopAt) return { ttl: i + 1, end: 'loop' };
  }
  return null;
}

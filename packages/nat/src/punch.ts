// Opening a UDP path between two agents: both send checks to each other's candidates until one is answered.
//
//   1. At the planned moment each side sends a check to every candidate; its own NAT now lets the answers in.
//   2. A check that arrives is answered to where it came from. If that place was no candidate, it is one now
//      (RFC 8445 §7.3.1.3), and is checked back at once (§7.3.1.4): the peer's NAT has just opened for it.
//   3. The source takes the first candidate that answered: the way is open in both directions. Over TCP a check that
//      arrives says the same.
//      The target goes on answering; it learns from the session which candidate was taken.
//
// Checks are authenticated before they come here.

import type { Random } from '@pinhole/net';
import { type Endpoint, sameEndpoint } from '@pinhole/wire';

export interface PunchPlan {
  readonly role: 'source' | 'target';
  /** Where the peer may be, best first. */
  readonly candidates: readonly Endpoint[];
  /** When to send first, on the monotonic clock. */
  readonly startAtMs: number;
  /** When to give up. */
  readonly deadlineMs: number;
  /** Checks travel on connections: one that arrives has come by a way that is open in both directions. @default false */
  readonly byConnection?: boolean;
}

export type PunchEvent =
  | { readonly kind: 'tick' }
  /** Where else the peer may be, to be checked from `startAtMs` on, and with `openerTtl` before, unless that is null. */
  | {
      readonly kind: 'candidates';
      readonly candidates: readonly Endpoint[];
      readonly startAtMs: number;
      readonly openerTtl: number | null;
    }
  /** A check of the peer's arrived. */
  | { readonly kind: 'check'; readonly from: Endpoint; readonly transactionId: Uint8Array }
  /** A check of ours was answered; `mapped` is where the peer saw it come from. */
  | {
      readonly kind: 'checked';
      readonly from: Endpoint;
      readonly transactionId: Uint8Array;
      readonly mapped: Endpoint;
    };

export type PunchEffect =
  | {
      readonly kind: 'send-check';
      readonly to: Endpoint;
      readonly transactionId: Uint8Array;
      /** Absent: the system's. */
      readonly ttl?: number;
    }
  | { readonly kind: 'answer-check'; readonly to: Endpoint; readonly transactionId: Uint8Array };

export type PunchOutcome =
  | {
      readonly kind: 'open';
      readonly remote: Endpoint;
      /** Our own endpoint, as the peer sees it; null where the answer to our check, which tells it, is still on its way. */
      readonly mapped: Endpoint | null;
      readonly roundTripMs: number;
    }
  | { readonly kind: 'failed'; readonly checksSent: number; readonly checksHeard: number };

export interface PunchState {
  readonly plan: PunchPlan;
  readonly candidates: readonly Candidate[];
  readonly outcome: PunchOutcome | null;
  /** Where a check of ours was answered from: the peer can be reached there, whoever says otherwise. */
  readonly confirmed: readonly Endpoint[];
  readonly checksSent: number;
  readonly checksHeard: number;
  /** -Infinity before the first check. */
  readonly lastHeardAtMs: number;
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly tries: number;
  readonly nextAtMs: number;
  /** The last checks sent to it, latest last. */
  readonly inFlight: readonly { readonly transactionId: Uint8Array; readonly sentAtMs: number }[];
}

/**
 * Gaps between the checks to one candidate. The first is short: where the first packets of both sides die at the
 * other's NAT, the second ones pass. RFC 8445 §14.2 paces at 50 ms; its RTO of 500 ms is for servers, not for a pair
 * that has just been told to begin.
 */
const gapsMs = [50, 50, 100, 200, 400, 800] as const;
/** A peer behind a NAT that moves it may show up in a new place; more than a few is no peer. RFC 8445 §6.1.2.5 bounds too. */
const maxCandidates = 16;
const maxInFlight = 8;

export function startPunch(plan: PunchPlan): PunchState {
  const candidates = plan.candidates
    .slice(0, maxCandidates)
    .map((endpoint) => newCandidate(endpoint, plan.startAtMs));
  return {
    plan,
    candidates,
    outcome: null,
    confirmed: [],
    checksSent: 0,
    checksHeard: 0,
    lastHeardAtMs: Number.NEGATIVE_INFINITY,
  };
}

/** `wakeAtMs` is null once there is an outcome and nothing more to send. */
export function stepPunch(
  state: PunchState,
  event: PunchEvent,
  nowMs: number,
  random: Random,
): { state: PunchState; effects: PunchEffect[]; wakeAtMs: number | null } {
  const effects: PunchEffect[] = [];
  let next = state;
  switch (event.kind) {
    case 'tick':
      break;
    case 'candidates':
      effects.push(...openers(event, nowMs, random));
      next = event.candidates.reduce(
        (each, candidate) => withCandidate(each, candidate, event.startAtMs),
        next,
      );
      break;
    case 'check':
      effects.push({ kind: 'answer-check', to: event.from, transactionId: event.transactionId });
      next = heard(next, event.from, nowMs);
      if (next.plan.byConnection === true) next = openedByCheck(next, event.from, nowMs, random, effects);
      break;
    case 'checked':
      next = confirmed(next, event, nowMs);
      break;
  }
  if (next.outcome === null) next = sendDue(next, nowMs, random, effects);
  return { state: next, effects, wakeAtMs: next.outcome === null ? wakeAt(next) : null };
}

/**
 * Before the moment at which both begin, a packet that dies on its way: it opens our own NAT for the peer, and does not
 * reach the peer's. Some NATs take a peer's packet that comes first for a flow of its own, and move ours to another port
 * when it follows.
 */
function openers(
  { candidates, startAtMs, openerTtl }: Extract<PunchEvent, { kind: 'candidates' }>,
  nowMs: number,
  random: Random,
): PunchEffect[] {
  if (openerTtl === null || startAtMs <= nowMs) return [];
  return candidates.map((to) => ({
    kind: 'send-check',
    to,
    transactionId: random.bytes(12),
    ttl: openerTtl,
  }));
}

function newCandidate(endpoint: Endpoint, nextAtMs: number): Candidate {
  return { endpoint, tries: 0, nextAtMs, inFlight: [] };
}

/** Where there are too many, the one that has been tried most makes room: it has had its chance. */
function withCandidate(state: PunchState, endpoint: Endpoint, nextAtMs: number): PunchState {
  const { candidates } = state;
  if (candidates.some((each) => sameEndpoint(each.endpoint, endpoint))) return state;
  const added = newCandidate(endpoint, nextAtMs);
  if (candidates.length < maxCandidates) return { ...state, candidates: [...candidates, added] };
  const leaving = candidates.reduce((most, each) => (each.tries > most.tries ? each : most));
  if (leaving.tries === 0) return state;
  return { ...state, candidates: [...candidates.filter((each) => each !== leaving), added] };
}

/** The place is a candidate and, unless a check is on its way there already, is due at once. */
function heard(state: PunchState, from: Endpoint, nowMs: number): PunchState {
  const { candidates } = withCandidate(state, from, nowMs);
  const checksHeard = state.checksHeard + 1;
  // Answering every check with a check would go on for ever; the first of each place is enough, the timer does the rest.
  const hurry = (each: Candidate) =>
    sameEndpoint(each.endpoint, from) &&
    nowMs - (each.inFlight.at(-1)?.sentAtMs ?? Number.NEGATIVE_INFINITY) >= gapsMs[0]
      ? { ...each, nextAtMs: nowMs }
      : each;
  return { ...state, checksHeard, lastHeardAtMs: nowMs, candidates: candidates.map(hurry) };
}

function confirmed(
  state: PunchState,
  event: Extract<PunchEvent, { kind: 'checked' }>,
  nowMs: number,
): PunchState {
  // An answer that is repeated says nothing new.
  if (state.outcome !== null || state.confirmed.some((each) => sameEndpoint(each, event.from))) return state;
  const candidate = state.candidates.find((each) => sameEndpoint(each.endpoint, event.from));
  const check = candidate?.inFlight.find(
    (each) => Buffer.compare(each.transactionId, event.transactionId) === 0,
  );
  // An answer from another place than was asked does not prove a way there (RFC 8445 §7.2.5.2.1).
  if (check === undefined) return state;
  const confirmed = [...state.confirmed, event.from];
  if (state.plan.role === 'target') return { ...state, confirmed };
  const outcome: PunchOutcome = {
    kind: 'open',
    remote: event.from,
    mapped: event.mapped,
    roundTripMs: nowMs - check.sentAtMs,
  };
  return { ...state, confirmed, outcome };
}

/** The source need not wait for the answer to a check of its own; but one must be on its way. */
function openedByCheck(
  state: PunchState,
  from: Endpoint,
  nowMs: number,
  random: Random,
  effects: PunchEffect[],
): PunchState {
  if (state.plan.role === 'target' || state.outcome !== null) return state;
  const next = sendDue(state, nowMs, random, effects);
  const sent = next.candidates.find((each) => sameEndpoint(each.endpoint, from))?.inFlight.at(0);
  if (sent === undefined || next.outcome !== null) return next;
  const roundTripMs = nowMs - sent.sentAtMs;
  return { ...next, outcome: { kind: 'open', remote: from, mapped: null, roundTripMs } };
}

function sendDue(state: PunchState, nowMs: number, random: Random, effects: PunchEffect[]): PunchState {
  if (nowMs >= state.plan.deadlineMs) {
    const { checksSent, checksHeard } = state;
    return { ...state, outcome: { kind: 'failed', checksSent, checksHeard } };
  }
  let { checksSent } = state;
  const candidates = state.candidates.map((candidate) => {
    if (candidate.nextAtMs > nowMs) return candidate;
    const transactionId = random.bytes(12);
    effects.push({ kind: 'send-check', to: candidate.endpoint, transactionId });
    checksSent += 1;
    const gapMs = gapsMs[Math.min(candidate.tries, gapsMs.length - 1)] as number;
    return {
      ...candidate,
      tries: candidate.tries + 1,
      nextAtMs: nowMs + gapMs,
      inFlight: [...candidate.inFlight, { transactionId, sentAtMs: nowMs }].slice(-maxInFlight),
    };
  });
  return { ...state, candidates, checksSent };
}

function wakeAt(state: PunchState): number {
  return Math.min(state.plan.deadlineMs, ...state.candidates.map((each) => each.nextAtMs));
}

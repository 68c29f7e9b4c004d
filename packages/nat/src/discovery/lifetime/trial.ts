// One trial: a mapping is made from a fresh port, left idle, and then asked for from the server's side.
//
//   making   the subject, a fresh port, sends Binding; the answer tells its public endpoint
//   idle     nothing is sent from it
//   asking   proof: an answer of the server's comes to the subject's public port. Over UDP another port, the watcher,
//            asks for it by RESPONSE-PORT (RFC 5780 §4.6), so that the subject sends nothing itself; over TCP the
//            subject asks on its connection. Control: the watcher's own Binding is answered, so that silence means
//            something
//
// The server answers the proof from where the subject has sent to, whatever the NAT's filter is.

import type { Random } from '@pinhole/net';
import type { Endpoint, Transport } from '@pinhole/wire';

export type TrialKind =
  /** A UDP mapping that is in use in both directions. */
  | 'udp'
  /** One on which nothing has come back. */
  | 'udp-unreplied'
  /** As `udp`; but while it is idle, packets come in. */
  | 'udp-inbound'
  | 'tcp';

export interface TrialPlan {
  readonly kind: TrialKind;
  readonly idleMs: number;
  /** Of `udp-inbound`: how often one comes in. */
  readonly inboundEveryMs?: number;
}

export type TrialOutcome =
  | { readonly kind: 'lived' | 'died'; readonly idleMs: number }
  /** Something else went wrong: the server, or the way there. */
  | { readonly kind: 'unclear'; readonly detail: string };

export type TrialSlot = 'subject' | 'watcher';

export interface TrialState {
  readonly plan: TrialPlan;
  /** Index into the steps of making; past them it is idle, and then asking. */
  readonly step: number;
  readonly phase: 'making' | 'idle' | 'asking';
  /** Of this step or phase, by transaction id in hex. */
  readonly asked: ReadonlyMap<string, 'made' | 'proof' | 'control'>;
  readonly tries: number;
  readonly nextAtMs: number;
  readonly subject: Endpoint | null;
  readonly watcher: Endpoint | null;
  /** When the subject last sent something, and while it is idle when something was last sent to it. */
  readonly lastSentAtMs: number;
  readonly lastInboundAtMs: number;
  /** How long it had been idle when the proof was first asked for. */
  readonly idleMs: number;
  readonly controlled: boolean;
  readonly lost: boolean;
  readonly outcome: TrialOutcome | null;
}

export type TrialEvent =
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'answer';
      readonly slot: TrialSlot;
      readonly transactionId: Uint8Array;
      readonly mapped: Endpoint;
    }
  /** The port or the connection could not be had, or the connection has ended. */
  | { readonly kind: 'lost'; readonly slot: TrialSlot; readonly detail: string };

/** Send a Binding request from there. */
export interface TrialEffect {
  readonly slot: TrialSlot;
  readonly transactionId: Uint8Array;
  readonly responsePort: number | null;
}

interface Step {
  readonly slot: TrialSlot;
  /** After the answer to the step before. */
  readonly delayMs: number;
  /** The answer goes to the watcher. */
  readonly answeredToWatcher?: boolean;
}

/** Linux counts a UDP flow as a stream, which lives longer, when it still has traffic 2 s after it began. */
const streamAfterMs = 2_500;

const making: Readonly<Record<TrialKind, readonly Step[]>> = {
  udp: [
    { slot: 'subject', delayMs: 0 },
    { slot: 'subject', delayMs: streamAfterMs },
  ],
  'udp-inbound': [
    { slot: 'subject', delayMs: 0 },
    { slot: 'subject', delayMs: streamAfterMs },
  ],
  'udp-unreplied': [
    { slot: 'watcher', delayMs: 0 },
    { slot: 'subject', delayMs: 0, answeredToWatcher: true },
  ],
  tcp: [{ slot: 'subject', delayMs: 0 }],
};

/** RFC 8489 §6.2.1: an RTO of 500 ms that doubles; a few tries, since no answer is an outcome. */
const udpWaitsMs = [500, 1_000, 1_500] as const;
/** TCP repeats by itself: after 0.2, 0.6, 1.4 and 3 s by the round trip it has measured. */
const tcpWaitsMs = [6_000] as const;

export function transportOf(kind: TrialKind): Transport {
  return kind === 'tcp' ? 'tcp' : 'udp';
}

export function startTrial(plan: TrialPlan, nowMs: number): TrialState {
  return {
    plan,
    step: 0,
    phase: 'making',
    asked: new Map(),
    tries: 0,
    nextAtMs: nowMs,
    subject: null,
    watcher: null,
    lastSentAtMs: nowMs,
    lastInboundAtMs: nowMs,
    idleMs: 0,
    controlled: false,
    lost: false,
    outcome: null,
  };
}

/** Begins with the first tick. `wakeAtMs` is null once there is an outcome. */
export function stepTrial(
  state: TrialState,
  event: TrialEvent,
  nowMs: number,
  random: Random,
): { state: TrialState; effects: TrialEffect[]; wakeAtMs: number | null } {
  const effects: TrialEffect[] = [];
  let next = take(state, event, nowMs);
  while (next.outcome === null && next.nextAtMs <= nowMs) next = act(next, nowMs, random, effects);
  return { state: next, effects, wakeAtMs: next.outcome === null ? next.nextAtMs : null };
}

function take(state: TrialState, event: TrialEvent, nowMs: number): TrialState {
  if (state.outcome !== null) return state;
  switch (event.kind) {
    case 'tick':
      return state;
    case 'lost':
      // While asking, the end of the subject's connection is an answer; the control says whether it is the NAT's.
      if (state.phase === 'asking' && event.slot === 'subject') return judged({ ...state, lost: true });
      return { ...state, outcome: { kind: 'unclear', detail: event.detail } };
    case 'answer': {
      const asked = state.asked.get(hex(event.transactionId));
      if (asked === 'made') return made(state, event, nowMs);
      if (asked === 'proof' && event.slot === 'subject' && state.phase === 'asking')
        return { ...state, outcome: { kind: 'lived', idleMs: state.idleMs } };
      if (asked !== 'control' || event.slot !== 'watcher') return state;
      if (event.mapped.address !== state.subject?.address)
        return { ...state, outcome: { kind: 'unclear', detail: 'the public address has changed' } };
      return judged({ ...state, controlled: true });
    }
  }
}

function made(
  state: TrialState,
  { mapped }: Extract<TrialEvent, { kind: 'answer' }>,
  nowMs: number,
): TrialState {
  const steps = making[state.plan.kind];
  const { slot } = steps[state.step]!;
  const known = { ...state, [slot]: mapped, asked: new Map(), tries: 0, step: state.step + 1 };
  const following = steps[known.step];
  if (following !== undefined) return { ...known, nextAtMs: nowMs + following.delayMs };
  return { ...known, phase: 'idle', lastInboundAtMs: nowMs, nextAtMs: idleUntil(known, nowMs) };
}

function idleUntil({ plan, lastSentAtMs }: TrialState, lastInboundAtMs: number): number {
  const endMs = lastSentAtMs + plan.idleMs;
  return Math.min(endMs, lastInboundAtMs + (plan.inboundEveryMs ?? Number.POSITIVE_INFINITY));
}

/** Over TCP a connection that is lost, and a server that is there: no need to wait longer. */
function judged(state: TrialState): TrialState {
  const { lost, controlled, idleMs } = state;
  return lost && controlled ? { ...state, outcome: { kind: 'died', idleMs } } : state;
}

function act(state: TrialState, nowMs: number, random: Random, effects: TrialEffect[]): TrialState {
  const { plan, phase, tries, lastSentAtMs } = state;
  const waitMs = (transportOf(plan.kind) === 'udp' ? udpWaitsMs : tcpWaitsMs)[tries];
  switch (phase) {
    case 'making': {
      if (waitMs === undefined) return { ...state, outcome: { kind: 'unclear', detail: 'no answer' } };
      const { slot, answeredToWatcher } = making[plan.kind][state.step]!;
      const responsePort = answeredToWatcher === true ? (state.watcher?.port ?? null) : null;
      const sent = ask(state, slot, 'made', responsePort, random, effects);
      return {
        ...sent,
        tries: tries + 1,
        nextAtMs: nowMs + waitMs,
        lastSentAtMs: slot === 'subject' ? nowMs : lastSentAtMs,
      };
    }
    case 'idle':
      if (nowMs >= lastSentAtMs + plan.idleMs)
        return { ...state, phase: 'asking', asked: new Map(), tries: 0, idleMs: nowMs - lastSentAtMs };
      return {
        ...ask(state, 'watcher', 'proof', state.subject?.port ?? null, random, effects),
        lastInboundAtMs: nowMs,
        nextAtMs: idleUntil(state, nowMs),
      };
    case 'asking': {
      if (waitMs === undefined) {
        const { controlled, idleMs } = state;
        const outcome: TrialOutcome = controlled
          ? { kind: 'died', idleMs }
          : { kind: 'unclear', detail: 'the server does not answer' };
        return { ...state, outcome };
      }
      const proved =
        plan.kind === 'tcp'
          ? ask(state, 'subject', 'proof', null, random, effects)
          : ask(state, 'watcher', 'proof', state.subject?.port ?? null, random, effects);
      const controlled = ask(proved, 'watcher', 'control', null, random, effects);
      return { ...controlled, tries: tries + 1, nextAtMs: nowMs + waitMs };
    }
  }
}

function ask(
  state: TrialState,
  slot: TrialSlot,
  purpose: 'made' | 'proof' | 'control',
  responsePort: number | null,
  random: Random,
  effects: TrialEffect[],
): TrialState {
  const transactionId = random.bytes(12);
  effects.push({ slot, transactionId, responsePort });
  return { ...state, asked: new Map(state.asked).set(hex(transactionId), purpose) };
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

// One round of a Session-Sender (RFC 8762 §4.2): probes at even gaps, and what came back. Changes its state in place:
// it is a log of every packet.

import type { Reply } from './replies.ts';

/** The copy of a reply comes right behind it. */
const lingerMs = 100;
/** A reflector that sends replies without end fills no memory. */
const maxRepliesPerProbe = 8;

export interface SenderPlan {
  readonly probeCount: number;
  readonly gapMs: number;
  /** A reply that takes longer counts as lost: Tmax of RFC 7680 §2.2. */
  readonly lossThresholdMs: number;
}

export interface SenderState {
  readonly plan: SenderPlan;
  readonly startedAtMs: number;
  /** By sequence number, from the round's origin: those that left, by the kernel's clock where it told. */
  readonly sentAtNs: Map<number, number>;
  /** In order of arrival. */
  readonly replies: Reply[];
  readonly answered: Set<number>;
  /** Probes that the system would not send, by reason. */
  readonly unsent: Map<string, number>;
  /** ICMP errors, by what they say. */
  readonly refusals: Map<string, number>;
  /** Packets from the target that were no replies of this round, by reason. */
  readonly strange: Map<string, number>;
  nextSequence: number;
  lastSentAtMs: number;
  allAnsweredAtMs: number | null;
  done: boolean;
}

export type SenderEvent =
  | { readonly kind: 'tick' }
  /** Ends the round at once. */
  | { readonly kind: 'stop' }
  /** By the program's clock, and then perhaps once more by the kernel's. */
  | { readonly kind: 'probe-left'; readonly sequence: number; readonly atNs: number }
  | { readonly kind: 'probe-not-sent'; readonly sequence: number; readonly reason: string }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'strange'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export type SenderEffect = { readonly kind: 'send'; readonly sequence: number } | { readonly kind: 'done' };

export function startSender(plan: SenderPlan, nowMs: number): SenderState {
  return {
    plan,
    startedAtMs: nowMs,
    sentAtNs: new Map(),
    replies: [],
    answered: new Set(),
    unsent: new Map(),
    refusals: new Map(),
    strange: new Map(),
    nextSequence: 0,
    lastSentAtMs: nowMs,
    allAnsweredAtMs: null,
    done: false,
  };
}

/** `wakeAtMs` is null once the round is done, which is told once. */
export function stepSender(
  state: SenderState,
  event: SenderEvent,
  nowMs: number,
): { effects: SenderEffect[]; wakeAtMs: number | null } {
  if (state.done) {
    // The kernel may tell of a probe once all is over, and a reply still come: neither counts any more.
    return { effects: [], wakeAtMs: null };
  }
  take(state, event, nowMs);
  if (state.done) return { effects: [{ kind: 'done' }], wakeAtMs: null };
  const effects: SenderEffect[] = [];
  const { probeCount } = state.plan;
  while (state.nextSequence < probeCount && nowMs >= departureMs(state)) {
    effects.push({ kind: 'send', sequence: state.nextSequence });
    state.nextSequence += 1;
    state.lastSentAtMs = nowMs;
  }
  const endAtMs = endMs(state);
  if (endAtMs !== null && nowMs >= endAtMs) {
    state.done = true;
    effects.push({ kind: 'done' });
    return { effects, wakeAtMs: null };
  }
  return { effects, wakeAtMs: endAtMs ?? departureMs(state) };
}

function take(state: SenderState, event: SenderEvent, nowMs: number): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'stop':
      forgetUndecided(state, nowMs);
      state.done = true;
      return;
    case 'probe-left':
      state.sentAtNs.set(event.sequence, event.atNs);
      return;
    case 'probe-not-sent':
      note(state.unsent, event.reason);
      return;
    case 'strange':
      note(state.strange, event.reason);
      return;
    case 'refused':
      note(state.refusals, event.reason);
      return;
    case 'reply':
      if (state.replies.length >= maxRepliesPerProbe * state.plan.probeCount) return;
      state.replies.push(event.reply);
      state.answered.add(event.reply.probe);
      if (state.answered.size === state.plan.probeCount) state.allAnsweredAtMs ??= nowMs;
  }
}

/** What may still be answered is neither answered nor lost. */
function forgetUndecided({ sentAtNs, answered, plan }: SenderState, nowMs: number): void {
  for (const [probe, atNs] of sentAtNs)
    if (!answered.has(probe) && nowMs - atNs / 1e6 < plan.lossThresholdMs) sentAtNs.delete(probe);
}

function departureMs({ startedAtMs, nextSequence, plan }: SenderState): number {
  return startedAtMs + nextSequence * plan.gapMs;
}

/** When nothing more is to be waited for; null while probes are still to be sent. */
function endMs({ plan, nextSequence, lastSentAtMs, allAnsweredAtMs }: SenderState): number | null {
  if (nextSequence < plan.probeCount) return null;
  const waitedMs = lastSentAtMs + plan.lossThresholdMs;
  return allAnsweredAtMs === null ? waitedMs : Math.min(waitedMs, allAnsweredAtMs + lingerMs);
}

function note(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

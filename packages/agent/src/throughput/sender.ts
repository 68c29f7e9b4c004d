// The sending of bulk packets in one direction, at a steady rate or as fast as they are taken. Times are ms of the
// monotonic clock.
//
//   sending     a few packets, then the event loop's other business, and so on until the time is over
//   finishing   the peer is told how many they were, until it answers
//
// It ends at once when the peer wants no more, or says nothing for a while: a path that broke must not be flooded.

export interface SenderPlan {
  readonly durationMs: number;
  /** Octets that count towards the rate, of each packet. */
  readonly packetBytes: number;
  /** kbit/s, so bits a ms. Null: as fast as they are taken. */
  readonly rateKbps: number | null;
}

export interface SenderState {
  readonly plan: SenderPlan;
  readonly startedAtMs: number;
  /** Packets that were given a number, and of those the ones that were taken. */
  attempted: number;
  sent: number;
  /** By how much the packets are behind their moments for good. */
  behindMs: number;
  turnAtMs: number;
  /** Until the buffer has had time to empty. */
  pausedUntilMs: number;
  /** Of the latest report. */
  arrivedCount: number;
  heardAtMs: number;
  finishAtMs: number | null;
  isOver: boolean;
}

export type SenderEvent =
  | { readonly kind: 'tick' }
  /** Follows at once each `send`; null: the way to the peer is gone. */
  | { readonly kind: 'taken'; readonly asked: number; readonly taken: number | null }
  | { readonly kind: 'arrived'; readonly count: number; readonly stop: boolean }
  /** The peer has the number of packets. */
  | { readonly kind: 'finished' };

export type SenderEffect =
  | { readonly kind: 'send'; readonly first: number; readonly count: number }
  | { readonly kind: 'finish'; readonly packets: number };

/** Between two turns: what else the event loop has to do is done here. Timers of whole ms make one of it, and of 1 ms two. */
const turnGapMs = 0.5;
/** Of one turn: so long does a probe of another session wait behind it, on a line as fast as the rate. */
const maxTurnMs = 5;
/** Of one turn: at 1 Gbit/s more than a ms of line time; a batch of system calls of about 0.3 ms. */
const maxTurnPackets = 128;
/** Of one turn over TCP, where packets are large: 256 kB. */
const maxTurnFrames = 16;
/** What a busy machine is late by, and makes up for at twice the rate; what is beyond that is left out. */
const maxLateMs = 250;
/** For a full buffer to have room again, also for others. */
const fullPauseMs = 2;
/** Four reports of the peer's. */
const silenceLimitMs = 2_000;
const finishGapMs = 500;
/** After its time: what the kernel had queued on a slow line, and the answer to the end. */
export const drainLimitMs = 10_000;

export function startSender(plan: SenderPlan, nowMs: number): SenderState {
  return {
    plan,
    startedAtMs: nowMs,
    attempted: 0,
    sent: 0,
    behindMs: 0,
    turnAtMs: nowMs - turnGapMs,
    pausedUntilMs: nowMs,
    arrivedCount: 0,
    heardAtMs: nowMs,
    finishAtMs: null,
    isOver: false,
  };
}

/** Changes the state in place. `wakeAtMs` is null once it is over. */
export function stepSender(
  state: SenderState,
  event: SenderEvent,
  nowMs: number,
): { effects: SenderEffect[]; wakeAtMs: number | null } {
  const effects: SenderEffect[] = [];
  if (state.isOver) return { effects, wakeAtMs: null };
  take(state, event, nowMs);
  const endsAtMs = state.startedAtMs + state.plan.durationMs;
  const isUnheard = nowMs >= state.heardAtMs + silenceLimitMs || nowMs >= endsAtMs + drainLimitMs;
  if (state.isOver || isUnheard) {
    state.isOver = true;
    return { effects, wakeAtMs: null };
  }
  if (nowMs < endsAtMs) {
    if (event.kind === 'tick') sendDue(state, nowMs, effects);
  } else {
    state.finishAtMs ??= nowMs;
    if (nowMs >= state.finishAtMs) {
      effects.push({ kind: 'finish', packets: state.sent });
      state.finishAtMs = nowMs + finishGapMs;
    }
  }
  return { effects, wakeAtMs: wakeAt(state, nowMs, endsAtMs) };
}

function take(state: SenderState, event: SenderEvent, nowMs: number): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'taken':
      if (event.taken === null) state.isOver = true;
      else noteTaken(state, event.asked, event.taken, nowMs);
      return;
    case 'arrived':
      if (event.stop) state.isOver = true;
      if (event.count <= state.arrivedCount) return;
      state.arrivedCount = event.count;
      state.heardAtMs = nowMs;
      return;
    case 'finished':
      if (state.finishAtMs !== null) state.isOver = true;
  }
}

function noteTaken(state: SenderState, asked: number, taken: number, nowMs: number): void {
  state.sent += taken;
  // A datagram that found no room is gone, as one lost on the way; what a connection has no room for is not made.
  state.attempted += state.plan.rateKbps === null ? taken : asked;
  if (taken < asked) state.pausedUntilMs = nowMs + fullPauseMs;
}

function sendDue(state: SenderState, nowMs: number, effects: SenderEffect[]): void {
  if (nowMs < Math.max(state.turnAtMs + turnGapMs, state.pausedUntilMs)) return;
  const count = state.plan.rateKbps === null ? maxTurnFrames : dueCount(state, nowMs);
  state.turnAtMs = nowMs;
  if (count > 0) effects.push({ kind: 'send', first: state.attempted, count });
}

function dueCount(state: SenderState, nowMs: number): number {
  const gapMs = packetGapMs(state.plan);
  const lateMs = nowMs - nextPacketMs(state);
  if (lateMs < 0) return 0;
  state.behindMs += Math.max(0, lateMs - maxLateMs);
  const due = Math.floor(Math.min(lateMs, maxLateMs) / gapMs) + 1;
  const turnMs = Math.min(maxTurnMs, 2 * (nowMs - state.turnAtMs));
  return Math.min(due, Math.max(1, Math.floor(turnMs / gapMs)), maxTurnPackets);
}

/** The next packet's moment, the next turn's, or when it is over. */
function wakeAt(state: SenderState, nowMs: number, endsAtMs: number): number {
  const { heardAtMs, finishAtMs, turnAtMs, pausedUntilMs } = state;
  const nextMs =
    finishAtMs ?? Math.min(endsAtMs, Math.max(nextPacketMs(state), turnAtMs + turnGapMs, pausedUntilMs));
  return Math.max(nowMs, Math.min(nextMs, heardAtMs + silenceLimitMs, endsAtMs + drainLimitMs));
}

/** Over TCP at once. */
function nextPacketMs({ plan, startedAtMs, behindMs, attempted }: SenderState): number {
  return plan.rateKbps === null ? startedAtMs : startedAtMs + behindMs + attempted * packetGapMs(plan);
}

/** Between the beginnings of two packets. 0 where there is no rate. */
function packetGapMs({ packetBytes, rateKbps }: SenderPlan): number {
  return (packetBytes * 8) / (rateKbps ?? Number.POSITIVE_INFINITY);
}

/** As many packets as the time has room for at the rate. */
export function packetsWithin(plan: SenderPlan & { readonly rateKbps: number }): number {
  return Math.ceil(plan.durationMs / packetGapMs(plan));
}

// What the agent asks of the server, once connected: Register over TCP and UDP, and meetings.

import type { RendezvousBody, RendezvousMessage, Transport } from '@pinhole/wire';
import { isConfirmed, keepAliveAfter, withLoss } from './losses.ts';
import type { Context, MeetBody, RegistrationState } from './state.ts';

/** Half of the 30 s after which Linux forgets a UDP mapping that has seen no answer; RFC 8445 §11 keeps alive at 15 s too. */
const udpRefreshMs = 15_000;
/** Three refreshes may be lost. */
const udpLifetimeS = 60;
/** RFC 8489 §6.2.1. */
const udpRtoMs = 500;
/** After so many without an answer the UDP endpoint counts as lost. */
const udpMaxUnanswered = 4;
/** Above the server's own 3 s for the target, half a second until it looks, and the way back. */
const meetTimeoutMs = 4_500;

export function sendRegister(
  state: RegistrationState,
  transport: Transport,
  context: Context,
): RegistrationState {
  const body = { kind: 'register', lifetimeS: udpLifetimeS, localAddresses: state.localAddresses } as const;
  const transactionId = send(state, transport, body, context);
  if (transport === 'tcp') return { ...asked(state, context), tcpTransactionId: transactionId };
  const udpUnanswered = state.udpUnanswered + 1;
  const gapMs = Math.min(udpRefreshMs, udpRtoMs * 2 ** state.udpUnanswered);
  return {
    ...state,
    udpTransactionId: transactionId,
    udpAtMs: context.nowMs + gapMs,
    udpUnanswered,
    udp: udpUnanswered > udpMaxUnanswered ? null : state.udp,
  };
}

/** A Register of ours was accepted. */
export function takeRegistered(
  state: RegistrationState,
  transport: Transport,
  { transactionId, body }: RendezvousMessage,
  { nowMs }: Context,
): RegistrationState {
  if (body.kind !== 'registered' || !isRegister(state, transport, transactionId)) return state;
  // No packet comes from port 0.
  if (body.mapped.port === 0) return state;
  const renewed = { ...state.renewed, [transport]: false };
  if (transport === 'udp') {
    return { ...state, renewed, udp: body.mapped, udpAtMs: nowMs + udpRefreshMs, udpUnanswered: 0 };
  }
  const { openLoss } = state;
  const lost = isConfirmed(openLoss, nowMs) ? openLoss : null;
  return {
    ...state,
    renewed,
    phase: 'registered',
    registeredAtMs: state.phase === 'registered' ? state.registeredAtMs : nowMs,
    tcp: body.mapped,
    losses: lost === null ? state.losses : withLoss(state.losses, lost, body.mapped.port),
    keepAliveMs: keepAliveAfter(state.keepAliveMs, lost),
    openLoss: null,
    detail: null,
    udpAtMs: nowMs,
    udpUnanswered: 0,
  };
}

/** The refused Register is sent again where a new nonce may help; null where it will not. */
export function renewRegister(
  state: RegistrationState,
  transport: Transport,
  nonce: string | null,
  context: Context,
): RegistrationState | null {
  if (nonce === null || nonce === state.nonces[transport] || state.renewed[transport]) return null;
  const nonces = { ...state.nonces, [transport]: nonce };
  const renewed = { ...state.renewed, [transport]: true };
  return sendRegister({ ...state, nonces, renewed }, transport, context);
}

/** Whether the transaction is our latest Register over `transport`. */
export function isRegister(
  { tcpTransactionId, udpTransactionId }: RegistrationState,
  transport: Transport,
  transactionId: Uint8Array,
): boolean {
  const latest = transport === 'tcp' ? tcpTransactionId : udpTransactionId;
  return latest !== null && same(latest, transactionId);
}

/** Replaces what was asked of the same session before. */
export function sendMeet(state: RegistrationState, body: MeetBody, context: Context): RegistrationState {
  const transactionId = send(state, 'tcp', body, context);
  const meet = { transactionId, body, deadlineMs: context.nowMs + meetTimeoutMs, renewed: false };
  return { ...asked(state, context), meets: [...endMeet(state, body.sessionId).meets, meet] };
}

/** Where the server's nonce has changed, the request is sent again with it; otherwise the meeting is off. */
export function takeMeetRefused(
  state: RegistrationState,
  { body, transactionId }: RendezvousMessage,
  context: Context,
): RegistrationState {
  const meet = state.meets.find((each) => same(each.transactionId, transactionId));
  if (meet === undefined || body.kind !== 'refused') return state;
  // Only who has read the request knows its transaction: the connection works.
  const heard = { ...state, heardAtMs: context.nowMs, unanswered: null };
  const others = state.meets.filter((each) => each !== meet);
  const { code, reason, nonce } = body;
  // Another meeting's refusal may have brought the new nonce already.
  if (nonce !== null && !meet.renewed) {
    const next = { ...heard, nonces: { ...state.nonces, tcp: nonce } };
    const again = { ...meet, transactionId: send(next, 'tcp', meet.body, context), renewed: true };
    return { ...asked(next, context), meets: [...others, again] };
  }
  context.effects.push({ kind: 'meet-refused', sessionId: meet.body.sessionId, code, reason });
  return { ...heard, meets: others };
}

/** The server has brought the two together. */
export function endMeet(state: RegistrationState, sessionId: Uint8Array): RegistrationState {
  return { ...state, meets: state.meets.filter((each) => !same(each.body.sessionId, sessionId)) };
}

/** Those that the server has not answered in time are off. */
export function expireMeets(state: RegistrationState, { nowMs, effects }: Context): RegistrationState {
  for (const meet of state.meets.filter((each) => nowMs >= each.deadlineMs)) {
    const reason = 'The NAT traversal server did not answer';
    effects.push({ kind: 'meet-refused', sessionId: meet.body.sessionId, code: 0, reason });
  }
  return { ...state, meets: state.meets.filter((each) => nowMs < each.deadlineMs) };
}

export function dropMeets(state: RegistrationState, reason: string, { effects }: Context): RegistrationState {
  for (const { body } of state.meets) {
    effects.push({ kind: 'meet-refused', sessionId: body.sessionId, code: 0, reason });
  }
  return { ...state, meets: [] };
}

/** Says something for the connection's sake, which has been idle. */
export function keepAlive(state: RegistrationState, context: Context): RegistrationState {
  context.effects.push({ kind: 'keep-alive', transactionId: context.random.bytes(12) });
  return asked(state, context);
}

/** The latest moment at which anything passed, in either direction. */
export function lastWordMs({ saidAtMs, heardAtMs }: RegistrationState): number {
  return Math.max(saidAtMs, heardAtMs);
}

function asked(state: RegistrationState, { nowMs }: Context): RegistrationState {
  const unanswered = state.unanswered ?? { sinceMs: nowMs, idleMs: nowMs - lastWordMs(state) };
  return { ...state, saidAtMs: nowMs, unanswered };
}

/** Answers a request of the server's. */
export function answer(
  { server }: RegistrationState,
  transactionId: Uint8Array,
  body: RendezvousBody,
  { effects }: Context,
): void {
  if (server === null) return;
  const message = { transactionId: Uint8Array.from(transactionId), body, username: null, nonce: null };
  effects.push({ kind: 'send', transport: 'tcp', to: server, message });
}

/** Sends a request of ours, and returns its transaction id. */
function send(
  state: RegistrationState,
  transport: Transport,
  body: RendezvousBody,
  context: Context,
): Uint8Array {
  const transactionId = context.random.bytes(12);
  const { server, access, nonces } = state;
  if (server === null || access === null) return transactionId;
  const message = { transactionId, body, username: access.username, nonce: nonces[transport] };
  context.effects.push({ kind: 'send', transport, to: server, message });
  return transactionId;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

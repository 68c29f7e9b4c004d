// The agent's registration with a NAT traversal server: one long-lived TCP connection from the test port, the UDP
// endpoint of the same port beside it, and meetings asked for over it (requests.ts).
//
//   idle        not wanted
//   waiting     wanted; the next attempt is due at `retryAtMs`
//   connecting  the TCP connection is on its way
//   connected   Register was sent over TCP; the answer brings the public endpoint
//   registered  kept by a word each way every few seconds, and by Register over UDP again and again
//
// Devices on the way forget a connection that is idle, and some say so only to the next packet. So it is never idle for
// long (`keepAliveMs`), and where that was too long all the same the next connection says something twice as often.

import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import type { RendezvousMessage, Transport } from '@pinhole/wire';
import { keepAliveAfter, type Loss, type OpenLoss, wasForgotten, withTrial } from './losses.ts';
import {
  answer,
  dropMeets,
  endMeet,
  expireMeets,
  isRegister,
  keepAlive,
  lastWordMs,
  renewRegister,
  sendMeet,
  sendRegister,
  takeMeetRefused,
  takeRegistered,
} from './requests.ts';
import {
  type Context,
  newRegistration,
  type RegistrationEffect,
  type RegistrationEvent,
  type RegistrationState,
  type ServerPlace,
} from './state.ts';

/** Five retransmissions, from 0.2 s on each after twice the time (RFC 6298 §5.5); Meet is answered after 3 s at most. */
const answerLimitMs = 10_000;
const registerTimeoutMs = 5_000;
const firstRetryMs = 250;
/** A third of the shortest interval's slack: a server that is back for ten seconds has its agents back. */
const maxRetryMs = 10_000;
/** While somebody waits for the registration. */
const hurriedRetryMs = 500;
/** A registration that ends sooner counts as a failed attempt: a server that drops us again and again is not hammered. */
const heldMs = 30_000;

/** `wakeAtMs` is null while only an event can bring anything. */
export function stepRegistration(
  state: RegistrationState,
  event: RegistrationEvent,
  nowMs: number,
  random: Random,
): { state: RegistrationState; effects: RegistrationEffect[]; wakeAtMs: number | null } {
  const effects: RegistrationEffect[] = [];
  const context = { nowMs, random, effects };
  let next = take(state, event, context);
  next = keep(next, context);
  if (reported(next) !== reported(state)) effects.push({ kind: 'changed' });
  return { state: next, effects, wakeAtMs: wakeAt(next) };
}

function take(state: RegistrationState, event: RegistrationEvent, context: Context): RegistrationState {
  const { nowMs, effects } = context;
  switch (event.kind) {
    case 'tick':
      return state;
    case 'access':
      return takeAccess(state, event.access, context);
    case 'hurry':
      return { ...state, retryAtMs: Math.min(state.retryAtMs, nowMs + hurriedRetryMs) };
    case 'stand-aside':
      return standAside(state, event.forMs, context);
    case 'local-addresses':
      return { ...state, localAddresses: event.localAddresses };
    case 'connected':
      if (state.phase !== 'connecting') return state;
      return sendRegister(
        { ...state, phase: 'connected', server: event.server, heardAtMs: nowMs, saidAtMs: nowMs },
        'tcp',
        context,
      );
    case 'connect-failed':
      return state.phase === 'connecting' ? retry(state, event.detail, context) : state;
    case 'disconnected':
      return state.phase === 'connected' || state.phase === 'registered'
        ? retry(state, event.detail, context, event.cut)
        : state;
    case 'message':
      return receive(state, event, context);
    case 'kept-alive':
      return heard(state, 'tcp', context);
    case 'tried':
      return { ...state, losses: withTrial(state.losses, event.losses) };
    case 'meet': {
      const { body } = event;
      if (state.phase === 'registered') return sendMeet(state, body, context);
      const reason = state.detail ?? 'Not registered with the NAT traversal server';
      effects.push({ kind: 'meet-refused', sessionId: body.sessionId, code: 0, reason });
      return state;
    }
  }
}

function takeAccess(
  state: RegistrationState,
  access: TraversalAccess | null,
  context: Context,
): RegistrationState {
  if (access === null) {
    if (state.phase === 'idle') return state;
    const left = dropMeets(state, 'NAT traversal was turned off', context);
    context.effects.push({ kind: 'disconnect' });
    const { localAddresses, keepAliveMs } = left;
    return { ...newRegistration(), localAddresses, keepAliveMs };
  }
  const moved = JSON.stringify(access.servers) !== JSON.stringify(state.access?.servers);
  if (!moved) {
    const renewed = { ...state, access };
    // The connection stays; what is signed on it changes its key with this Register.
    const resign = state.phase === 'registered' && access.username !== state.access?.username;
    return resign ? sendRegister(renewed, 'tcp', context) : renewed;
  }
  // Other servers than before: begin with the first of them.
  const left = state.phase === 'idle' ? state : retry(state, 'Other NAT traversal servers', context);
  return { ...left, access, phase: 'waiting', attempt: 0, retryAtMs: context.nowMs, detail: null };
}

function receive(
  state: RegistrationState,
  { transport, message, signed }: Extract<RegistrationEvent, { kind: 'message' }>,
  context: Context,
): RegistrationState {
  const { body, transactionId } = message;
  if (body.kind === 'refused') return refused(state, transport, message, signed, context);
  if (!signed) return state;
  if (body.kind === 'registered') {
    return takeRegistered(heard(state, transport, context), transport, message, context);
  }
  // The server asks over TCP alone: over UDP it would be a copy of what it once asked.
  if (transport === 'udp') return state;
  const { effects } = context;
  const next = heard(state, transport, context);
  switch (body.kind) {
    case 'ping':
      answer(next, transactionId, { kind: 'pong' }, context);
      return next;
    case 'invite':
      effects.push({ kind: 'invited', transactionId, invitation: body });
      return next;
    case 'start':
      effects.push({ kind: 'start', start: body });
      return endMeet(next, body.sessionId);
    default:
      return next;
  }
}

function heard(state: RegistrationState, transport: Transport, { nowMs }: Context): RegistrationState {
  return transport === 'tcp' ? { ...state, heardAtMs: nowMs, unanswered: null } : state;
}

/** A refusal may come unsigned only where it asks for (other) credentials: anybody could have sent it. */
function refused(
  state: RegistrationState,
  transport: Transport,
  message: RendezvousMessage,
  signed: boolean,
  context: Context,
): RegistrationState {
  const { body, transactionId } = message;
  if (body.kind !== 'refused') return state;
  if (body.method === 'meet') return takeMeetRefused(state, message, context);
  if (body.method !== 'register' || !isRegister(state, transport, transactionId)) return state;
  const renewed = renewRegister(state, transport, body.nonce, context);
  if (renewed !== null) return renewed;
  if (transport === 'udp') return { ...state, udp: null, renewed: { ...state.renewed, udp: false } };
  const detail = `The NAT traversal server refused: ${body.reason}${signed ? '' : ' (unsigned)'}`;
  return retry(state, detail, context);
}

/** What time alone brings. */
function keep(state: RegistrationState, context: Context): RegistrationState {
  const { nowMs, effects } = context;
  let next = state;
  if (next.phase === 'waiting' && nowMs >= next.retryAtMs) {
    const server = serverFor(next);
    if (server === null) {
      const detail = 'The collector names no NAT traversal server';
      return { ...next, retryAtMs: Number.POSITIVE_INFINITY, detail };
    }
    effects.push({ kind: 'connect', server, keepAliveMs: keepAliveAfter(next.keepAliveMs, next.openLoss) });
    next = { ...next, phase: 'connecting' };
  }
  if (next.phase === 'connected' && nowMs >= next.heardAtMs + registerTimeoutMs) {
    next = retry(next, 'The NAT traversal server did not answer Register', context);
  }
  if (next.phase === 'registered' && nowMs >= aliveUntilMs(next)) {
    const detail = `The NAT traversal server did not answer for ${answerLimitMs / 1000} s`;
    next = next.unanswered === null ? keepAlive(next, context) : retry(next, detail, context, 'silence');
  }
  if (next.phase === 'registered' && nowMs >= next.udpAtMs) next = sendRegister(next, 'udp', context);
  return expireMeets(next, context);
}

/** When the connection must say something again, or has not been answered for too long. */
function aliveUntilMs(state: RegistrationState): number {
  const { unanswered, keepAliveMs } = state;
  return unanswered === null ? lastWordMs(state) + keepAliveMs : unanswered.sinceMs + answerLimitMs;
}

/** The connection is over: everything that hung on it goes, and another attempt is planned. */
function retry(
  state: RegistrationState,
  detail: string,
  context: Context,
  cut: Loss['by'] | null = null,
): RegistrationState {
  const left = dropMeets(state, detail, context);
  if (state.phase === 'connected' || state.phase === 'registered')
    context.effects.push({ kind: 'disconnect' });
  const lost = cut === null ? left.openLoss : openLoss(left, cut, context);
  const held = state.phase === 'registered' && context.nowMs >= state.registeredAtMs + heldMs;
  // What was forgotten is no fault of the server's: it is to be had again at once.
  const attempt = held || (cut !== null && lost?.wasForgotten === true) ? 0 : state.attempt;
  const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** attempt);
  // Spread over half as much again, so that the agents of a restarted server do not come back at one moment.
  const retryAtMs = context.nowMs + waitMs + context.random.below(Math.ceil(waitMs / 2));
  const { access, localAddresses, losses, keepAliveMs } = left;
  return {
    ...newRegistration(),
    access,
    localAddresses,
    phase: 'waiting',
    attempt: attempt + 1,
    retryAtMs,
    detail,
    losses,
    keepAliveMs,
    openLoss: lost,
  };
}

function openLoss(state: RegistrationState, by: Loss['by'], { nowMs }: Context): OpenLoss | null {
  const { phase, tcp, registeredAtMs, unanswered } = state;
  if (phase !== 'registered' || tcp === null) return state.openLoss;
  return {
    of: 'registration',
    atMs: nowMs,
    by,
    livedMs: nowMs - registeredAtMs,
    idleMs: unanswered?.idleMs ?? nowMs - lastWordMs(state),
    wasForgotten: wasForgotten(unanswered),
    portBefore: tcp.port,
  };
}

function standAside(state: RegistrationState, forMs: number, { nowMs, effects }: Context): RegistrationState {
  if (state.phase !== 'waiting' && state.phase !== 'connecting') return state;
  if (state.phase === 'connecting') effects.push({ kind: 'disconnect' });
  return { ...state, phase: 'waiting', retryAtMs: nowMs + forMs };
}

/** Ports first, then servers: a firewall that blocks 9119 may let 9120 pass. */
function serverFor({ access, attempt }: RegistrationState): ServerPlace | null {
  const places = access?.servers.flatMap(({ host, ports }) => ports.map((port) => ({ host, port }))) ?? [];
  return places[attempt % places.length] ?? null;
}

function wakeAt(state: RegistrationState): number | null {
  const meets = state.meets.map((each) => each.deadlineMs);
  switch (state.phase) {
    case 'idle':
    case 'connecting':
      return null;
    case 'waiting':
      return Number.isFinite(state.retryAtMs) ? state.retryAtMs : null;
    case 'connected':
      return state.heardAtMs + registerTimeoutMs;
    case 'registered':
      return Math.min(state.udpAtMs, aliveUntilMs(state), ...meets);
  }
}

/** What others may want to know of: a text that changes when it does. */
function reported({ phase, tcp, udp, detail, losses }: RegistrationState): string {
  return JSON.stringify([phase === 'idle', phase === 'registered', tcp, udp, detail, losses.length]);
}

// The agent's registration with a NAT traversal server: one long-lived TCP connection from the test port, the UDP
// endpoint of the same port beside it, and meetings asked for over it (requests.ts).
//
//   idle        not wanted
//   waiting     wanted; the next attempt is due at `retryAtMs`
//   connecting  the TCP connection is on its way
//   connected   Register was sent over TCP; the answer brings the public endpoint
//   registered  kept by the server's pings and by Register over UDP again and again

import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import type { RendezvousMessage, Transport } from '@pinhole/wire';
import type { Loss, OpenLoss } from './losses.ts';
import {
  answer,
  dropMeets,
  endMeet,
  expireMeets,
  isRegister,
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

/** The server pings every 20 s: two may be late. */
const silenceLimitMs = 55_000;
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
        { ...state, phase: 'connected', server: event.server, heardAtMs: nowMs },
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
    return { ...newRegistration(), localAddresses: left.localAddresses };
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
  return transport === 'tcp' ? { ...state, heardAtMs: nowMs } : state;
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
    effects.push({ kind: 'connect', server });
    next = { ...next, phase: 'connecting' };
  }
  if (next.phase === 'connected' && nowMs >= next.heardAtMs + registerTimeoutMs) {
    next = retry(next, 'The NAT traversal server did not answer Register', context);
  }
  if (next.phase === 'registered' && nowMs >= next.heardAtMs + silenceLimitMs) {
    const detail = `The NAT traversal server was silent for ${silenceLimitMs / 1000} s`;
    next = retry(next, detail, context, 'silence');
  }
  if (next.phase === 'registered' && nowMs >= next.udpAtMs) next = sendRegister(next, 'udp', context);
  return expireMeets(next, context);
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
  const held = state.phase === 'registered' && context.nowMs >= state.registeredAtMs + heldMs;
  const attempt = held ? 0 : state.attempt;
  const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** attempt);
  // Spread over half as much again, so that the agents of a restarted server do not come back at one moment.
  const retryAtMs = context.nowMs + waitMs + context.random.below(Math.ceil(waitMs / 2));
  const { access, localAddresses, losses } = left;
  return {
    ...newRegistration(),
    access,
    localAddresses,
    phase: 'waiting',
    attempt: attempt + 1,
    retryAtMs,
    detail,
    losses,
    openLoss: cut === null ? left.openLoss : openLoss(left, cut, context),
  };
}

function openLoss(
  { phase, tcp, registeredAtMs, heardAtMs, openLoss: earlier }: RegistrationState,
  by: Loss['by'],
  { nowMs }: Context,
): OpenLoss | null {
  if (phase !== 'registered' || tcp === null) return earlier;
  const livedMs = nowMs - registeredAtMs;
  return { atMs: nowMs, by, livedMs, idleMs: nowMs - heardAtMs, portBefore: tcp.port };
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
      return Math.min(state.udpAtMs, state.heardAtMs + silenceLimitMs, ...meets);
  }
}

/** What others may want to know of: a text that changes when it does. */
function reported({ phase, tcp, udp, detail }: RegistrationState): string {
  return JSON.stringify([phase === 'idle', phase === 'registered', tcp, udp, detail]);
}

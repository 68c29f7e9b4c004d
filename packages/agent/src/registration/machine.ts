// The agent's registration with a NAT traversal server: one long-lived TCP connection from the test port, the UDP
// endpoint of the same port beside it, and meetings asked for over it.
//
//   idle        not wanted
//   waiting     wanted; the next attempt is due at `retryAtMs`
//   connecting  the TCP connection is on its way
//   connected   Register was sent over TCP; the answer brings the public endpoint
//   registered  kept by the server's pings and by Register over UDP every udpRefreshMs

import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import type { Endpoint, RendezvousBody, RendezvousMessage, Transport } from '@pinhole/wire';

/** A server as it is configured: a name or address, and one of its ports. */
export interface ServerPlace {
  /** Null stands for the collector's host. */
  readonly host: string | null;
  readonly port: number;
}

export type RegistrationEvent =
  | { readonly kind: 'tick' }
  /** What the collector gave; null where no registration is wanted. */
  | { readonly kind: 'access'; readonly access: TraversalAccess | null }
  | { readonly kind: 'local-addresses'; readonly localAddresses: readonly Endpoint[] }
  | { readonly kind: 'connected'; readonly server: Endpoint }
  | { readonly kind: 'connect-failed'; readonly detail: string }
  | { readonly kind: 'disconnected'; readonly detail: string }
  /** Authenticated, except for a refusal without a signature. */
  | {
      readonly kind: 'message';
      readonly transport: Transport;
      readonly message: RendezvousMessage;
      readonly signed: boolean;
    }
  | { readonly kind: 'meet'; readonly body: MeetBody };

export type RegistrationEffect =
  | { readonly kind: 'connect'; readonly server: ServerPlace }
  | { readonly kind: 'disconnect' }
  | {
      readonly kind: 'send';
      readonly transport: Transport;
      readonly to: Endpoint;
      readonly message: RendezvousMessage;
    }
  /** Somebody asks for a session: to be answered with `accepted` or `refused` under this transaction. */
  | {
      readonly kind: 'invited';
      readonly transactionId: Uint8Array;
      readonly invitation: Extract<RendezvousBody, { kind: 'invite' }>;
    }
  | { readonly kind: 'start'; readonly start: Extract<RendezvousBody, { kind: 'start' }> }
  | {
      readonly kind: 'meet-refused';
      readonly sessionId: Uint8Array;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly kind: 'changed' };

export interface RegistrationState {
  readonly access: TraversalAccess | null;
  readonly localAddresses: readonly Endpoint[];
  readonly phase: 'idle' | 'waiting' | 'connecting' | 'connected' | 'registered';
  readonly server: Endpoint | null;
  /** Attempts since the last success; picks server, port and delay. */
  readonly attempt: number;
  readonly retryAtMs: number;
  /** Why the last attempt or connection ended. */
  readonly detail: string | null;
  readonly heardAtMs: number;
  readonly nonces: Readonly<Record<Transport, string | null>>;
  readonly tcp: Endpoint | null;
  readonly udp: Endpoint | null;
  readonly udpTransactionId: Uint8Array | null;
  readonly udpAtMs: number;
  /** Registers over UDP since the last answer. */
  readonly udpUnanswered: number;
  readonly tcpTransactionId: Uint8Array | null;
  readonly meets: readonly OpenMeet[];
}

interface OpenMeet {
  readonly transactionId: Uint8Array;
  readonly body: MeetBody;
  readonly deadlineMs: number;
}

type MeetBody = Extract<RendezvousBody, { kind: 'meet' }>;

/** Half of the 30 s after which Linux forgets a UDP mapping that has seen no answer; RFC 8445 §11 keeps alive at 15 s too. */
const udpRefreshMs = 15_000;
/** Three refreshes may be lost. */
const udpLifetimeS = 60;
/** RFC 8489 §6.2.1. */
const udpRtoMs = 500;
/** After so many without an answer the UDP endpoint counts as lost. */
const udpMaxUnanswered = 4;
/** The server pings every 20 s: two may be late. */
const silenceLimitMs = 55_000;
const registerTimeoutMs = 5_000;
/** Above the server's own 3 s for the target. */
const meetTimeoutMs = 5_000;
const firstRetryMs = 250;
const maxRetryMs = 30_000;

export function newRegistration(): RegistrationState {
  return {
    access: null,
    localAddresses: [],
    phase: 'idle',
    server: null,
    attempt: 0,
    retryAtMs: 0,
    detail: null,
    heardAtMs: 0,
    nonces: { tcp: null, udp: null },
    tcp: null,
    udp: null,
    udpTransactionId: null,
    udpAtMs: 0,
    udpUnanswered: 0,
    tcpTransactionId: null,
    meets: [],
  };
}

/** `wakeAtMs` is null while nothing is wanted. */
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

interface Context {
  readonly nowMs: number;
  readonly random: Random;
  readonly effects: RegistrationEffect[];
}

function take(state: RegistrationState, event: RegistrationEvent, context: Context): RegistrationState {
  const { nowMs, effects } = context;
  switch (event.kind) {
    case 'tick':
      return state;
    case 'access':
      return takeAccess(state, event.access, context);
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
        ? retry(state, event.detail, context)
        : state;
    case 'message':
      return receive(state, event, context);
    case 'meet': {
      const { body } = event;
      if (state.phase === 'registered') return sendMeet(state, body, nowMs + meetTimeoutMs, context);
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
  const { nowMs, effects } = context;
  const heard = transport === 'tcp' ? { ...state, heardAtMs: nowMs } : state;
  switch (body.kind) {
    case 'registered':
      return registered(heard, transport, transactionId, body.mapped, context);
    case 'ping':
      answer(heard, transactionId, { kind: 'pong' }, context);
      return heard;
    case 'invite':
      effects.push({ kind: 'invited', transactionId, invitation: body });
      return heard;
    case 'start':
      effects.push({ kind: 'start', start: body });
      return { ...heard, meets: heard.meets.filter((each) => !same(each.body.sessionId, body.sessionId)) };
    default:
      return heard;
  }
}

function registered(
  state: RegistrationState,
  transport: Transport,
  transactionId: Uint8Array,
  mapped: Endpoint,
  { nowMs }: Context,
): RegistrationState {
  if (transport === 'tcp' && state.tcpTransactionId !== null && same(state.tcpTransactionId, transactionId)) {
    return {
      ...state,
      phase: 'registered',
      tcp: mapped,
      attempt: 0,
      detail: null,
      udpAtMs: nowMs,
      udpUnanswered: 0,
    };
  }
  if (transport === 'udp' && state.udpTransactionId !== null && same(state.udpTransactionId, transactionId)) {
    return { ...state, udp: mapped, udpAtMs: nowMs + udpRefreshMs, udpUnanswered: 0 };
  }
  return state;
}

/** A refusal may come unsigned only where it asks for (other) credentials: anybody could have sent it. */
function refused(
  state: RegistrationState,
  transport: Transport,
  { body, transactionId }: RendezvousMessage,
  signed: boolean,
  context: Context,
): RegistrationState {
  if (body.kind !== 'refused') return state;
  if (body.method === 'meet') {
    const meet = state.meets.find((each) => same(each.transactionId, transactionId));
    if (meet === undefined) return state;
    const left = { ...state, meets: state.meets.filter((each) => each !== meet) };
    if (body.nonce !== null && body.nonce !== state.nonces.tcp) {
      return sendMeet(
        { ...left, nonces: { ...state.nonces, tcp: body.nonce } },
        meet.body,
        meet.deadlineMs,
        context,
      );
    }
    const { code, reason } = body;
    context.effects.push({ kind: 'meet-refused', sessionId: meet.body.sessionId, code, reason });
    return left;
  }
  const expected = transport === 'tcp' ? state.tcpTransactionId : state.udpTransactionId;
  if (body.method !== 'register' || expected === null || !same(expected, transactionId)) return state;
  if (body.nonce !== null && body.nonce !== state.nonces[transport]) {
    return sendRegister(
      { ...state, nonces: { ...state.nonces, [transport]: body.nonce } },
      transport,
      context,
    );
  }
  if (transport === 'udp') return { ...state, udp: null };
  return retry(
    state,
    `The NAT traversal server refused: ${body.reason}${signed ? '' : ' (unsigned)'}`,
    context,
  );
}

/** What time alone brings. */
function keep(state: RegistrationState, context: Context): RegistrationState {
  const { nowMs, effects } = context;
  let next = state;
  if (next.phase === 'waiting' && nowMs >= next.retryAtMs) {
    const server = serverFor(next);
    if (server !== null) {
      effects.push({ kind: 'connect', server });
      next = { ...next, phase: 'connecting' };
    }
  }
  if (next.phase === 'connected' && nowMs >= next.heardAtMs + registerTimeoutMs) {
    next = retry(next, 'The NAT traversal server did not answer Register', context);
  }
  if (next.phase === 'registered' && nowMs >= next.heardAtMs + silenceLimitMs) {
    next = retry(next, `The NAT traversal server was silent for ${silenceLimitMs / 1000} s`, context);
  }
  if (next.phase === 'registered' && nowMs >= next.udpAtMs) next = sendRegister(next, 'udp', context);
  for (const meet of next.meets.filter((each) => nowMs >= each.deadlineMs)) {
    const reason = 'The NAT traversal server did not answer';
    effects.push({ kind: 'meet-refused', sessionId: meet.body.sessionId, code: 0, reason });
  }
  return { ...next, meets: next.meets.filter((each) => nowMs < each.deadlineMs) };
}

function sendRegister(state: RegistrationState, transport: Transport, context: Context): RegistrationState {
  const body = { kind: 'register', lifetimeS: udpLifetimeS, localAddresses: state.localAddresses } as const;
  const transactionId = send(state, transport, body, context);
  if (transport === 'tcp') return { ...state, tcpTransactionId: transactionId };
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

function sendMeet(
  state: RegistrationState,
  body: MeetBody,
  deadlineMs: number,
  context: Context,
): RegistrationState {
  const transactionId = send(state, 'tcp', body, context);
  return { ...state, meets: [...state.meets, { transactionId, body, deadlineMs }] };
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

function answer(
  state: RegistrationState,
  transactionId: Uint8Array,
  body: RendezvousBody,
  { effects }: Context,
): void {
  if (state.server === null) return;
  const message = { transactionId: Uint8Array.from(transactionId), body, username: null, nonce: null };
  effects.push({ kind: 'send', transport: 'tcp', to: state.server, message });
}

/** The connection is over: everything that hung on it goes, and another attempt is planned. */
function retry(state: RegistrationState, detail: string, context: Context): RegistrationState {
  const left = dropMeets(state, detail, context);
  if (state.phase === 'connected' || state.phase === 'registered')
    context.effects.push({ kind: 'disconnect' });
  const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** state.attempt);
  // Spread over half as much again, so that the agents of a restarted server do not come back at one moment.
  const retryAtMs = context.nowMs + waitMs + context.random.below(Math.ceil(waitMs / 2));
  return {
    ...left,
    phase: 'waiting',
    server: null,
    attempt: state.attempt + 1,
    retryAtMs,
    detail,
    nonces: { tcp: null, udp: null },
    tcp: null,
    udp: null,
    tcpTransactionId: null,
    udpTransactionId: null,
    udpUnanswered: 0,
  };
}

function dropMeets(state: RegistrationState, reason: string, { effects }: Context): RegistrationState {
  for (const { body } of state.meets) {
    effects.push({ kind: 'meet-refused', sessionId: body.sessionId, code: 0, reason });
  }
  return { ...state, meets: [] };
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
      return state.retryAtMs;
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

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

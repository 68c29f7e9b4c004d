// The registrar as a machine: what the driver saw goes in, what it is to do comes out.

import {
  type DecodedStun,
  decodeRendezvous,
  type Endpoint,
  type RendezvousMessage,
  refusalCodes,
  verifyIntegrity,
} from '@pinhole/wire';
import { answer, forget, hex, refusal, settle } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { answered, meet } from './meeting.ts';
import { probe } from './probe.ts';
import { keep, measured, register } from './registration.ts';
import type {
  Channel,
  Connection,
  ConnectionId,
  Effect,
  Meeting,
  Now,
  Pending,
  RegistrarState,
} from './state.ts';

export type RegistrarEvent =
  | { readonly kind: 'connected'; readonly connectionId: ConnectionId; readonly from: Endpoint }
  | { readonly kind: 'disconnected'; readonly connectionId: ConnectionId }
  /** It asked for its public endpoint, and was answered. */
  | { readonly kind: 'bound'; readonly connectionId: ConnectionId }
  | { readonly kind: 'message'; readonly channel: Channel; readonly decoded: DecodedStun }
  | { readonly kind: 'tick' };

/** Requests on a connection before it has registered: a Binding request or two, a Register and its repetition. */
const maxMessagesUnregistered = 16;
/** Connections that have not registered yet: in all, and of one source. Beyond, the oldest makes room. */
const maxWaiting = 4096;
const maxWaitingPerSource = 256;

/** How often it wants to be called at least: its shortest deadlines are some seconds. */
export const tickMs = 500;

/** The state is changed in place: copying tens of thousands of registrations for each event would be all it did. */
export function step(
  state: RegistrarState,
  event: RegistrarEvent,
  now: Now,
): { effects: Effect[]; wakeAtMs: number } {
  return { effects: handle(state, event, now), wakeAtMs: now.ms + tickMs };
}

function handle(state: RegistrarState, event: RegistrarEvent, now: Now): Effect[] {
  switch (event.kind) {
    case 'connected': {
      const { connectionId: id, from } = event;
      const connection: Connection = {
        id,
        from,
        openedAtMs: now.ms,
        messages: 0,
        boundAtMs: null,
        agentId: null,
      };
      state.connections.set(id, connection);
      state.waiting.add(connection);
      return makeRoom(state, connection);
    }
    case 'disconnected':
      forget(state, event.connectionId);
      return [];
    case 'bound': {
      const connection = state.connections.get(event.connectionId);
      if (connection !== undefined) connection.boundAtMs = now.ms;
      return [];
    }
    case 'tick':
      return [...expire(state, now), ...keep(state, now)];
    case 'message':
      return receive(state, event.channel, event.decoded, now);
  }
}

function receive(state: RegistrarState, channel: Channel, decoded: DecodedStun, now: Now): Effect[] {
  if (channel.transport === 'tcp') {
    const connection = state.connections.get(channel.connectionId);
    if (connection === undefined) return [];
    connection.messages += 1;
    if (connection.agentId === null && connection.messages > maxMessagesUnregistered) {
      return closeFor(state, channel.connectionId, 'closed-too-many-messages');
    }
  }
  const result = decodeRendezvous(decoded.message);
  if (!result.ok) {
    state.counters.add('dropped-unexpected');
    return [];
  }
  const { value: message } = result;
  switch (message.body.kind) {
    case 'register':
    case 'meet':
    case 'probe':
      return request(state, channel, message, decoded, now);
    case 'pong':
    case 'accepted':
    case 'refused':
      return response(state, channel, message, decoded, now);
    default:
      state.counters.add('dropped-unexpected');
      return [];
  }
}

function request(
  state: RegistrarState,
  channel: Channel,
  message: RendezvousMessage,
  decoded: DecodedStun,
  now: Now,
): Effect[] {
  const { body, transactionId } = message;
  if (body.kind !== 'register' && body.kind !== 'meet' && body.kind !== 'probe') return [];
  const authentication = authenticate(state, message, decoded, channel, now);
  if (!authentication.ok) {
    const { code, counter, nonce } = authentication;
    state.counters.add(counter);
    const reason = code === refusalCodes.staleNonce ? 'Stale Nonce' : 'Unauthorized';
    return [answer(channel, transactionId, refusal(body.kind, code, reason, nonce), null)];
  }
  const { who } = authentication;
  if (body.kind === 'register') return register(state, channel, transactionId, body, who, now);
  if (body.kind === 'probe') return probe(state, channel, transactionId, body, who, now);
  const source = state.registrations.get(who.agentId);
  if (source === undefined || channel.transport !== 'tcp' || source.connectionId !== channel.connectionId) {
    state.counters.add('refused-bad-request');
    const reason = 'Meet on the connection that is registered';
    return [answer(channel, transactionId, refusal('meet', refusalCodes.badRequest, reason), who.password)];
  }
  source.heardAtMs = now.ms;
  return meet(state, channel, transactionId, body, source, now);
}

/** An agent's answer to a request of the server's own. */
function response(
  state: RegistrarState,
  channel: Channel,
  message: RendezvousMessage,
  decoded: DecodedStun,
  now: Now,
): Effect[] {
  const key = hex(message.transactionId);
  const pending = state.pending.get(key);
  const registration = pending === undefined ? undefined : state.registrations.get(pending.agentId);
  if (
    pending === undefined ||
    registration === undefined ||
    channel.transport !== 'tcp' ||
    registration.connectionId !== channel.connectionId
  ) {
    state.counters.add('dropped-unexpected');
    return [];
  }
  if (verifyIntegrity(decoded, 'sha256', registration.password) !== 'valid') {
    state.counters.add('dropped-bad-signature');
    return [];
  }
  const { body } = message;
  if (body.kind !== 'refused' && (body.kind === 'accepted') !== (pending.meeting !== null)) {
    state.counters.add('dropped-unexpected');
    return [];
  }
  settle(state, key);
  registration.heardAtMs = now.ms;
  measured(registration, now.ms - pending.sentAtMs, now);
  if (pending.meeting !== null) return answered(state, pending as Pending & { meeting: Meeting }, body, now);
  return [];
}

/** Requests of the server's own that were not answered in time. */
function expire(state: RegistrarState, now: Now): Effect[] {
  const effects: Effect[] = [];
  for (const [key, pending] of state.pending) {
    if (pending.deadlineMs > now.ms) continue;
    settle(state, key);
    if (pending.meeting !== null)
      effects.push(...answered(state, pending as Pending & { meeting: Meeting }, null, now));
  }
  return effects;
}

/** A newcomer is worth more than the oldest that has not said who it is: whoever has something to say says it at once. */
function makeRoom(state: RegistrarState, newcomer: Connection): Effect[] {
  const { waiting } = state;
  const crowded = waiting.size > maxWaiting || state.connections.size > state.maxConnections;
  const leaver =
    waiting.countBeside(newcomer) > maxWaitingPerSource
      ? waiting.oldestBeside(newcomer)
      : crowded
        ? waiting.oldest()
        : undefined;
  return leaver === undefined ? [] : closeFor(state, leaver.id, 'closed-crowded');
}

function closeFor(
  state: RegistrarState,
  connectionId: ConnectionId,
  counter: 'closed-crowded' | 'closed-too-many-messages',
): Effect[] {
  state.counters.add(counter);
  forget(state, connectionId);
  return [{ kind: 'close', connectionId }];
}

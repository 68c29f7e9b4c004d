// How the registrar speaks: answers to requests, and requests of its own.

import { encodeRendezvous, type RendezvousBody, type RendezvousMethod } from '@pinhole/wire';
import type {
  Channel,
  ConnectionId,
  Effect,
  Meeting,
  Now,
  RegistrarState,
  Registration,
  ServerRequest,
} from './state.ts';

/** An answer, signed with `password`; null where there is none to sign with. */
export function answer(
  channel: Channel,
  transactionId: Uint8Array,
  body: RendezvousBody,
  password: string | null,
): Effect {
  const nonce = body.kind === 'refused' ? body.nonce : null;
  return {
    kind: 'send',
    channel,
    bytes: encodeRendezvous({ transactionId, body, username: null, nonce }, password),
  };
}

export function refusal(
  method: RendezvousMethod,
  code: number,
  reason: string,
  nonce: string | null = null,
): RendezvousBody {
  return { kind: 'refused', method, code, reason, nonce };
}

/** Sends a request or indication of the server's own; a request is remembered until `timeoutMs` from now. */
export function ask(
  state: RegistrarState,
  registration: Registration,
  body: ServerRequest,
  now: Now,
  waiting: { timeoutMs: number; meeting: Meeting | null } | null,
): Effect {
  const transactionId = state.random.bytes(12);
  if (waiting !== null) {
    state.pending.set(hex(transactionId), {
      agentId: registration.agentId,
      sentAtMs: now.ms,
      deadlineMs: now.ms + waiting.timeoutMs,
      meeting: waiting.meeting,
    });
    const source = waiting.meeting?.sourceAgentId;
    if (source !== undefined) state.meetings.set(source, (state.meetings.get(source) ?? 0) + 1);
  }
  return answer(channelOf(registration), transactionId, body, registration.password);
}

export function channelOf(registration: Registration): Channel {
  return { transport: 'tcp', connectionId: registration.connectionId, from: registration.tcp };
}

/** The server's own request of this transaction, which waits no longer. */
export function settle(state: RegistrarState, key: string): void {
  const meeting = state.pending.get(key)?.meeting ?? null;
  state.pending.delete(key);
  if (meeting === null) return;
  const left = (state.meetings.get(meeting.sourceAgentId) ?? 1) - 1;
  if (left === 0) state.meetings.delete(meeting.sourceAgentId);
  else state.meetings.set(meeting.sourceAgentId, left);
}

/** Forgets the connection and, if one was its, the registration. */
export function forget(state: RegistrarState, connectionId: ConnectionId): void {
  const agentId = state.connections.get(connectionId)?.agentId ?? null;
  state.connections.delete(connectionId);
  state.waiting.delete(connectionId);
  if (agentId !== null && state.registrations.get(agentId)?.connectionId === connectionId) {
    state.registrations.delete(agentId);
  }
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}

// Agent ↔ NAT traversal server: STUN messages of our own methods. docs/protocol.md tells the exchange in prose.
//
//   agent → server   Register   request     over TCP, once a connection; over UDP, again and again
//   agent → server   Meet       request     over TCP: bring me together with the target of this ticket
//   server → agent   Invite     request     over TCP: a source asks for you; will you?
//   server → agent   Start      indication  over TCP, to both: where the other is, and when to begin
//   server → agent   Ping       request     over TCP: are you there, and how far?
//   agent → server   Probe      request     over TCP or UDP: send me something that I have not asked for (probe.ts)
//
// Each carries MESSAGE-INTEGRITY-SHA256 under the agent's traversal credential, whichever way it goes.

import type { Decoded } from '../outcome.ts';
import type { StunAttribute } from '../stun/attributes.ts';
import { encodeStun, findAttribute, type StunClass, type StunMessage } from '../stun/message.ts';
import {
  bodyAttributes,
  decodeBody,
  type RendezvousBody,
  type RendezvousDecodeFailure,
  type RendezvousMethod,
  rendezvousMethods,
} from './bodies.ts';

/** A larger message is none of ours: a Register with its addresses has about 300 octets. */
export const maxRendezvousBytes = 1200;

export interface RendezvousMessage {
  readonly transactionId: Uint8Array;
  readonly body: RendezvousBody;
  /** Who asks, in requests of agents. */
  readonly username: string | null;
  readonly nonce: string | null;
}

/** Codes of refusals: RFC 8489 §14.8 where it has one for the case. */
export const refusalCodes = {
  badRequest: 400,
  unauthenticated: 401,
  ticketRefused: 403,
  targetNotRegistered: 404,
  targetSilent: 408,
  ticketExpired: 410,
  staleNonce: 438,
  tooMany: 486,
  /** The target agent does not take the session. */
  targetRefused: 487,
} as const;

const wire: Record<RendezvousBody['kind'], { method: RendezvousMethod | null; class: StunClass }> = {
  register: { method: 'register', class: 'request' },
  registered: { method: 'register', class: 'success' },
  meet: { method: 'meet', class: 'request' },
  met: { method: 'meet', class: 'success' },
  invite: { method: 'invite', class: 'request' },
  accepted: { method: 'invite', class: 'success' },
  start: { method: 'start', class: 'indication' },
  ping: { method: 'ping', class: 'request' },
  pong: { method: 'ping', class: 'success' },
  probe: { method: 'probe', class: 'request' },
  probed: { method: 'probe', class: 'success' },
  refused: { method: null, class: 'error' },
};

/** Whether a STUN message is one of these, by its method alone. */
export function isRendezvous(message: StunMessage): boolean {
  return methodOf(message) !== null;
}

/** The message's octets, with MESSAGE-INTEGRITY-SHA256 under `key`; null leaves it unsigned, as a 401 must be. */
export function encodeRendezvous(message: RendezvousMessage, key: string | null): Uint8Array {
  const { body } = message;
  const attributes: StunAttribute[] = bodyAttributes(body);
  if (message.username !== null) attributes.push({ type: 'username', text: message.username });
  if (message.nonce !== null) attributes.push({ type: 'nonce', text: message.nonce });
  const method = body.kind === 'refused' ? body.method : (wire[body.kind].method as RendezvousMethod);
  return encodeStun(
    {
      class: wire[body.kind].class,
      method: rendezvousMethods[method],
      transactionId: message.transactionId,
      attributes,
    },
    { ...(key !== null && { sha256Key: key }), fingerprint: true },
  );
}

/** What a STUN message says. Its integrity is the caller's to check: who must have signed it depends on the place. */
export function decodeRendezvous(message: StunMessage): Decoded<RendezvousMessage, RendezvousDecodeFailure> {
  const method = methodOf(message);
  if (method === null) return { ok: false, reason: 'not-rendezvous' };
  const body = decodeBody(method, message);
  if (typeof body === 'string') return { ok: false, reason: body };
  const username = findAttribute(message, 'username')?.text ?? null;
  const nonce = findAttribute(message, 'nonce')?.text ?? null;
  return { ok: true, value: { transactionId: message.transactionId, body, username, nonce } };
}

function methodOf(message: StunMessage): RendezvousMethod | null {
  const entry = Object.entries(rendezvousMethods).find(([, code]) => code === message.method);
  return entry === undefined || message.transactionId.length !== 12 ? null : (entry[0] as RendezvousMethod);
}

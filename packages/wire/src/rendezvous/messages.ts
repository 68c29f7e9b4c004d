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

import type { Endpoint } from '../address.ts';
import type { Decoded } from '../outcome.ts';
import type { StunAttribute } from '../stun/attributes.ts';
import { encodeStun, findAttribute, type StunClass, type StunMessage } from '../stun/message.ts';
import { type ProbeKind, type ProbeResult, probeKinds, probeResults } from './probe.ts';
import { type Transport, transportFromNumber, transportNumber } from './transport.ts';

export const rendezvousMethods = {
  register: 0x080,
  meet: 0x081,
  invite: 0x082,
  start: 0x083,
  ping: 0x084,
  probe: 0x085,
} as const;
export type RendezvousMethod = keyof typeof rendezvousMethods;

export const sessionIdBytes = 16;
/** A larger message is none of ours: a Register with its addresses has about 300 octets. */
export const maxRendezvousBytes = 1200;
const maxAddresses = 16;

export type RendezvousBody =
  /** `localAddresses`: where the agent's port is bound, for a peer behind the same NAT. Lifetime 0 ends it. */
  | { readonly kind: 'register'; readonly lifetimeS: number; readonly localAddresses: readonly Endpoint[] }
  /** `mapped`: where the request came from. */
  | { readonly kind: 'registered'; readonly lifetimeS: number; readonly mapped: Endpoint }
  | {
      readonly kind: 'meet';
      readonly sessionId: Uint8Array;
      readonly transport: Transport;
      readonly roundId: number;
      readonly ticket: Uint8Array;
    }
  | { readonly kind: 'met' }
  | {
      readonly kind: 'invite';
      readonly sessionId: Uint8Array;
      readonly transport: Transport;
      readonly roundId: number;
      readonly testId: string;
      readonly sourceAgentId: string;
    }
  | { readonly kind: 'accepted' }
  /** `peers`: the peer's candidates, best first. */
  | {
      readonly kind: 'start';
      readonly sessionId: Uint8Array;
      readonly peers: readonly Endpoint[];
      readonly startInMs: number;
    }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  /** `changeAddress`: from the server's other address, where it has one. */
  | { readonly kind: 'probe'; readonly probe: ProbeKind; readonly changeAddress: boolean }
  /** `from`: the server's endpoint that the probe used; null where there was none. */
  | {
      readonly kind: 'probed';
      readonly result: ProbeResult;
      readonly from: Endpoint | null;
      readonly elapsedMs: number;
    }
  /** The request of `method` is refused. `nonce` comes with 401 and 438: the request may be sent again with it. */
  | {
      readonly kind: 'refused';
      readonly method: RendezvousMethod;
      readonly code: number;
      readonly reason: string;
      readonly nonce: string | null;
    };

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

export type RendezvousDecodeFailure = 'not-rendezvous' | 'missing-attribute' | 'bad-attribute';

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

function bodyAttributes(body: RendezvousBody): StunAttribute[] {
  switch (body.kind) {
    case 'register':
      return [
        { type: 'lifetime', value: body.lifetimeS },
        ...body.localAddresses
          .slice(0, maxAddresses)
          .map((endpoint) => ({ type: 'local-address' as const, endpoint })),
      ];
    case 'registered':
      return [
        { type: 'lifetime', value: body.lifetimeS },
        { type: 'xor-mapped-address', endpoint: body.mapped },
      ];
    case 'meet':
      return [...sessionAttributes(body), { type: 'ticket', octets: body.ticket }];
    case 'invite':
      return [
        ...sessionAttributes(body),
        { type: 'test-id', text: body.testId },
        { type: 'agent-id', text: body.sourceAgentId },
      ];
    case 'start':
      return [
        { type: 'session-id', octets: body.sessionId },
        { type: 'start-in', value: body.startInMs },
        ...body.peers.slice(0, maxAddresses).map((endpoint) => ({ type: 'peer-address' as const, endpoint })),
      ];
    case 'probe':
      return [
        { type: 'probe', value: probeKinds.indexOf(body.probe) + 1 },
        { type: 'change-request', changeAddress: body.changeAddress, changePort: false },
      ];
    case 'probed':
      return [
        { type: 'probe-result', value: probeResults.indexOf(body.result) + 1 },
        { type: 'elapsed', value: Math.round(body.elapsedMs) },
        ...(body.from === null ? [] : [{ type: 'peer-address' as const, endpoint: body.from }]),
      ];
    case 'refused':
      return [{ type: 'error-code', code: body.code, reason: body.reason }];
    default:
      return [];
  }
}

function sessionAttributes(body: {
  sessionId: Uint8Array;
  transport: Transport;
  roundId: number;
}): StunAttribute[] {
  return [
    { type: 'session-id', octets: body.sessionId },
    { type: 'transport', value: transportNumber[body.transport] },
    { type: 'round-id', value: body.roundId },
  ];
}

function decodeBody(
  method: RendezvousMethod,
  message: StunMessage,
): RendezvousBody | RendezvousDecodeFailure {
  if (message.class === 'error') {
    const error = findAttribute(message, 'error-code');
    if (error === undefined) return 'missing-attribute';
    const nonce = findAttribute(message, 'nonce')?.text ?? null;
    return { kind: 'refused', method, code: error.code, reason: error.reason, nonce };
  }
  switch (`${method} ${message.class}`) {
    case 'register request': {
      const lifetimeS = findAttribute(message, 'lifetime')?.value;
      if (lifetimeS === undefined) return 'missing-attribute';
      return { kind: 'register', lifetimeS, localAddresses: endpoints(message, 'local-address') };
    }
    case 'register success': {
      const lifetimeS = findAttribute(message, 'lifetime')?.value;
      const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
      if (lifetimeS === undefined || mapped === undefined) return 'missing-attribute';
      return { kind: 'registered', lifetimeS, mapped };
    }
    case 'meet request': {
      const session = decodeSession(message);
      const ticket = findAttribute(message, 'ticket')?.octets;
      if (ticket === undefined || typeof session === 'string')
        return typeof session === 'string' ? session : 'missing-attribute';
      return { kind: 'meet', ...session, ticket };
    }
    case 'invite request': {
      const session = decodeSession(message);
      const testId = findAttribute(message, 'test-id')?.text;
      const sourceAgentId = findAttribute(message, 'agent-id')?.text;
      if (typeof session === 'string') return session;
      if (testId === undefined || sourceAgentId === undefined) return 'missing-attribute';
      return { kind: 'invite', ...session, testId, sourceAgentId };
    }
    case 'start indication': {
      const sessionId = findAttribute(message, 'session-id')?.octets;
      const startInMs = findAttribute(message, 'start-in')?.value;
      if (sessionId === undefined || startInMs === undefined) return 'missing-attribute';
      if (sessionId.length !== sessionIdBytes) return 'bad-attribute';
      return { kind: 'start', sessionId, startInMs, peers: endpoints(message, 'peer-address') };
    }
    case 'probe request': {
      const number = findAttribute(message, 'probe')?.value;
      if (number === undefined) return 'missing-attribute';
      const probe = probeKinds[number - 1];
      if (probe === undefined) return 'bad-attribute';
      const changeAddress = findAttribute(message, 'change-request')?.changeAddress ?? false;
      return { kind: 'probe', probe, changeAddress };
    }
    case 'probe success': {
      const number = findAttribute(message, 'probe-result')?.value;
      const elapsedMs = findAttribute(message, 'elapsed')?.value;
      if (number === undefined || elapsedMs === undefined) return 'missing-attribute';
      const result = probeResults[number - 1];
      if (result === undefined) return 'bad-attribute';
      return { kind: 'probed', result, elapsedMs, from: endpoints(message, 'peer-address')[0] ?? null };
    }
    case 'meet success':
      return { kind: 'met' };
    case 'invite success':
      return { kind: 'accepted' };
    case 'ping request':
      return { kind: 'ping' };
    case 'ping success':
      return { kind: 'pong' };
    default:
      return 'not-rendezvous';
  }
}

function decodeSession(
  message: StunMessage,
): { sessionId: Uint8Array; transport: Transport; roundId: number } | RendezvousDecodeFailure {
  const sessionId = findAttribute(message, 'session-id')?.octets;
  const transport = findAttribute(message, 'transport')?.value;
  const roundId = findAttribute(message, 'round-id')?.value;
  if (sessionId === undefined || transport === undefined || roundId === undefined) return 'missing-attribute';
  const named = transportFromNumber(transport);
  if (sessionId.length !== sessionIdBytes || named === null) return 'bad-attribute';
  return { sessionId, transport: named, roundId };
}

function endpoints(message: StunMessage, type: 'local-address' | 'peer-address'): Endpoint[] {
  const found: Endpoint[] = [];
  for (const attribute of message.attributes) {
    const ofUse = attribute.type === 'local-address' || attribute.type === 'peer-address';
    if (ofUse && attribute.type === type && found.length < maxAddresses) found.push(attribute.endpoint);
  }
  return found;
}

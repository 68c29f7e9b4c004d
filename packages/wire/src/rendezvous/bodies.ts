// What each message says, and the attributes that say it.

import type { Endpoint } from '../address.ts';
import type { SessionRole } from '../session/keys.ts';
import type { StunAttribute } from '../stun/attributes.ts';
import { findAttribute, findEndpoints, type StunMessage } from '../stun/message.ts';
import {
  decodeProfile,
  decodeSearch,
  encodeProfile,
  encodeSearch,
  type NatProfile,
  type PairingMethod,
  type PortSearch,
  pairingMethods,
} from './pairing.ts';
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
const maxAddresses = 16;
const maxAttempts = 16;

export type RendezvousBody =
  /** `localAddresses`: where the agent's port is bound, for a peer behind the same NAT. Lifetime 0 ends it. */
  | { readonly kind: 'register'; readonly lifetimeS: number; readonly localAddresses: readonly Endpoint[] }
  /** `mapped`: where the request came from. */
  | { readonly kind: 'registered'; readonly lifetimeS: number; readonly mapped: Endpoint }
  /** `attempt` counts from 1: after the first, each side has made a fresh port for it. */
  | ({
      readonly kind: 'meet';
      readonly sessionId: Uint8Array;
      readonly transport: Transport;
      readonly roundId: number;
      readonly ticket: Uint8Array;
      readonly attempt: number;
    } & OwnSide)
  | { readonly kind: 'met' }
  | {
      readonly kind: 'invite';
      readonly sessionId: Uint8Array;
      readonly transport: Transport;
      readonly roundId: number;
      readonly testId: string;
      readonly sourceAgentId: string;
      readonly attempt: number;
    }
  | ({ readonly kind: 'accepted' } & OwnSide)
  /**
   * `peers`: the peer's candidates, best first. `openerTtl`: with this TTL a packet opens the receiver's own NAT before
   * the moment, and dies before the peer's; null where none is needed. `atFault`: whose NAT will be the reason if there
   * is no connection.
   */
  | {
      readonly kind: 'start';
      readonly sessionId: Uint8Array;
      readonly peers: readonly Endpoint[];
      readonly startInMs: number;
      readonly method: PairingMethod;
      readonly openerTtl: number | null;
      readonly search: PortSearch | null;
      readonly atFault: SessionRole;
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

/** What a side tells of itself for a meeting. */
export interface OwnSide {
  /** Null where it has not been found out yet. */
  readonly profile: NatProfile | null;
  /** The public endpoint that it has made for this attempt; null: the registered one. */
  readonly mapped: Endpoint | null;
}

const sides = ['source', 'target'] as const;

export type RendezvousDecodeFailure = 'not-rendezvous' | 'missing-attribute' | 'bad-attribute';

export function bodyAttributes(body: RendezvousBody): StunAttribute[] {
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
      return [
        ...sessionAttributes(body),
        { type: 'ticket', octets: body.ticket },
        { type: 'attempt', value: body.attempt },
        ...ownAttributes(body),
      ];
    case 'invite':
      return [
        ...sessionAttributes(body),
        { type: 'test-id', text: body.testId },
        { type: 'agent-id', text: body.sourceAgentId },
        { type: 'attempt', value: body.attempt },
      ];
    case 'accepted':
      return ownAttributes(body);
    case 'start':
      return [
        { type: 'session-id', octets: body.sessionId },
        { type: 'start-in', value: body.startInMs },
        { type: 'method', value: pairingMethods.indexOf(body.method) + 1 },
        { type: 'at-fault', value: sides.indexOf(body.atFault) + 1 },
        ...(body.openerTtl === null ? [] : [{ type: 'opener-ttl' as const, value: body.openerTtl }]),
        ...(body.search === null ? [] : [{ type: 'search' as const, octets: encodeSearch(body.search) }]),
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

function ownAttributes({ profile, mapped }: OwnSide): StunAttribute[] {
  return [
    ...(profile === null ? [] : [{ type: 'nat-profile' as const, octets: encodeProfile(profile) }]),
    ...(mapped === null ? [] : [{ type: 'xor-mapped-address' as const, endpoint: mapped }]),
  ];
}

export function decodeBody(
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
      return {
        kind: 'register',
        lifetimeS,
        localAddresses: findEndpoints(message, 'local-address', maxAddresses),
      };
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
      const [own, attempt] = [decodeOwn(message), attemptOf(message)];
      if (own === null || attempt === null) return 'bad-attribute';
      return { kind: 'meet', ...session, ticket, attempt, ...own };
    }
    case 'invite request': {
      const session = decodeSession(message);
      const testId = findAttribute(message, 'test-id')?.text;
      const sourceAgentId = findAttribute(message, 'agent-id')?.text;
      if (typeof session === 'string') return session;
      if (testId === undefined || sourceAgentId === undefined) return 'missing-attribute';
      const attempt = attemptOf(message);
      if (attempt === null) return 'bad-attribute';
      return { kind: 'invite', ...session, testId, sourceAgentId, attempt };
    }
    case 'start indication': {
      const sessionId = findAttribute(message, 'session-id')?.octets;
      const startInMs = findAttribute(message, 'start-in')?.value;
      if (sessionId === undefined || startInMs === undefined) return 'missing-attribute';
      if (sessionId.length !== sessionIdBytes) return 'bad-attribute';
      const pairing = decodePairing(message);
      if (pairing === null) return 'bad-attribute';
      return {
        kind: 'start',
        sessionId,
        startInMs,
        peers: findEndpoints(message, 'peer-address', maxAddresses),
        ...pairing,
      };
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
      return {
        kind: 'probed',
        result,
        elapsedMs,
        from: findEndpoints(message, 'peer-address', maxAddresses)[0] ?? null,
      };
    }
    case 'meet success':
      return { kind: 'met' };
    case 'invite success': {
      const own = decodeOwn(message);
      return own === null ? 'bad-attribute' : { kind: 'accepted', ...own };
    }
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

/** Null where there cannot be so many in the time of a round. */
function attemptOf(message: StunMessage): number | null {
  const attempt = findAttribute(message, 'attempt')?.value ?? 1;
  return attempt >= 1 && attempt <= maxAttempts ? attempt : null;
}

/** Null where what is there is malformed. */
function decodeOwn(message: StunMessage): OwnSide | null {
  const octets = findAttribute(message, 'nat-profile')?.octets;
  const profile = octets === undefined ? null : decodeProfile(octets);
  if (octets !== undefined && profile === null) return null;
  return { profile, mapped: findAttribute(message, 'xor-mapped-address')?.endpoint ?? null };
}

/** Null where what is there is malformed; what is not there is punched in the ordinary way. */
function decodePairing(
  message: StunMessage,
): Pick<Extract<RendezvousBody, { kind: 'start' }>, 'method' | 'openerTtl' | 'search' | 'atFault'> | null {
  const method = pairingMethods[(findAttribute(message, 'method')?.value ?? 1) - 1];
  const atFault = sides[(findAttribute(message, 'at-fault')?.value ?? 2) - 1];
  const openerTtl = findAttribute(message, 'opener-ttl')?.value ?? null;
  const octets = findAttribute(message, 'search')?.octets;
  const search = octets === undefined ? null : decodeSearch(octets);
  if (method === undefined || atFault === undefined || (octets !== undefined && search === null)) return null;
  if (openerTtl !== null && (openerTtl < 1 || openerTtl > 255)) return null;
  return { method, atFault, openerTtl, search };
}

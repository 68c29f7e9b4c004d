// What the registrar knows: connections, agents, and meetings under way.

import type { Random } from '@pinhole/net';
import type { Endpoint, OwnSide, RendezvousBody, Transport } from '@pinhole/wire';
import { Budget } from '../budget.ts';
import { Counters } from '../counters.ts';
import { Waiting } from './waiting.ts';

/** A TCP connection, by the driver's number for it. */
export type ConnectionId = number;

export interface Connection {
  readonly id: ConnectionId;
  readonly from: Endpoint;
  readonly openedAtMs: number;
  messages: number;
  /** When it last asked for its public endpoint; null while it has not. */
  boundAtMs: number | null;
  /** Whose it is; null until it has registered. */
  agentId: string | null;
}

export interface Registration {
  readonly agentId: string;
  readonly connectionId: ConnectionId;
  /** Key of all its messages. */
  password: string;
  /** Epoch seconds: with its credential a registration ends. */
  readonly expiresAtS: number;
  readonly tcp: Endpoint;
  localAddresses: readonly Endpoint[];
  udp: { readonly endpoint: Endpoint; readonly expiresAtMs: number } | null;
  /** Over its connection, the latest ones: the shortest tells the way without the machines' delays. */
  roundTripsMs: readonly number[];
  heardAtMs: number;
  pingAtMs: number;
}

export interface Meeting {
  readonly sessionId: Uint8Array;
  readonly transport: Transport;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  readonly meetTransactionId: Uint8Array;
  /** What the source has told of itself. */
  readonly source: OwnSide;
}

/** A request of the server's own that waits for its answer. */
export interface Pending {
  readonly agentId: string;
  readonly sentAtMs: number;
  readonly deadlineMs: number;
  /** Null for a ping. */
  readonly meeting: Meeting | null;
}

export interface RegistrarState {
  /** TCP connections in all. */
  readonly maxConnections: number;
  /** Shared with the collector: credentials and tickets derive from it. */
  readonly secret: Uint8Array;
  /** Signs nonces; of this run only. */
  readonly nonceKey: Uint8Array;
  readonly random: Random;
  readonly counters: Counters;
  readonly connections: Map<ConnectionId, Connection>;
  /** Those of them that have not registered. */
  readonly waiting: Waiting;
  readonly registrations: Map<string, Registration>;
  /** By transaction id in hex. */
  readonly pending: Map<string, Pending>;
  /** Meetings under way, by who asked for them. */
  readonly meetings: Map<string, number>;
  /** What each agent may have sent to itself. */
  readonly probes: Budget;
}

/** A compatibility check takes nine, each five minutes; repeated over UDP, and begun again by hand, somewhat more. */
const probeBudget = { perSecond: 0.2, burst: 20, maxSources: 65_536 };

export function newRegistrar(secret: Uint8Array, random: Random, maxConnections: number): RegistrarState {
  return {
    maxConnections,
    secret,
    nonceKey: random.bytes(32),
    random,
    counters: new Counters(),
    connections: new Map(),
    waiting: new Waiting(),
    registrations: new Map(),
    pending: new Map(),
    meetings: new Map(),
    probes: new Budget(probeBudget),
  };
}

export interface Now {
  /** Monotonic, for intervals. */
  readonly ms: number;
  /** Epoch seconds, for expiries that the collector has set. */
  readonly wallS: number;
}

/** How an answer gets back to where a message came from. */
export type Channel =
  | { readonly transport: 'tcp'; readonly connectionId: ConnectionId; readonly from: Endpoint }
  | { readonly transport: 'udp'; readonly local: Endpoint; readonly from: Endpoint };

export type Effect =
  | { readonly kind: 'send'; readonly channel: Channel; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly connectionId: ConnectionId }
  | { readonly kind: 'probe'; readonly request: ProbeRequest };

/** An authenticated request to send something to where it came from. */
export interface ProbeRequest {
  readonly channel: Channel;
  readonly transactionId: Uint8Array;
  readonly body: Extract<RendezvousBody, { kind: 'probe' }>;
  /** Signs the answer. */
  readonly password: string;
}

/** Requests of the server's own: over the agent's connection. */
export type ServerRequest = Extract<RendezvousBody, { kind: 'invite' | 'start' | 'ping' }>;

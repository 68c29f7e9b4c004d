// The registration's state, what happens to it, and what it wants done. machine.ts tells how they hang together.

import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import type { Endpoint, RendezvousBody, RendezvousMessage, Transport } from '@pinhole/wire';
import { type Loss, longestKeepAliveMs, type OpenLoss, type Unanswered } from './losses.ts';

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
  /** Somebody waits to be registered: the next attempt is due soon, however long the wait was to be. */
  | { readonly kind: 'hurry' }
  /** No attempt for so long, where there is no connection: somebody else needs the test port's 4-tuples. */
  | { readonly kind: 'stand-aside'; readonly forMs: number }
  | { readonly kind: 'local-addresses'; readonly localAddresses: readonly Endpoint[] }
  | { readonly kind: 'connected'; readonly server: Endpoint }
  | { readonly kind: 'connect-failed'; readonly detail: string }
  /** `cut`: neither side meant it to end. */
  | { readonly kind: 'disconnected'; readonly detail: string; readonly cut: Loss['by'] | null }
  /** Authenticated, except for a refusal without a signature. */
  | {
      readonly kind: 'message';
      readonly transport: Transport;
      readonly message: RendezvousMessage;
      readonly signed: boolean;
    }
  /** The server has answered a keep-alive. */
  | { readonly kind: 'kept-alive' }
  /** What a trial has come to. */
  | { readonly kind: 'tried'; readonly losses: readonly Loss[] }
  | { readonly kind: 'meet'; readonly body: MeetBody };

export type RegistrationEffect =
  | { readonly kind: 'connect'; readonly server: ServerPlace; readonly keepAliveMs: number }
  | { readonly kind: 'disconnect' }
  /** A Binding request over TCP: the server's answer shows that both ways are open, and keeps them so. */
  | { readonly kind: 'keep-alive'; readonly transactionId: Uint8Array }
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
  /** Attempts since the last connection that held; picks server, port and delay. */
  readonly attempt: number;
  readonly retryAtMs: number;
  /** Why the last attempt or connection ended. */
  readonly detail: string | null;
  /** Over TCP, as all of this. */
  readonly heardAtMs: number;
  readonly saidAtMs: number;
  readonly unanswered: Unanswered | null;
  /** The connection is never idle for longer; shorter since one was forgotten. */
  readonly keepAliveMs: number;
  /** Since when this connection is registered. */
  readonly registeredAtMs: number;
  readonly nonces: Readonly<Record<Transport, string | null>>;
  /** Register was sent again with a new nonce and not yet accepted: a second refusal for the nonce's sake is final. */
  readonly renewed: Readonly<Record<Transport, boolean>>;
  readonly tcp: Endpoint | null;
  readonly udp: Endpoint | null;
  readonly udpTransactionId: Uint8Array | null;
  readonly udpAtMs: number;
  /** Registers over UDP since the last answer. */
  readonly udpUnanswered: number;
  readonly tcpTransactionId: Uint8Array | null;
  readonly meets: readonly OpenMeet[];
  readonly losses: readonly Loss[];
  readonly openLoss: OpenLoss | null;
}

export interface OpenMeet {
  readonly transactionId: Uint8Array;
  readonly body: MeetBody;
  readonly deadlineMs: number;
  /** It was sent again with a new nonce: a second refusal for the nonce's sake is final. */
  readonly renewed: boolean;
}

export type MeetBody = Extract<RendezvousBody, { kind: 'meet' }>;

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
    saidAtMs: 0,
    unanswered: null,
    keepAliveMs: longestKeepAliveMs,
    registeredAtMs: 0,
    nonces: { tcp: null, udp: null },
    renewed: { tcp: false, udp: false },
    tcp: null,
    udp: null,
    udpTransactionId: null,
    udpAtMs: 0,
    udpUnanswered: 0,
    tcpTransactionId: null,
    meets: [],
    losses: [],
    openLoss: null,
  };
}

/** What a step is given beside the state, and where its effects go. */
export interface Context {
  readonly nowMs: number;
  readonly random: Random;
  readonly effects: RegistrationEffect[];
}

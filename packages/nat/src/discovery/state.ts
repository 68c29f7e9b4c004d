// What a discovery asks, what it hears, and what it wants done. machine.ts tells how they hang together.

import type { Endpoint, IpAddress, ProbeKind, ProbeResult, Transport } from '@pinhole/wire';
import type { Lifetimes } from './lifetime/lifetimes.ts';

/** A local port: the agent's test port, or one that is opened for this discovery and used for nothing else. */
export type Slot = string;
export const testPort: Slot = 'test';

/** What is known before it begins. */
export interface DiscoveryInput {
  /** The NAT traversal server's address, and its ports: two, to tell mappings apart. */
  readonly serverAddress: IpAddress;
  readonly serverPorts: readonly number[];
  /** The registration: its connection from the test port cannot be made a second time. Null while there is none. */
  readonly registered: {
    readonly server: Endpoint;
    readonly mapped: Endpoint;
    readonly local: Endpoint;
  } | null;
  /** Of this host's interfaces. */
  readonly localAddresses: readonly IpAddress[];
  /** Whether the sockets heed a TTL; without, nothing is found out about distances. @default false */
  readonly limitsTtl?: boolean;
  readonly keepAlives: KeepAliveHistory;
  /** What trials in the background have shown so far. @default nothing */
  readonly lifetimes?: Lifetimes;
}

/** How the registration's long-lived connection has fared of late, within an hour or so. */
export interface KeepAliveHistory {
  /** For how long the present one has lived; null while there is none. */
  readonly heldForMs: number | null;
  /** Those before it that ended by silence or reset: how long each had lived. Not those that the server or this agent ended. */
  readonly lostAfterMs: readonly number[];
  /** What else is known of these losses, for the evidence. */
  readonly remarks?: readonly string[];
}

export type Ask =
  | {
      readonly kind: 'binding';
      readonly changeAddress: boolean;
      readonly changePort: boolean;
      /** A datagram that goes out just before, from the same port: it may open a filter on its way, or die first. */
      readonly opener?: Opener;
    }
  | { readonly kind: 'probe'; readonly probe: ProbeKind; readonly changeAddress: boolean }
  /** Over TCP: opens a connection and says nothing. */
  | { readonly kind: 'connect' };

export interface Opener {
  readonly to: Endpoint;
  readonly ttl: number;
}

export interface Question {
  readonly id: string;
  readonly transport: Transport;
  readonly slot: Slot;
  readonly to: Endpoint;
  readonly ask: Ask;
  /** After the beginning of its phase. */
  readonly delayMs: number;
  /** What comes of it shows in the others' answers: its phase ends without it. @default false */
  readonly aside?: boolean;
}

export type Outcome =
  | {
      readonly kind: 'bound';
      /** Where the answer came from. */
      readonly from: Endpoint;
      /** Over UDP the address may be the unspecified one. */
      readonly local: Endpoint;
      readonly mapped: Endpoint;
      /** The server's OTHER-ADDRESS. */
      readonly other: Endpoint | null;
      readonly askedAtMs: number;
      readonly roundTripMs: number;
      /** It was asked more than once. */
      readonly repeated: boolean;
    }
  | {
      readonly kind: 'probed';
      readonly result: ProbeResult;
      readonly from: Endpoint | null;
      readonly elapsedMs: number;
    }
  /** A Binding request of ours arrived at another port of ours. */
  | { readonly kind: 'heard'; readonly slot: Slot; readonly from: Endpoint }
  | { readonly kind: 'connected' }
  | { readonly kind: 'failed'; readonly detail: string };

export interface Settled {
  readonly question: Question;
  readonly outcome: Outcome;
}

export type DiscoveryEvent =
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'answer';
      readonly transport: Transport;
      readonly slot: Slot;
      readonly from: Endpoint;
      readonly local: Endpoint;
      readonly transactionId: Uint8Array;
      readonly body: AnswerBody;
    }
  /** A Binding request came to a port of this discovery. */
  | {
      readonly kind: 'request';
      readonly slot: Slot;
      readonly from: Endpoint;
      readonly transactionId: Uint8Array;
    }
  | { readonly kind: 'connected'; readonly slot: Slot; readonly to: Endpoint }
  /** A router says that a datagram from this port had no TTL left. */
  | { readonly kind: 'expired'; readonly slot: Slot; readonly by: IpAddress }
  /** There is no connection from this port to there, or no longer; or the port could not be opened. */
  | {
      readonly kind: 'failed';
      readonly transport: Transport;
      readonly slot: Slot;
      readonly to: Endpoint;
      readonly detail: string;
    };

export type AnswerBody =
  | { readonly kind: 'bound'; readonly mapped: Endpoint; readonly other: Endpoint | null }
  | {
      readonly kind: 'probed';
      readonly result: ProbeResult;
      readonly from: Endpoint | null;
      readonly elapsedMs: number;
    }
  /** Any other answer. With a nonce a probe is asked for again, once. */
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly reason: string;
      readonly nonce: string | null;
    };

export type DiscoveryEffect =
  /** Over TCP, on a connection from this port to there, which is opened where there is none. */
  | {
      readonly kind: 'ask';
      readonly transport: Transport;
      readonly slot: Slot;
      readonly to: Endpoint;
      readonly transactionId: Uint8Array;
      readonly ask: Exclude<Ask, { kind: 'connect' }>;
      /** Signs a probe; null where none was given yet. */
      readonly nonce: string | null;
    }
  /** A datagram that asks for no answer. */
  | { readonly kind: 'opener'; readonly slot: Slot; readonly to: Endpoint; readonly ttl: number }
  | { readonly kind: 'connect'; readonly slot: Slot; readonly to: Endpoint }
  /** Accept TCP connections at this port, which has been connected from. */
  | { readonly kind: 'listen'; readonly slot: Slot };

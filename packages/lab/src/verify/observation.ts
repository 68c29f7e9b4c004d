// What the two measuring programs tell each other and the lab.
//
// The server program binds two ports on each of two addresses, UDP and TCP. The host program, behind the NAT,
// asks from there what they see of it, and has the server send to it from where it never sent to.

import type { Endpoint } from '@pinhole/wire';

export const probePorts = [3478, 3479] as const;
/** Nobody behind any NAT uses it: what arrives there is unsolicited. */
export const unmappedPort = 9;

/** The order in which the server's endpoints are contacted and reported. */
export const endpointNames = ['A1:P1', 'A1:P2', 'A2:P1', 'A2:P2'] as const;
export type EndpointName = (typeof endpointNames)[number];

/** `addresses` holds A1 and A2. */
export function serverEndpoints<Address extends string>(
  addresses: readonly Address[],
): { address: Address; port: number }[] {
  return addresses.flatMap((address) => probePorts.map((port) => ({ address, port })));
}

export type Attempt =
  | 'connected'
  /** RST, or ICMP port unreachable. */
  | 'refused'
  /** Another ICMP error. */
  | 'unreachable'
  /** Nothing came back. */
  | 'silence';

/** A line of JSON on a TCP connection to the server; each is answered by one line. */
export type Request =
  /** Send `token` and the sender's name to there, from each in turn. Answered by null. */
  | { ask: 'send'; to: Endpoint; token: string; from: EndpointName[] }
  /** Open a TCP connection to there, from any port of A1 or A2. Answered by an Attempt. */
  | { ask: 'connect'; to: Endpoint; fromAddress: 'A1' | 'A2'; waitMs: number }
  /** Send a datagram there, and say what came back: refused or silence. */
  | { ask: 'provoke'; to: Endpoint; waitMs: number };

export interface Observation {
  readonly udp: {
    readonly local: Endpoint;
    /** The source each endpoint saw, in the order of endpointNames. */
    readonly seen: readonly Endpoint[];
    /** Who got through to a socket that had sent to A1:P1 only. */
    readonly passed: readonly EndpointName[];
    /** The source that another socket of this host saw hairpinned packets come from; null if none came. */
    readonly hairpinnedFrom: Endpoint | null;
    /** What that source is to everyone else. */
    readonly hairpinnedAs: Endpoint;
  };
  readonly tcp: {
    readonly local: Endpoint;
    readonly seen: readonly Endpoint[];
    /** Connections to a port from which only A1:P1 was contacted. */
    readonly fromOtherPort: Attempt;
    readonly fromOtherAddress: Attempt;
  };
  /** What a packet to a port of the public address that nobody uses meets. */
  readonly unsolicited: { readonly tcp: Attempt; readonly udp: Attempt };
}

// What the two measuring programs tell each other and the lab.
//
// The server program binds two ports on each of two addresses, UDP and TCP. The host program, behind the NAT,
// asks from there what they see of it, and has the server send to it from where it never sent to.

import type { Endpoint } from '@pinhole/wire';

export const probePorts = [3478, 3479] as const;
/** On A1. What comes there is met by silence, and then by a SYN the other way. */
export const simultaneousPort = 3480;
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
  /** RST. */
  | 'reset'
  /** An ICMP error. */
  | 'icmp'
  /** Nothing came back. */
  | 'silence';

/** A line of JSON on a TCP connection to the server, and the line that answers it as soon as it can be answered. */
export interface Asked {
  readonly id: number;
  readonly request: Request;
}
export interface Answered {
  readonly id: number;
  readonly answer: Answer;
}
export type Answer = Attempt | Meeting | number | null;

export type Request =
  /** Send `token` and the sender's name to there, from each in turn. Answered by null. */
  | { ask: 'send'; to: Endpoint; token: string; from: EndpointName[] }
  /** Open a TCP connection to there, from any port of A1 or A2. Answered by an Attempt. */
  | { ask: 'connect'; to: Endpoint; fromAddress: 'A1' | 'A2'; waitMs: number }
  /** Send a datagram there, and say what came back: icmp or silence. */
  | { ask: 'provoke'; to: Endpoint; waitMs: number }
  /** Answer the SYN to simultaneousPort by a SYN. Answered by a Meeting. */
  | { ask: 'meet'; waitMs: number }
  /** How many routers this connection's packets have passed. */
  | { ask: 'hops' }
  /** Answered by null: the connection works. */
  | { ask: 'echo' };

/** What the host's kernel said to a SYN that came while its own was on its way. */
export type Meeting =
  /** It answered: the SYN came in. */
  | 'answered'
  /** It sent its own once more: the SYN did not come in. */
  | 'repeated'
  | 'silence';

/** One source, and what the server sees of it. */
export interface Sample {
  readonly localPort: number;
  readonly seen: Endpoint;
}

export interface MappingObservation {
  readonly local: Endpoint;
  /** The source each endpoint saw, in the order of endpointNames. */
  readonly seen: readonly Endpoint[];
  /** Of other sources, all seen by A1:P1. */
  readonly samples: readonly Sample[];
}

export interface Observation {
  /** null where no answer came at all. */
  readonly udp:
    | (MappingObservation & {
        /** Who got through to a socket that had sent to A1:P1 only. */
        readonly passed: readonly EndpointName[];
        /** That socket as A1:P1 saw it, and as A2:P2 did after it had sent there in vain. */
        readonly beforeFirstPacketIn: Endpoint;
        readonly afterFirstPacketIn: Endpoint;
        /** The source that another socket of this host saw hairpinned packets come from; null if none came. */
        readonly hairpinnedFrom: Endpoint | null;
        /** What that source is to everyone else. */
        readonly hairpinnedAs: Endpoint;
      })
    | null;
  readonly tcp: MappingObservation & {
    /** Connections to a port from which only A1:P1 was contacted. */
    readonly fromOtherPort: Attempt;
    readonly fromOtherAddress: Attempt;
    readonly simultaneousOpen: Meeting;
  };
  /** What a packet to a port of the public address that nobody uses meets. */
  readonly unsolicited: { readonly tcp: Attempt; readonly udp: Attempt };
  /** Routers between host and server. */
  readonly hops: number;
  /** The ports of the NAT traversal server that answered. */
  readonly traversal: { readonly udp: readonly number[]; readonly tcp: readonly number[] };
  /** null where no lifetime was to be measured. */
  readonly udpLifetime: UdpLifetime | null;
  readonly tcpIdle: TcpIdle | null;
}

/** Whether the server's datagram came in; nothing else was sent in between but what is said. */
export interface UdpLifetime {
  readonly beforeEnd: boolean;
  readonly afterEnd: boolean;
  /** After the end, with the server's datagrams in between. */
  readonly afterInbound: boolean;
}

/** What the connection's next packet from inside met. */
export type IdleOutcome = 'answered' | 'reset' | 'silence';

export interface TcpIdle {
  readonly beforeEnd: IdleOutcome;
  readonly afterEnd: IdleOutcome;
}

/** What the host program is told, as JSON. */
export interface HostTask {
  readonly serverAddresses: readonly [string, string];
  readonly publicAddress: string;
  /** How long silence must last to be taken for silence. */
  readonly waitMs: number;
  readonly udpLifetimeMs: number | null;
  readonly tcpIdleMs: number | null;
}

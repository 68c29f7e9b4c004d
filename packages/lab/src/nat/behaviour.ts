// What a NAT does, in the words of RFC 4787 and RFC 5382.

/** On which part of the remote endpoint a mapping or a filter depends (RFC 4787 sections 4.1 and 5). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** RFC 4787 section 4.1: when a second destination gets the same external port as the first. */
export type Mapping = Dependence;

/** RFC 4787 section 5: from whom a mapped port takes packets. */
export type Filtering = Dependence;

/** RFC 4787 section 4.2.1: which external port a new mapping gets. Ranges have both ends included. */
export type Allocation =
  /** The port inside, where it is free: so every destination gets the same one. */
  | { readonly law: 'preserving' }
  /** Drawn from the range: a wide one makes a random NAT, a narrow one a NAT of port blocks (RFC 7753). */
  | { readonly law: 'range'; readonly first: number; readonly last: number }
  /** One after the other, `step` apart, UDP and TCP each for itself. */
  | { readonly law: 'sequential'; readonly first: number; readonly last: number; readonly step: number };

/** RFC 5382 REQ-4: what an unsolicited packet to the NAT's public address meets. */
export type Unsolicited =
  | 'drop'
  /** RST to a SYN; nothing to UDP. */
  | 'rst'
  /** Port unreachable, to UDP and TCP. */
  | 'icmp'
  /** As a host answers at a closed port: RST to a SYN, port unreachable to UDP. */
  | 'host';

/** What an established TCP connection meets that was idle for longer than the NAT remembers. */
export interface TcpIdleCut {
  readonly afterMs: number;
  readonly outcome: /** Silence, for ever. */
    | 'black-hole'
    /** RST. */
    | 'reset'
    /** As if nothing had been, if the packet comes from inside and the port is preserved. */
    | 're-adopt';
}

export type Blocked =
  /** All of UDP. */
  | 'udp'
  /** The NAT traversal server's ports (traversalPorts), over UDP or TCP. */
  | 'traversal-udp'
  | 'traversal-tcp';

export const traversalPorts = [9119, 9120] as const;

export interface NatBehaviour {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly allocation: Allocation;
  /** RFC 4787 section 6: hosts behind the NAT reach each other's public endpoints, seen with external source. */
  readonly hairpin: boolean;
  readonly unsolicited: Unsolicited;
  /**
   * Unsolicited packets reach the NAT's own stack, where each takes its pair of endpoints: what is later sent to
   * its sender leaves from another port than the mapping's.
   */
  readonly poisonable: boolean;
  /** RFC 5382 REQ-2: a SYN comes in where one has gone out. */
  readonly simultaneousOpen: boolean;
  /** How long a UDP mapping lives unrefreshed. null: 30 s until something comes back, 120 s after. */
  readonly udpLifetimeMs: number | null;
  /** RFC 4787 REQ-6: whether packets that come in refresh a UDP mapping as well. */
  readonly udpRefresh: 'both' | 'outbound';
  /** RFC 5382 REQ-5. null: five days, which is never in a lab. */
  readonly tcpIdle: TcpIdleCut | null;
  /** What it sets the TTL of every packet to that it passes on, in either direction. @default one less */
  readonly setsTtl?: number | undefined;
  /** What is dropped on its way out, without an answer. */
  readonly blocked: readonly Blocked[];
}

/** The commonest NAT, of which the other kinds are variations. */
export const commonBehaviour: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { law: 'preserving' },
  hairpin: false,
  unsolicited: 'drop',
  poisonable: false,
  simultaneousOpen: true,
  udpLifetimeMs: null,
  udpRefresh: 'both',
  tcpIdle: null,
  blocked: [],
};

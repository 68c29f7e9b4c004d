// What a NAT does, in the words of RFC 4787 and RFC 5382.

export type Protocol = 'udp' | 'tcp';

/** On which part of the remote endpoint a mapping or a filter depends (RFC 4787 sections 4.1 and 5). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

export type PortAllocation =
  /** The inside port. Where another endpoint has it: any other port, or the same one all the same ("port
   *  overloading", RFC 4787 section 4.2.1); replies then go by their remote endpoint. */
  | { readonly kind: 'preserving'; readonly collision: 'other-port' | 'overload' }
  /** `step` apart, UDP and TCP each for itself. With a lastPort it begins again at firstPort after it, without one
   *  it goes through all ports from 1024 on. */
  | (Overloading & {
      readonly kind: 'sequential';
      readonly firstPort: number;
      readonly step: number;
      readonly lastPort?: number;
    })
  /** Of all from 1024 on. */
  | (Overloading & { readonly kind: 'random' })
  | (Overloading & { readonly kind: 'block-random'; readonly firstPort: number; readonly size: number });

interface Overloading {
  /** A port is free for every remote endpoint that has no mapping on it. @default false */
  readonly overload?: boolean;
}

/** Packets from inside that are dropped without a word. */
export interface Blocked {
  readonly protocol: Protocol;
  /** @default all */
  readonly destinationPorts?: readonly number[];
}

export interface NatBehaviour {
  readonly mapping: Dependence;
  readonly filtering: Dependence;
  readonly allocation: PortAllocation;
  /** Two inside hosts may talk by their external endpoints; the source seen is external (RFC 4787 REQ-9). */
  readonly hairpinning: boolean;
  readonly udpTimeoutMs: number;
  /** Until something has come back from the remote endpoint. Null: as udpTimeoutMs. */
  readonly udpUnrepliedTimeoutMs: number | null;
  /** Of a TCP connection, from the first segment without SYN that passes. */
  readonly tcpTimeoutMs: number;
  /** Of a TCP connection of which only SYNs have passed. */
  readonly tcpTransitoryTimeoutMs: number;
  /** What a segment without SYN meets that belongs to no connection known here, such as one that was idle for longer
   *  than tcpTimeoutMs: as any packet, so that from inside it is taken up again; nothing, for ever; or a RST. */
  readonly tcpForgotten: 're-adopt' | 'black-hole' | 'reset';
  /** Incoming packets refresh as outgoing ones always do (RFC 4787 REQ-6). */
  readonly inboundRefresh: boolean;
  /** What an incoming packet meets that nothing admits. `reset` answers TCP only, `host` as a host at a closed port:
   *  RST to TCP, port unreachable to UDP. */
  readonly unsolicited: 'drop' | 'reset' | 'icmp' | 'host';
  /** An unsolicited packet takes its tuple: what later goes out to its sender leaves from another port. `udp`, as
   *  Linux NATs do whose own stack is open to the outside: the RST of that stack gives a TCP tuple free at once. */
  readonly poisonable: boolean | Protocol;
  /** A SYN comes in where one has gone out (RFC 5382 REQ-2). Without it, no SYN comes in at all. */
  readonly simultaneousOpen: boolean;
  readonly blocked: readonly Blocked[];
}

/** What RFC 4787 and RFC 5382 ask of a NAT, and the filtering that most have. */
export const DEFAULT_BEHAVIOUR: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving', collision: 'other-port' },
  hairpinning: true,
  // RFC 4787 REQ-5: 5 minutes recommended
  udpTimeoutMs: 300_000,
  udpUnrepliedTimeoutMs: null,
  // RFC 5382 REQ-5: not less than 2 hours 4 minutes, and 4 minutes
  tcpTimeoutMs: 7_440_000,
  tcpTransitoryTimeoutMs: 240_000,
  tcpForgotten: 're-adopt',
  inboundRefresh: false,
  unsolicited: 'drop',
  poisonable: false,
  simultaneousOpen: true,
  blocked: [],
};

// What a discovery finds out about the NATs and firewalls in front of an agent: a flat record of facts, in the words of
// RFC 4787 (UDP) and RFC 5382 (TCP). A fact that was not tested, or whose test said nothing, is unknown.

import type { Endpoint, IpAddress } from '@pinhole/wire';

export type Truth = 'yes' | 'no' | 'unknown';

/** What was sent where, and what came back. */
export interface Evidence {
  readonly sent: string;
  readonly received: string;
}

export interface Fact<Value> {
  readonly value: Value;
  readonly evidence: readonly Evidence[];
}

/** On what a mapping or a filter depends (RFC 4787 §4.1 and §5). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** How a NAT chooses the public port of a new mapping; null where too few were seen to say. */
export type Allocation =
  /** The same as the local one, wherever it is free. */
  | { readonly kind: 'preserving' }
  /** The last one plus `step`. Between two of ours lie `othersPerSecond` mappings of other hosts or programs. */
  | {
      readonly kind: 'sequential';
      readonly step: number;
      readonly lastPort: number;
      readonly othersPerSecond: number;
    }
  /** Anywhere in a part of the ports, about `size` from `firstPort` on: an estimate from what was seen. */
  | { readonly kind: 'block'; readonly firstPort: number; readonly size: number }
  /** Anywhere between the two, which were seen. */
  | { readonly kind: 'random'; readonly lowestPort: number; readonly highestPort: number };

export interface TransportReport {
  /** The server answers on both its ports. */
  readonly reachable: Fact<Truth>;
  /** The test port, as the server sees it. */
  readonly mapped: Fact<Endpoint | null>;
  /** There is a NAT: the server sees another endpoint than the agent's own. */
  readonly translated: Fact<Truth>;
  readonly mappingDependsOnAddress: Fact<Truth>;
  readonly mappingDependsOnPort: Fact<Truth>;
  /** The two above as RFC 4787 §4.1 names them. */
  readonly mapping: Fact<Dependence | 'unknown'>;
  readonly filteringDependsOnAddress: Fact<Truth>;
  readonly filteringDependsOnPort: Fact<Truth>;
  /** The two above as RFC 4787 §5 names them. */
  readonly filtering: Fact<Dependence | 'unknown'>;
  /** The test port keeps its number. */
  readonly portPreserved: Fact<Truth>;
  readonly allocation: Fact<Allocation | null>;
  /** All ports of this host appear behind one public address (RFC 4787 REQ-2). */
  readonly pairedPooling: Fact<Truth>;
  /** Two ports of this host reach each other by their public endpoints (RFC 4787 REQ-9, RFC 5382 REQ-8). */
  readonly hairpinning: Fact<Truth>;
  /**
   * Milliseconds for which an idle mapping lives: the longest after which one still did. Null until it is known within a
   * tenth or so, from trials in the background; 300,000 where it is at least that.
   */
  readonly mappingLifetimeMs: Fact<number | null>;
  /** A packet that comes in first moves the flow that later goes out to its sender to another port. */
  readonly poisonable: Fact<Truth>;
}

export interface UdpReport extends TransportReport {
  /** mappingLifetimeMs of a mapping on which nothing has come back yet. */
  readonly unrepliedLifetimeMs: Fact<number | null>;
  /** What comes in keeps a mapping alive; what goes out always does (RFC 4787 REQ-6). */
  readonly inboundRefresh: Fact<Truth>;
}

/** What a SYN meets that nobody asked for (RFC 5382 REQ-4 wants no answer, a drop, for 6 s at least). */
export type SynAnswer = 'admitted' | 'drop' | 'rst' | 'icmp' | 'unknown';

export interface TcpReport extends TransportReport {
  readonly unsolicitedSyn: Fact<SynAnswer>;
  /** A SYN comes in where one has just gone out (RFC 5382 REQ-2). */
  readonly simultaneousOpen: Fact<Truth>;
}

/** A router behind which, seen from the agent, there are no more addresses of its kind. */
export interface NatLayer {
  readonly hop: number;
  /** Under which it answers. */
  readonly address: IpAddress;
  /** Of the network on the agent's side: RFC 1918 and RFC 4193, or RFC 6598. */
  readonly kind: 'private' | 'carrier-grade';
}

export interface DiscoveryReport {
  readonly udp: UdpReport;
  readonly tcp: TcpReport;
  /** The agent's own address cannot be reached from the Internet. */
  readonly privateAddress: Fact<Truth>;
  /** The registration's connection has lived on, idle but for its keep-alives. */
  readonly keepAlives: Fact<Truth>;
  /**
   * Routers up to and with the outermost NAT or filter that a first packet must open: a TTL of one more opens it.
   * 0 where there is none, or it is this host's own.
   */
  readonly natHops: Fact<number | null>;
  /** From the agent outwards, as far as a trace shows where a private network ends. */
  readonly natLayers: Fact<readonly NatLayer[] | null>;
}

// A path as an agent has traced it, in the shape in which agents hand it in.

import { isPrivateAddress, type MplsLabel, parseIpAddress } from '@pinhole/wire';

export interface TraceEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface Icmp {
  readonly type: number;
  readonly code: number;
}

/**
 * Why a hop is said to translate packets. `private-prefix-ends`: behind it, private or carrier-grade addresses have come
 * to an end. `quoted-source`: it quotes another source than the packet was sent from. `peer-address`: it answers by the
 * peer's public address without being the peer.
 */
export type NatReason = 'private-prefix-ends' | 'quoted-source' | 'peer-address';

export interface TracedHop {
  readonly ttl: number;
  /** Who answered; null where nobody did. */
  readonly address: string | null;
  readonly sent: number;
  /** Of each answer. */
  readonly roundTripsMs: readonly number[];
  /** Null where nobody answered, and for the peer itself. */
  readonly icmp: Icmp | null;
  readonly quotedTtl: number | null;
  readonly mpls: readonly MplsLabel[];
  /** Of the link behind this hop, where it said that a packet is too large for that. */
  readonly mtu: number | null;
  readonly nat: NatReason | null;
}

export interface PathTrace {
  readonly mode: 'classic' | 'in-session';
  readonly protocol: 'udp' | 'tcp';
  readonly source: TraceEndpoint;
  readonly target: TraceEndpoint;
  /** `reached`: the last hop is the peer itself. */
  readonly end: 'reached' | 'silent' | 'loop' | 'unreachable' | 'far' | 'time';
  /** By ascending TTL. */
  readonly hops: readonly TracedHop[];
  /** Octets of the largest packet that gets through; null where it was not found. */
  readonly pathMtu: number | null;
}

/** Whether the hop is the peer that the trace went to. */
export function isPeer({ end, hops }: Pick<PathTrace, 'end' | 'hops'>, hop: TracedHop): boolean {
  return end === 'reached' && hop === hops.at(-1);
}

/** Private or carrier-grade: it names somebody in one network only, and there may be many of that name. */
export function isPrivate(address: string): boolean {
  const parsed = parseIpAddress(address);
  return parsed !== null && isPrivateAddress(parsed);
}

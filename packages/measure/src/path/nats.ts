// Where on a traced path packets are translated, as far as the hops' answers show.

import { addressFamily, icmpTypes, parseIpAddress } from '@pinhole/wire';
import {
  isPeer,
  isPrivate,
  type NatReason,
  type PathTrace,
  type TracedHop,
  type TraceEndpoint,
} from './trace.ts';

/**
 * The `nat` of each hop, in order. `quotedSources` are the sources of the packets that ICMP errors have quoted, by TTL,
 * where they were told.
 *
 * Near: the last hop of a private or carrier-grade address before the first public one, where the trace left from such an
 * address; and the first hop that quotes another source than the packets were sent from. Far: the first hop that answers
 * by the address which the packets go to and is not the peer. All three can be wrong by a hop: a NAT whose own answer is
 * translated, or that does not answer, is seen by its neighbour.
 */
export function natsOn(
  trace: Pick<PathTrace, 'source' | 'target' | 'end' | 'hops'>,
  quotedSources: ReadonlyMap<number, TraceEndpoint> = new Map(),
): (NatReason | null)[] {
  const { source, target, hops } = trace;
  const isPublic = hops.map(({ address }) => address !== null && !isPrivate(address));
  const firstPublic = isPublic.indexOf(true);
  const lastPrivate = isPrivate(source.address)
    ? hops.findLastIndex(({ address }, i) => i < firstPublic && address !== null)
    : -1;
  const translated = hops.findIndex(({ ttl }) => {
    const quoted = quotedSources.get(ttl);
    return quoted !== undefined && (quoted.address !== source.address || quoted.port !== source.port);
  });
  const farSide = hops.findIndex(
    (hop) => hop.address === target.address && isExpired(hop) && !isPeer(trace, hop),
  );
  return hops.map((_, i) => {
    if (i === translated) return 'quoted-source';
    if (i === lastPrivate) return 'private-prefix-ends';
    return i === farSide ? 'peer-address' : null;
  });
}

/** The peer's own host may refuse by its own address; but packets do not expire there. */
function isExpired({ address, icmp }: TracedHop): boolean {
  const parsed = address === null ? null : parseIpAddress(address);
  return parsed !== null && icmp?.type === icmpTypes.timeExceeded[addressFamily(parsed)];
}

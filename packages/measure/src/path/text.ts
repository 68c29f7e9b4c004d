// A trace as traceroute prints it.

import type { MplsLabel } from '@pinhole/wire';
import { isPeer, type NatReason, type PathTrace, type TracedHop, type TraceEndpoint } from './trace.ts';

/**
 *     traceroute to 203.0.113.5:49153 from 192.168.1.2:49153, udp, in-session
 *      1  192.168.1.1  0.412 ms  0.380 ms  0.391 ms  [NAT: private addresses end]
 *      2  * * *
 *      3  198.18.0.1  9.120 ms  *  9.034 ms  <MPLS:L=16004,E=0,S=1,T=1>
 *      4  203.0.113.5  19.003 ms  18.951 ms  18.972 ms  [peer]
 *
 * The marks of unreachable networks, hosts and so on are traceroute's: !N !H !P !S !F-1400 !X !<code>.
 */
export function traceText(trace: PathTrace): string {
  const { source, target, protocol, mode, hops, pathMtu } = trace;
  const head = `traceroute to ${endpointText(target)} from ${endpointText(source)}, ${protocol}, ${mode}`;
  const lines = hops.map((hop) => `${String(hop.ttl).padStart(2)}  ${hopText(trace, hop)}`);
  const mtu = pathMtu === null ? [] : [`path MTU ${pathMtu}`];
  return [head, ...lines, ...endText(trace), ...mtu, ''].join('\n');
}

function endpointText({ address, port }: TraceEndpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function hopText(trace: PathTrace, hop: TracedHop): string {
  const { address, sent, roundTripsMs, nat } = hop;
  const missing = Math.max(0, sent - roundTripsMs.length);
  if (address === null) return Array.from({ length: missing }, () => '*').join(' ');
  const times = roundTripsMs.map((roundTrip) => `${roundTrip.toFixed(3)} ms`);
  return [
    address,
    ...times,
    ...Array.from({ length: missing }, () => '*'),
    ...unreachableMark(hop, address),
    ...(hop.mpls.length === 0 ? [] : [`<MPLS:${hop.mpls.map(labelText).join('/')}>`]),
    ...(nat === null ? [] : [`[NAT: ${natWords[nat]}]`]),
    ...(isPeer(trace, hop) ? ['[peer]'] : []),
  ].join('  ');
}

const natWords: Record<NatReason, string> = {
  'private-prefix-ends': 'private addresses end',
  'quoted-source': 'another source is quoted',
  'peer-address': "the peer's address",
};

const endWords: Record<PathTrace['end'], string | null> = {
  reached: null,
  silent: 'nobody answers further on',
  loop: 'the path is a loop',
  unreachable: 'there is no way further on',
  far: 'no end of it within the hops tried',
  time: 'it took too long',
};

function endText({ end }: PathTrace): string[] {
  const words = endWords[end];
  return words === null ? [] : [`not reached: ${words}`];
}

/** As traceroute -e does. */
function labelText({ label, trafficClass, bottom, ttl }: MplsLabel): string {
  return `L=${label},E=${trafficClass},S=${bottom ? 1 : 0},T=${ttl}`;
}

/** RFC 792: network, host, protocol, port, fragmentation needed, source route failed; a port that is closed is no fault. */
const marks4: Record<number, string | null> = { 0: '!N', 1: '!H', 2: '!P', 3: null, 5: '!S', 13: '!X' };
/** RFC 4443 §3.1: no route, prohibited, beyond scope, address, port, policy, reject route. */
const marks6: Record<number, string | null> = {
  0: '!N',
  1: '!X',
  2: '!S',
  3: '!H',
  4: null,
  5: '!X',
  6: '!X',
};

function unreachableMark({ icmp, mtu }: TracedHop, address: string): string[] {
  if (icmp === null) return [];
  const is4 = !address.includes(':');
  // "Fragmentation needed" is a code of IPv4's type 3, and a type of IPv6's own.
  if (is4 ? icmp.type === 3 && icmp.code === 4 : icmp.type === 2)
    return [`!F${mtu === null ? '' : `-${mtu}`}`];
  if (icmp.type !== (is4 ? 3 : 1)) return [];
  const mark = (is4 ? marks4 : marks6)[icmp.code];
  if (mark === undefined) return [`!<${icmp.code}>`];
  return mark === null ? [] : [mark];
}

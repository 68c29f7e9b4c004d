// From what was observed to what kind of NAT it is. Pure.

import { type Endpoint, formatEndpoint, sameEndpoint } from '@pinhole/wire';
import type { Filtering, Mapping } from '../nat/behaviour.ts';
import { endpointNames, type IdleOutcome, type MappingObservation, type Observation } from './observation.ts';

export type MeasuredMapping =
  /** Not translated: the server sees the host's own address. */
  'none' | Mapping;

/** The law by which external ports follow from local ones, or from each other. */
export type MeasuredAllocation =
  | { readonly law: 'preserving' }
  | { readonly law: 'sequential'; readonly step: number }
  /** No order was seen; these are the ends of what was. */
  | { readonly law: 'range'; readonly lowest: number; readonly highest: number };

export interface MeasuredProtocol {
  readonly mapping: MeasuredMapping;
  readonly filtering: Filtering;
  readonly allocation: MeasuredAllocation;
}

export interface Measured {
  /** null where no UDP passes. */
  readonly udp: MeasuredProtocol | null;
  readonly tcp: MeasuredProtocol;
  readonly hairpin: boolean;
  /** As in NatBehaviour; where TCP and UDP met something else, what they did. */
  readonly unsolicited: string;
  /** null where it cannot be told: another destination has another port in any case. */
  readonly poisoned: boolean | null;
  /** null where the host's own SYN was not seen again, so that it may be on its way. */
  readonly simultaneousOpen: boolean | null;
  /** Routers between host and server, the NATs among them. */
  readonly hops: number;
  /** Of the NAT traversal server's ports, those that were reached. */
  readonly traversal: Observation['traversal'];
  /** Of the lifetime asked for; null where none was. */
  readonly udpLifetime: { readonly kept: boolean; readonly refresh: 'both' | 'outbound' } | null;
  readonly tcpIdle: { readonly kept: boolean; readonly outcome: IdleOutcome } | null;
  /** What was seen, in words, a line each. */
  readonly evidence: readonly string[];
}

export function judge(observation: Observation): Measured {
  const { udp, tcp, udpLifetime, tcpIdle } = observation;
  return {
    udp: udp && { mapping: mapping(udp), filtering: udpFiltering(udp), allocation: allocation(udp) },
    tcp: { mapping: mapping(tcp), filtering: tcpFiltering(observation), allocation: allocation(tcp) },
    hairpin: udp !== null && hairpins(udp),
    unsolicited: unsolicited(observation),
    poisoned: poisoned(udp),
    simultaneousOpen: { answered: true, repeated: false, silence: null }[tcp.simultaneousOpen],
    hops: observation.hops,
    traversal: observation.traversal,
    udpLifetime: udpLifetime && {
      kept: udpLifetime.beforeEnd && !udpLifetime.afterEnd,
      refresh: udpLifetime.afterInbound ? 'both' : 'outbound',
    },
    tcpIdle: tcpIdle && { kept: tcpIdle.beforeEnd === 'answered', outcome: tcpIdle.afterEnd },
    evidence: evidence(observation),
  };
}

function evidence({ udp, tcp, unsolicited, hops, traversal, udpLifetime, tcpIdle }: Observation): string[] {
  return [
    ...(udp === null
      ? ['no UDP was answered']
      : [
          `UDP from ${formatEndpoint(udp.local)} is seen as ${list(udp.seen)}`,
          `UDP from other ports: ${samples(udp)}`,
          `UDP to a port that had sent to A1:P1 only passes from ${udp.passed.join(', ') || 'nobody'}`,
          `that port was ${udp.beforeFirstPacketIn.port} to A1:P1, and after a packet from A2:P2 is ${udp.afterFirstPacketIn.port} to A2:P2`,
          `UDP between two ports of the host by their public endpoints arrives ${udp.hairpinnedFrom === null ? 'not' : `from ${formatEndpoint(udp.hairpinnedFrom)}`}`,
        ]),
    `TCP from ${formatEndpoint(tcp.local)} is seen as ${list(tcp.seen)}`,
    `TCP from other ports: ${samples(tcp)}`,
    `TCP to a port that had connected to A1:P1 only: from A1's other port ${tcp.fromOtherPort}, from A2 ${tcp.fromOtherAddress}`,
    `a SYN that met the host's own: ${tcp.simultaneousOpen}`,
    `unsolicited: TCP ${unsolicited.tcp}, UDP ${unsolicited.udp}`,
    `${hops} routers on the way`,
    `NAT traversal server: UDP ${traversal.udp.join(' and ') || 'unreached'}, TCP ${traversal.tcp.join(' and ') || 'unreached'}`,
    ...(udpLifetime === null
      ? []
      : [
          `UDP comes in before the end of a mapping's lifetime: ${udpLifetime.beforeEnd}, after it: ${udpLifetime.afterEnd}, after it with UDP that came in meanwhile: ${udpLifetime.afterInbound}`,
        ]),
    ...(tcpIdle === null
      ? []
      : [
          `a TCP connection that was idle for less than the limit: ${tcpIdle.beforeEnd}, for more: ${tcpIdle.afterEnd}`,
        ]),
  ];
}

function list(seen: readonly Endpoint[]): string {
  return seen.map((each, index) => `${formatEndpoint(each)} by ${endpointNames[index]}`).join(', ');
}

function samples({ samples }: MappingObservation): string {
  return samples.map(({ localPort, seen }) => `${localPort} as ${seen.port}`).join(', ');
}

/** RFC 5780 section 4.3, with a fourth endpoint that shows a dependence on the port alone. */
function mapping({ local, seen }: MappingObservation): MeasuredMapping {
  const [a1p1, a1p2, a2p1, a2p2] = seen as [Endpoint, Endpoint, Endpoint, Endpoint];
  const eachAddress = sameEndpoint(a1p1, a1p2) && sameEndpoint(a2p1, a2p2);
  if (!eachAddress) return 'address-and-port-dependent';
  if (!sameEndpoint(a1p1, a2p1)) return 'address-dependent';
  return sameEndpoint(a1p1, local) ? 'none' : 'endpoint-independent';
}

/** Ports that follow each other at a distance up to this are no accident. */
const largestStep = 64;

function allocation({ local, seen, samples }: MappingObservation): MeasuredAllocation {
  const sources = [...seen.map((each) => ({ localPort: local.port, seen: each })), ...samples];
  if (sources.every((each) => each.seen.port === each.localPort)) return { law: 'preserving' };
  const ports = [...new Set(sources.map((each) => each.seen.port))].sort((a, b) => a - b);
  const steps = new Set(ports.slice(1).map((port, index) => port - ports[index]!));
  const [step] = steps;
  if (steps.size === 1 && step! <= largestStep) return { law: 'sequential', step: step! };
  return { law: 'range', lowest: ports[0]!, highest: ports.at(-1)! };
}

function udpFiltering({ passed }: NonNullable<Observation['udp']>): Filtering {
  if (passed.includes('A2:P1') || passed.includes('A2:P2')) return 'endpoint-independent';
  return passed.includes('A1:P2') ? 'address-dependent' : 'address-and-port-dependent';
}

function tcpFiltering({ tcp }: Observation): Filtering {
  if (tcp.fromOtherAddress === 'connected') return 'endpoint-independent';
  return tcp.fromOtherPort === 'connected' ? 'address-dependent' : 'address-and-port-dependent';
}

function unsolicited({ unsolicited: { tcp, udp } }: Observation): string {
  const answers: Record<string, string> = {
    'silence silence': 'drop',
    'reset silence': 'rst',
    'icmp icmp': 'icmp',
    'reset icmp': 'host',
  };
  return answers[`${tcp} ${udp}`] ?? `${tcp} to TCP and ${udp} to UDP`;
}

/** RFC 4787 REQ-9a: the source is external. Which of its ports it is, only one that has a single one can tell. */
function hairpins(udp: NonNullable<Observation['udp']>): boolean {
  const { hairpinnedFrom: from, hairpinnedAs: as } = udp;
  if (from === null) return false;
  return mapping(udp) === 'endpoint-independent' ? sameEndpoint(from, as) : from.address === as.address;
}

function poisoned(udp: Observation['udp']): boolean | null {
  if (udp === null || mapping(udp) !== 'endpoint-independent') return null;
  return !sameEndpoint(udp.beforeFirstPacketIn, udp.afterFirstPacketIn);
}

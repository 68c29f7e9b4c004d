// From what was observed to what kind of NAT it is, and whether that is the kind that was asked for. Pure.

import { type Endpoint, formatEndpoint, sameEndpoint } from '@pinhole/wire';
import type { Filtering, Mapping, NatBehaviour, Unsolicited } from '../nat/behaviour.ts';
import { endpointNames, type Observation } from './observation.ts';

export type MeasuredMapping =
  /** Not translated: the server sees the host's own address. */
  'none' | Mapping | 'address-dependent';

export interface Measured {
  readonly udp: { readonly mapping: MeasuredMapping; readonly filtering: Filtering };
  readonly tcp: { readonly mapping: MeasuredMapping; readonly filtering: Filtering };
  readonly hairpin: boolean;
  readonly unsolicited: Unsolicited;
  /** What was seen, in words, a line each. */
  readonly evidence: readonly string[];
}

export function judge(observation: Observation): Measured {
  const { udp, tcp, unsolicited } = observation;
  return {
    udp: { mapping: mapping(udp), filtering: udpFiltering(observation) },
    tcp: { mapping: mapping(tcp), filtering: tcpFiltering(observation) },
    hairpin: udp.hairpinnedFrom !== null && sameEndpoint(udp.hairpinnedFrom, udp.hairpinnedAs),
    unsolicited: unsolicited.udp === 'refused' ? 'icmp' : unsolicited.tcp === 'refused' ? 'rst' : 'drop',
    evidence: [
      `UDP from ${formatEndpoint(udp.local)} is seen as ${list(udp.seen)}`,
      `UDP to a port that had sent to A1:P1 only passes from ${udp.passed.join(', ') || 'nobody'}`,
      `UDP between two ports of the host by their public endpoints arrives ${udp.hairpinnedFrom === null ? 'not' : `from ${formatEndpoint(udp.hairpinnedFrom)}`}`,
      `TCP from ${formatEndpoint(tcp.local)} is seen as ${list(tcp.seen)}`,
      `TCP to a port that had connected to A1:P1 only: from A1's other port ${tcp.fromOtherPort}, from A2 ${tcp.fromOtherAddress}`,
      `unsolicited: TCP ${unsolicited.tcp}, UDP ${unsolicited.udp}`,
    ],
  };
}

function list(seen: readonly Endpoint[]): string {
  return seen.map((each, index) => `${formatEndpoint(each)} by ${endpointNames[index]}`).join(', ');
}

/** RFC 5780 section 4.3, with a fourth endpoint that shows a dependence on the port alone. */
function mapping({ local, seen }: { local: Endpoint; seen: readonly Endpoint[] }): MeasuredMapping {
  const [a1p1, a1p2, a2p1, a2p2] = seen as [Endpoint, Endpoint, Endpoint, Endpoint];
  const eachAddress = sameEndpoint(a1p1, a1p2) && sameEndpoint(a2p1, a2p2);
  if (!eachAddress) return 'address-and-port-dependent';
  if (!sameEndpoint(a1p1, a2p1)) return 'address-dependent';
  return sameEndpoint(a1p1, local) ? 'none' : 'endpoint-independent';
}

function udpFiltering({ udp: { passed } }: Observation): Filtering {
  if (passed.includes('A2:P1') || passed.includes('A2:P2')) return 'endpoint-independent';
  return passed.includes('A1:P2') ? 'address-dependent' : 'address-and-port-dependent';
}

function tcpFiltering({ tcp }: Observation): Filtering {
  if (tcp.fromOtherAddress === 'connected') return 'endpoint-independent';
  return tcp.fromOtherPort === 'connected' ? 'address-dependent' : 'address-and-port-dependent';
}

/** What differs between the behaviour asked for (null: no NAT) and what was measured; empty when nothing does. */
export function differences(
  asked: NatBehaviour | null,
  observation: Observation,
  measured: Measured,
): string[] {
  const faults: string[] = [];
  const expect = (what: string, wanted: unknown, found: unknown) => {
    if (wanted !== found) faults.push(`${what} is ${found}, not ${wanted}`);
  };
  for (const protocol of ['udp', 'tcp'] as const) {
    const name = protocol.toUpperCase();
    expect(`${name} mapping`, asked?.mapping ?? 'none', measured[protocol].mapping);
    expect(`${name} filtering`, asked?.filtering ?? 'endpoint-independent', measured[protocol].filtering);
    if (asked !== null) faults.push(...allocationFaults(name, asked, observation[protocol]));
  }
  if (!observation.udp.passed.includes('A1:P1')) faults.push('not even the endpoint sent to gets through');
  if (asked !== null) {
    expect('hairpinning', asked.hairpin, measured.hairpin);
    expect('the answer to unsolicited packets', asked.unsolicited, measured.unsolicited);
  }
  return faults;
}

function allocationFaults(
  name: string,
  { allocation }: NatBehaviour,
  { local, seen }: { local: Endpoint; seen: readonly Endpoint[] },
): string[] {
  const lawful = (port: number) =>
    allocation.law === 'preserving'
      ? port === local.port
      : port >= allocation.first && port <= allocation.last;
  const law =
    allocation.law === 'preserving'
      ? `${local.port}, the port inside`
      : `one of ${allocation.first} to ${allocation.last}`;
  return seen
    .filter(({ port }) => !lawful(port))
    .map(({ port }) => `${name} external port is ${port}, not ${law}`);
}

// Whether what was measured is what was asked for. Pure.

import type { Allocation, NatBehaviour } from '../nat/behaviour.ts';
import { traversalPorts } from '../nat/behaviour.ts';
import type { NatLayers } from '../nat/kinds.ts';
import { asOne } from '../nat/layers.ts';
import type { Measured, MeasuredAllocation, MeasuredProtocol } from './judge.ts';
import type { MappingObservation, Observation } from './observation.ts';

/**
 * What differs between the NATs asked for and what was measured; empty when nothing does. `hops`: how many routers packets
 * to the server pass, NATs among them; null where that does not show.
 */
export function differences(
  layers: NatLayers,
  hops: number | null,
  observation: Observation,
  measured: Measured,
): string[] {
  const asked = asOne(layers);
  const faults: string[] = [];
  const expect = (what: string, wanted: unknown, found: unknown) => {
    if (String(wanted) !== String(found)) faults.push(`${what} is ${found}, not ${wanted}`);
  };
  const blocks = (what: 'udp' | 'traversal-udp' | 'traversal-tcp') => asked?.blocked.includes(what) ?? false;

  expect('UDP', blocks('udp') ? 'blocked' : 'passing', measured.udp === null ? 'blocked' : 'passing');
  for (const protocol of ['udp', 'tcp'] as const) {
    const found = measured[protocol];
    const seen = observation[protocol];
    if (found === null || seen === null) continue;
    const name = protocol.toUpperCase();
    expect(`${name} mapping`, asked?.mapping ?? 'none', found.mapping);
    expect(`${name} filtering`, asked?.filtering ?? 'endpoint-independent', found.filtering);
    faults.push(...allocationFaults(name, asked, seen, found));
  }
  if (observation.udp !== null && !observation.udp.passed.includes('A1:P1')) {
    faults.push('not even the endpoint sent to gets through');
  }
  if (hops !== null) expect('the number of routers on the way', hops, measured.hops);
  const udpReached = blocks('udp') || blocks('traversal-udp') ? [] : traversalPorts;
  expect(
    'what of the NAT traversal server is reached over UDP',
    ports(udpReached),
    ports(measured.traversal.udp),
  );
  const tcpReached = blocks('traversal-tcp') ? [] : traversalPorts;
  expect(
    'what of the NAT traversal server is reached over TCP',
    ports(tcpReached),
    ports(measured.traversal.tcp),
  );
  if (asked !== null) faults.push(...natFaults(asked, measured, expect));
  return faults;
}

function natFaults(
  asked: NatBehaviour,
  { hairpin, unsolicited, poisoned, simultaneousOpen, udp, udpLifetime, tcpIdle }: Measured,
  expect: (what: string, wanted: unknown, found: unknown) => void,
): string[] {
  if (udp !== null) expect('hairpinning', asked.hairpin, hairpin);
  expect('simultaneous open', asked.simultaneousOpen, simultaneousOpen ?? 'unknown');
  expect('the answer to unsolicited packets', asked.unsolicited, unsolicited);
  if (poisoned !== null) {
    // What is let in to the host is not the NAT's own.
    expect('poisoning', asked.poisonable && asked.filtering !== 'endpoint-independent', poisoned);
  }
  const faults: string[] = [];
  if (udpLifetime !== null && udp !== null) {
    if (!udpLifetime.kept) faults.push(`a UDP mapping does not live for ${asked.udpLifetimeMs} ms`);
    expect('what refreshes a UDP mapping', asked.udpRefresh, udpLifetime.refresh);
  }
  if (tcpIdle !== null && asked.tcpIdle !== null) {
    if (!tcpIdle.kept) faults.push(`an idle TCP connection does not live for ${asked.tcpIdle.afterMs} ms`);
    const wanted = { 'black-hole': 'silence', reset: 'reset', 're-adopt': 'answered' }[asked.tcpIdle.outcome];
    expect('what an idle TCP connection meets', wanted, tcpIdle.outcome);
  }
  return faults;
}

function ports(list: readonly number[]): string {
  return list.join(' and ') || 'nothing';
}

/** A range is taken for used when the samples spread over this much of it: by chance they hardly ever do not. */
const leastSpread = 1 / 3;

function allocationFaults(
  name: string,
  asked: NatBehaviour | null,
  { local, seen, samples }: MappingObservation,
  { allocation: found }: MeasuredProtocol,
): string[] {
  const wanted: Allocation = asked?.allocation ?? { law: 'preserving' };
  const external = [...seen, ...samples.map((sample) => sample.seen)].map(({ port }) => port);
  if (wanted.law === 'preserving') {
    if (found.law === 'preserving') return [];
    const inside = [...seen.map(() => local.port), ...samples.map(({ localPort }) => localPort)];
    const at = external.findIndex((port, index) => port !== inside[index]);
    return [`${name} external port is ${external[at]}, not ${inside[at]}, the port inside`];
  }
  const outside = external.find((port) => port < wanted.first || port > wanted.last);
  if (outside !== undefined) {
    return [`${name} external port is ${outside}, not one of ${wanted.first} to ${wanted.last}`];
  }
  return isLawful(wanted, found)
    ? []
    : [`${name} external ports are ${inWords(found)}, not ${inWords(wanted)}`];
}

function isLawful(wanted: Allocation, found: MeasuredAllocation): boolean {
  if (wanted.law === 'sequential') return found.law === 'sequential' && found.step === wanted.step;
  if (wanted.law !== 'range' || found.law !== 'range') return wanted.law === found.law;
  return found.highest - found.lowest >= (wanted.last - wanted.first) * leastSpread;
}

function inWords(allocation: Allocation | MeasuredAllocation): string {
  switch (allocation.law) {
    case 'preserving':
      return 'those inside';
    case 'sequential':
      return `${allocation.step} apart`;
    case 'range':
      return 'first' in allocation
        ? `spread over ${allocation.first} to ${allocation.last}`
        : `within ${allocation.lowest} to ${allocation.highest}`;
  }
}

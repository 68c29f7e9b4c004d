// What a pairing needs to know of one side, out of its latest report.

import type { NatProfile, PortAllocation, Transport } from '@pinhole/wire';
import { isEndpointIndependent } from '../discovery/facts.ts';
import type { Allocation, DiscoveryReport, SynAnswer, TransportReport, Truth } from '../discovery/report.ts';
import { clientPorts } from './search.ts';

const widestStep = 32_767;

/** A side of which nothing is known. */
export const unknownProfile: NatProfile = {
  mapping: 'unknown',
  filtering: 'unknown',
  allocation: { kind: 'unknown' },
  answersSyn: 'unknown',
  poisonable: 'unknown',
  simultaneousOpen: 'unknown',
  natHops: null,
};

/** A side with a public address of its own that lets everybody in. */
export const openProfile: NatProfile = {
  ...unknownProfile,
  mapping: 'endpoint-independent',
  filtering: 'endpoint-independent',
  allocation: { kind: 'preserving' },
  natHops: 0,
};

export function profileOf(report: DiscoveryReport, transport: Transport): NatProfile {
  const { tcp, udp, natHops } = report;
  const own = report[transport];
  return {
    mapping: mappingOf(own),
    filtering: filteringOf(own),
    allocation: allocationOf(own.allocation.value),
    answersSyn: transport === 'tcp' ? answersSyn(tcp.unsolicitedSyn.value) : 'unknown',
    // Over TCP it shows only where the NAT lets SYNs in; but a device does it to both, or to neither.
    poisonable: own.poisonable.value === 'unknown' ? udp.poisonable.value : own.poisonable.value,
    simultaneousOpen: transport === 'tcp' ? tcp.simultaneousOpen.value : 'unknown',
    natHops: natHops.value,
  };
}

/** Also where the server could show but a part: with one address it says nothing of a dependence on that. */
function mappingOf(report: TransportReport): NatProfile['mapping'] {
  const { mapping, translated, mappingDependsOnAddress, mappingDependsOnPort } = report;
  if (mapping.value !== 'unknown') return mapping.value;
  if (translated.value === 'no' || isEndpointIndependent(report)) return 'endpoint-independent';
  if (mappingDependsOnPort.value === 'yes') return 'address-and-port-dependent';
  return mappingDependsOnAddress.value === 'yes' ? 'address-dependent' : 'unknown';
}

/** Also where it is not known whether it looks at addresses: it does not look at ports, and that is what counts. */
function filteringOf({ filtering, filteringDependsOnPort }: TransportReport): NatProfile['filtering'] {
  if (filtering.value !== 'unknown') return filtering.value;
  return filteringDependsOnPort.value === 'no' ? 'address-dependent' : 'unknown';
}

function allocationOf(allocation: Allocation | null): PortAllocation {
  switch (allocation?.kind) {
    case 'preserving':
      return { kind: 'preserving' };
    case 'sequential': {
      const step = Math.max(-widestStep, Math.min(widestStep, allocation.step));
      return { kind: 'sequential', step, lastPort: allocation.lastPort };
    }
    case 'block':
      return { kind: 'range', firstPort: allocation.firstPort, size: allocation.size };
    case 'random':
      return clientPorts;
    default:
      return { kind: 'unknown' };
  }
}

function answersSyn(answer: SynAnswer): Truth {
  switch (answer) {
    case 'rst':
    case 'icmp':
      return 'yes';
    case 'unknown':
      return 'unknown';
    default:
      return 'no';
  }
}

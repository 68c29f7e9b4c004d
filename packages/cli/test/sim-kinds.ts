// The lab's kinds of NAT on the simulated network, and what a compatibility check finds there.

import type { Protocol } from '@pinhole/contract';
import { type NatBehaviour as LabBehaviour, type NatKind, natKinds, traversalPorts } from '@pinhole/lab';
import { profileOf } from '@pinhole/nat';
import {
  createSimulation,
  type NatBehaviour,
  type PortAllocation,
  type SimHost,
  type Simulation,
} from '@pinhole/net/sim';
import { startTraversalServer } from '@pinhole/traversal';
import { ip, type NatProfile } from '@pinhole/wire';
import { pino } from 'pino';
import { discover, secret } from './discoverer.ts';

export const serverAddresses = ['203.0.113.10', '203.0.113.11'].map(ip);
export const outsideAddresses = { source: '198.51.100.1', target: '198.51.100.2' } as const;
export const testPort = 49_153;

/** Of each site's link, either way: what is usual within a continent. */
const linkMs = { least: 2, most: 60 } as const;
const jitterMs = 1;
/** A packet that only opens a NAT ahead, with a TTL of 2 or 3, is to die between the sites. */
const hops = 5;

export interface SimWorld {
  readonly simulation: Simulation;
  readonly server: SimHost;
  readonly siteOf: (role: keyof typeof outsideAddresses, nats: readonly NatBehaviour[]) => SimHost;
  /** From one site to the other at least, by the shorter way. */
  readonly oneWayMs: number;
}

/** A host with the server's addresses; what runs there is the caller's. How far away the sites are is by chance. */
export function newWorld(seed: number, lossRate = 0): SimWorld {
  const simulation = createSimulation({ seed });
  const outside = simulation.network('internet', { hops });
  const server = simulation.host({ name: 'server', network: outside, addresses: serverAddresses });
  const drawnMs = () => linkMs.least + server.net.random.below(linkMs.most - linkMs.least + 1);
  const linkOf = () => ({
    outgoing: { delayMs: drawnMs(), jitterMs, lossRate },
    incoming: { delayMs: drawnMs(), lossRate },
  });
  const links = { source: linkOf(), target: linkOf() };
  const { source, target } = links;
  return {
    simulation,
    server,
    siteOf: (name, nats) =>
      simulation.site({
        name,
        outside,
        outsideAddress: outsideAddresses[name],
        nats,
        link: links[name],
      }),
    oneWayMs: Math.min(
      source.outgoing.delayMs + target.incoming.delayMs,
      target.outgoing.delayMs + source.incoming.delayMs,
    ),
  };
}

export function simulatedNats(kind: NatKind): readonly NatBehaviour[] {
  return natKinds[kind].map(simulated);
}

/** What a compatibility check behind this kind of NAT finds. */
export async function discoveredProfiles(kind: NatKind, seed: number): Promise<Record<Protocol, NatProfile>> {
  const { simulation, server, siteOf } = newWorld(seed);
  const { net } = siteOf('source', simulatedNats(kind));
  const program = async () => {
    const log = pino({ level: 'silent' });
    const ports = [...traversalPorts];
    await startTraversalServer({ net: server.net, log, secret, addresses: serverAddresses, ports });
    return discover(net, testPort, {
      serverAddress: serverAddresses[0]!,
      serverPorts: ports,
      registered: null,
      localAddresses: net.host.interfaces().flatMap(({ ipAddresses }) => ipAddresses),
      keepAlives: { heldForMs: null, lostAfterMs: [] },
    });
  };
  const report = await simulation.runUntil(program());
  if (report === null) throw new Error('the discovery was closed');
  return { udp: profileOf(report, 'udp'), tcp: profileOf(report, 'tcp') };
}

/** The lab's words for a NAT in the simulator's; what the lab leaves to Linux is as Linux has it. */
function simulated(nat: LabBehaviour): NatBehaviour {
  return {
    mapping: nat.mapping,
    filtering: nat.filtering,
    allocation: allocationOf(nat),
    hairpinning: nat.hairpin,
    unsolicited: nat.unsolicited === 'rst' ? 'reset' : nat.unsolicited,
    // The RST of a NAT's own stack gives a TCP tuple free at once.
    poisonable: nat.poisonable && 'udp',
    simultaneousOpen: nat.simultaneousOpen,
    udpTimeoutMs: nat.udpLifetimeMs ?? 120_000,
    udpUnrepliedTimeoutMs: nat.udpLifetimeMs === null ? 30_000 : null,
    inboundRefresh: nat.udpRefresh === 'both',
    tcpTimeoutMs: nat.tcpIdle?.afterMs ?? 432_000_000,
    tcpTransitoryTimeoutMs: 120_000,
    tcpForgotten: nat.tcpIdle?.outcome ?? 're-adopt',
    blocked: nat.blocked.map((what) => {
      if (what === 'udp') return { protocol: 'udp' };
      return { protocol: what === 'traversal-udp' ? 'udp' : 'tcp', destinationPorts: traversalPorts };
    }),
  };
}

function allocationOf({ allocation, mapping }: LabBehaviour): PortAllocation {
  // conntrack tells flows apart by both their ends.
  const overload = mapping !== 'endpoint-independent';
  switch (allocation.law) {
    case 'preserving':
      return { kind: 'preserving', collision: 'other-port' };
    case 'range': {
      const size = allocation.last - allocation.first + 1;
      return { kind: 'block-random', firstPort: allocation.first, size, overload };
    }
    case 'sequential': {
      const { first: firstPort, last: lastPort, step } = allocation;
      return { kind: 'sequential', firstPort, lastPort, step, overload };
    }
  }
}

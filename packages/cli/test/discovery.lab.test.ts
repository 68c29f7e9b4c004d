// A discovery behind each of the lab's NATs: what it calls them is what they were built to be.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Allocation,
  asOne,
  type Dependence,
  type NatBehaviour,
  type NatKind,
  natKindNames,
  natKinds,
} from '@pinhole/lab';
import type { DiscoveryReport, NatLayer, TransportReport, TrialOutcome, TrialPlan } from '@pinhole/nat';
import { discoverIn, poisonTestPort, startServer, tryIn } from './discovery-lab.ts';
import { System } from './system.ts';

/** Each waits more than it works, but the times of some of its packets count. */
const atOnce = 8;
const truth = (holds: boolean) => (holds ? 'yes' : 'no');

/** A range that is wider than this is taken for all ports. */
const widestBlock = 16_384;

function allocationOf(allocation: Allocation) {
  switch (allocation.law) {
    case 'preserving':
      return { kind: 'preserving' };
    case 'range':
      return { kind: allocation.last - allocation.first < widestBlock ? 'block' : 'random' };
    case 'sequential':
      return { kind: 'sequential', step: allocation.step };
  }
}

/**
 * What can be told over TCP: where each destination has its own mapping, who is let in cannot answer from it; that
 * everybody is shows by a SYN that comes in.
 */
function tcpFiltering({ mapping, filtering }: NatBehaviour): Dependence | 'unknown' {
  if (mapping === 'endpoint-independent' || filtering === 'endpoint-independent') return filtering;
  return mapping === 'address-dependent' && filtering === 'address-and-port-dependent'
    ? filtering
    : 'unknown';
}

function transportOf({ mapping, filtering, allocation }: NatBehaviour) {
  const preserved = truth(allocation.law === 'preserving');
  return { reachable: 'yes', mapping, filtering, allocation: allocationOf(allocation), preserved };
}

const unreached = {
  reachable: 'no',
  mapping: 'unknown',
  filtering: 'unknown',
  allocation: null,
  preserved: 'unknown',
  poisonable: 'unknown',
};

function expectedUdp(behaviour: NatBehaviour) {
  const { blocked, mapping, poisonable } = behaviour;
  if (blocked.includes('udp') || blocked.includes('traversal-udp')) return unreached;
  const told = mapping === 'endpoint-independent';
  return { ...transportOf(behaviour), poisonable: told ? truth(poisonable) : 'unknown' };
}

function expectedTcp(behaviour: NatBehaviour) {
  const { blocked, mapping, filtering, unsolicited, simultaneousOpen } = behaviour;
  if (blocked.includes('traversal-tcp'))
    return { ...unreached, unsolicitedSyn: 'unknown', simultaneousOpen: 'unknown' };
  const told = mapping === 'endpoint-independent';
  // Without a filter, or without simultaneous open, there is nothing to compare.
  const poisoned = told && filtering === 'address-and-port-dependent' && simultaneousOpen;
  const opens = mapping !== 'address-and-port-dependent';
  return {
    ...transportOf(behaviour),
    filtering: tcpFiltering(behaviour),
    // A SYN takes no port of a Linux NAT: once its own stack has refused it, conntrack lets the flow go.
    poisonable: poisoned ? 'no' : 'unknown',
    simultaneousOpen: opens ? truth(simultaneousOpen) : 'unknown',
    unsolicitedSyn:
      filtering === 'endpoint-independent'
        ? 'admitted'
        : // To a program a port-unreachable error is what a RST is.
          { drop: 'drop', rst: 'rst', icmp: 'rst', host: 'rst' }[unsolicited],
  };
}

/** A host that has a public address: as behind a NAT that changes nothing and lets all in. */
const open: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'endpoint-independent',
  allocation: { law: 'preserving' },
  hairpin: true,
  unsolicited: 'drop',
  poisonable: false,
  simultaneousOpen: true,
  udpLifetimeMs: null,
  udpRefresh: 'both',
  tcpIdle: null,
  blocked: [],
};

function expected(kind: NatKind) {
  const layers = natKinds[kind];
  const behaviour = asOne(layers) ?? open;
  const udp = expectedUdp(behaviour);
  const kinds: NatLayer['kind'][] = ['private', 'carrier-grade'];
  const traced = udp.reachable === 'yes';
  return {
    udp,
    tcp: expectedTcp(behaviour),
    natHops: traced ? layers.length : null,
    natLayers: traced ? layers.map((_, i) => ({ hop: i + 1, kind: kinds[i] })) : null,
  };
}

function allocationLabel(allocation: TransportReport['allocation']['value']) {
  if (allocation === null) return null;
  const { kind } = allocation;
  return kind === 'sequential' ? { kind, step: allocation.step } : { kind };
}

function shared({ reachable, mapping, filtering, allocation, portPreserved, poisonable }: TransportReport) {
  return {
    reachable: reachable.value,
    mapping: mapping.value,
    filtering: filtering.value,
    allocation: allocationLabel(allocation.value),
    preserved: portPreserved.value,
    poisonable: poisonable.value,
  };
}

function labels({ udp, tcp, natHops, natLayers }: DiscoveryReport) {
  const { simultaneousOpen, unsolicitedSyn } = tcp;
  return {
    udp: shared(udp),
    tcp: { ...shared(tcp), simultaneousOpen: simultaneousOpen.value, unsolicitedSyn: unsolicitedSyn.value },
    natHops: natHops.value,
    natLayers: natLayers.value?.map(({ hop, kind }) => ({ hop, kind })) ?? null,
  };
}

const lifetimes = ['eim-apdf-udp10', 'eim-apdf-udp10-outbound'] as const satisfies NatKind[];
/** These NATs forget after 10 s. */
const plans: readonly TrialPlan[] = [
  { kind: 'udp', idleMs: 7_000 },
  { kind: 'udp', idleMs: 14_000 },
  { kind: 'udp-unreplied', idleMs: 7_000 },
  { kind: 'udp-unreplied', idleMs: 14_000 },
  { kind: 'udp-inbound', idleMs: 14_000, inboundEveryMs: 3_000 },
];

const found = new Map<NatKind, { report: DiscoveryReport; tookMs: number }>();
const tried = new Map<NatKind, TrialOutcome[]>();
const siteOf = (kind: NatKind) => `s${natKindNames.indexOf(kind)}`;
const poisoned = { site: 'poisoned', kind: 'eim-apdf-poisonable' } as const;
const sites = Object.fromEntries(natKindNames.map((kind) => [siteOf(kind), kind]));
let foundPoisoned: DiscoveryReport | null = null;
await System.use({ ...sites, [poisoned.site]: poisoned.kind }, async (system) => {
  await startServer(system);
  await poisonTestPort(system, poisoned.site);
  foundPoisoned = (await discoverIn(system, poisoned.site)).report;
  const trials = lifetimes.map(async (kind) => tried.set(kind, await tryIn(system, siteOf(kind), plans)));
  const waiting = natKindNames.values();
  const work = async () => {
    for (const kind of waiting) found.set(kind, await discoverIn(system, siteOf(kind)));
  };
  await Promise.all([...trials, ...Array.from({ length: atOnce }, work)]);
});

describe("a discovery behind each of the lab's NATs", () => {
  for (const kind of natKindNames) {
    it(`finds ${kind} to be so`, (t) => {
      const { report, tookMs } = found.get(kind)!;
      t.diagnostic(`${Math.round(tookMs)} ms`);
      assert.deepEqual(labels(report), expected(kind), JSON.stringify(report));
    });
  }
});

describe('a discovery at a test port that a peer has poisoned', () => {
  const evidence = () => JSON.stringify(foundPoisoned);

  it('sees several public endpoints there', () => {
    const seen = foundPoisoned?.udp.mapping.evidence.map(({ received }) => received.split(',')[0]);
    assert.equal(new Set(seen).size > 1, true, evidence());
  });

  it('and says of the NAT what a fresh port shows', () => {
    assert.ok(foundPoisoned !== null);
    assert.deepEqual(labels(foundPoisoned).udp, expected(poisoned.kind).udp, evidence());
  });
});

describe('trials of lifetimes behind a NAT that forgets after 10 s', () => {
  for (const kind of lifetimes) {
    it(`${kind}: alive after 7 s and not after 14 s, replied or not, and what keeps it so`, () => {
      const kept = kind === 'eim-apdf-udp10' ? 'lived' : 'died';
      assert.deepEqual(
        tried.get(kind)?.map((outcome) => outcome.kind),
        ['lived', 'died', 'lived', 'died', kept],
        JSON.stringify(tried.get(kind)),
      );
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Dependence, type DiscoveryReport, verdictOf } from '@pinhole/nat';
import { createSimulation, type NatBehaviour, type PortAllocation } from '@pinhole/net/sim';
import { startTraversalServer } from '@pinhole/traversal';
import { ip } from '@pinhole/wire';
import { pino } from 'pino';
import { discover as discoverFrom, secret } from './discoverer.ts';

const testPort = 49153;
const publicAddress = '198.51.100.1';

interface World {
  /** Null for a host with a public address. */
  readonly nat: Partial<NatBehaviour> | null;
  /** Between the agent and its NAT, which then say or do not say when a TTL is at an end. */
  readonly routersBefore?: number;
  readonly silentRouters?: boolean;
  /** A second NAT outside, and the addresses of the network between the two. */
  readonly provider?: {
    readonly outside: Partial<NatBehaviour>;
    readonly addresses: readonly [inside: string, ofFirst: string];
  };
  readonly serverAddresses?: readonly string[];
  readonly delayMs?: number;
  /** Of the server's link, each way. */
  readonly lossRate?: number;
  readonly seed?: number;
}

/** A discovery by a real agent's driver at a real server, through a simulated NAT. */
async function discover({
  nat,
  routersBefore = 0,
  silentRouters = false,
  provider,
  serverAddresses = ['203.0.113.10', '203.0.113.11'],
  delayMs = 10,
  lossRate = 0,
  seed = 7,
}: World): Promise<{ report: DiscoveryReport; tookMs: number }> {
  const simulation = createSimulation({ seed });
  const internet = simulation.network('internet');
  const link = { outgoing: { delayMs, lossRate }, incoming: { delayMs, lossRate } };
  const datacentre = simulation.network('datacentre');
  const legs = [
    { network: datacentre, address: '203.0.113.1' },
    { network: internet, address: '198.51.100.254' },
  ];
  simulation.router({ legs });
  const server = simulation.host({
    name: 'server',
    network: datacentre,
    addresses: serverAddresses,
    ...link,
  });
  let home = nat === null ? internet : simulation.network('home');
  const ownAddress = nat === null ? publicAddress : '10.0.0.2';
  if (nat !== null) {
    const between = provider === undefined ? internet : simulation.network('provider');
    const leg = {
      inside: home,
      insideAddress: routersBefore === 0 ? '10.0.0.1' : '10.9.0.1',
      outside: between,
    };
    const [insideAddress, ofFirst] = provider?.addresses ?? ['', publicAddress];
    simulation.nat({ ...leg, outsideAddresses: [ofFirst], behaviour: nat });
    if (provider !== undefined) {
      const outer = { inside: between, insideAddress, outside: internet };
      simulation.nat({ ...outer, outsideAddresses: [publicAddress], behaviour: provider.outside });
    }
    for (let i = routersBefore; i > 0; i--) {
      const inner = simulation.network(`home ${i}`);
      const legs = [
        { network: inner, address: i === 1 ? '10.0.0.1' : `10.${i}.0.1` },
        { network: home, address: `10.${i}.0.9` },
      ];
      simulation.router({ legs, silent: silentRouters });
      home = inner;
    }
  }
  const agent = simulation.host({ name: 'agent', network: home, addresses: [ownAddress] });
  const program = async () => {
    const log = pino({ level: 'silent' });
    const addresses = serverAddresses.map(ip);
    await startTraversalServer({ net: server.net, log, secret, addresses, ports: [9119, 9120] });
    const beganMs = simulation.nowMs;
    const report = await discoverFrom(agent.net, testPort, {
      serverAddress: addresses[0]!,
      serverPorts: [9119, 9120],
      registered: null,
      localAddresses: [ip(ownAddress)],
      keepAlives: { heldForMs: 600_000, lostAfterMs: [] },
    });
    assert.ok(report !== null);
    return { report, tookMs: simulation.nowMs - beganMs };
  };
  return simulation.runUntil(program());
}

const dependences = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const;
const allocations: readonly PortAllocation[] = [
  { kind: 'preserving', collision: 'other-port' },
  { kind: 'sequential', firstPort: 20_000, step: 2 },
  { kind: 'random' },
  { kind: 'block-random', firstPort: 2048, size: 512 },
];
const nameOf = {
  preserving: 'preserving',
  sequential: 'sequential',
  random: 'random',
  'block-random': 'block',
};

/** What can be told of it: what comes from elsewhere than was asked shows only where everything comes in. */
function tcpFiltering(mapping: Dependence, filtering: Dependence): Dependence | 'unknown' {
  if (mapping === 'endpoint-independent' || filtering === 'endpoint-independent') return filtering;
  const portMatters = filtering === 'address-and-port-dependent';
  return mapping === 'address-dependent' && portMatters ? filtering : 'unknown';
}

describe('every kind of NAT is recognised over UDP and TCP', () => {
  for (const mapping of dependences) {
    for (const filtering of dependences) {
      for (const allocation of allocations) {
        it(`${mapping} mapping, ${filtering} filtering, ${allocation.kind} ports`, async () => {
          const { report } = await discover({ nat: { mapping, filtering, allocation } });
          for (const found of [report.udp, report.tcp]) {
            assert.equal(found.translated.value, 'yes');
            assert.equal(found.mapping.value, mapping);
            assert.equal(found.allocation.value?.kind, nameOf[allocation.kind]);
            assert.equal(found.portPreserved.value, allocation.kind === 'preserving' ? 'yes' : 'no');
            assert.equal(found.pairedPooling.value, 'yes');
          }
          assert.equal(report.udp.filtering.value, filtering);
          assert.equal(report.tcp.filtering.value, tcpFiltering(mapping, filtering));
          const independent = mapping === 'endpoint-independent';
          assert.equal(report.udp.poisonable.value, independent ? 'no' : 'unknown');
          if (independent) {
            const answer = filtering === 'endpoint-independent' ? 'admitted' : 'drop';
            assert.equal(report.tcp.unsolicitedSyn.value, answer);
          }
          const verdict = verdictOf(report);
          for (const { supported, failedRequirement } of [verdict.udp, verdict.tcp]) {
            assert.deepEqual([supported, failedRequirement], independent ? ['yes', null] : ['no', 2]);
          }
        });
      }
    }
  }
});

describe('what else is found out', () => {
  it('no NAT at all', async () => {
    const { report } = await discover({ nat: null });
    assert.equal(report.natHops.value, 0);
    assert.deepEqual(report.natLayers.value, []);
    for (const found of [report.udp, report.tcp]) {
      assert.equal(found.translated.value, 'no');
      assert.equal(found.filtering.value, 'endpoint-independent');
    }
    assert.equal(report.privateAddress.value, 'no');
    assert.equal(verdictOf(report).udp.supported, 'yes');
    assert.equal(verdictOf(report).tcp.supported, 'yes');
  });

  it('a private address', async () => {
    const { report } = await discover({ nat: {} });
    assert.equal(report.privateAddress.value, 'yes');
  });

  for (const hairpinning of [true, false]) {
    it(`hairpinning: ${hairpinning}`, async () => {
      const { report } = await discover({ nat: { hairpinning } });
      assert.equal(report.udp.hairpinning.value, hairpinning ? 'yes' : 'no');
      assert.equal(report.tcp.hairpinning.value, hairpinning ? 'yes' : 'no');
    });
  }

  for (const [unsolicited, expected] of [
    ['drop', 'drop'],
    ['reset', 'rst'],
    // A port-unreachable error looks to a program as a RST does.
    ['icmp', 'rst'],
  ] as const) {
    it(`the answer to an unsolicited SYN: ${unsolicited}`, async () => {
      const { report } = await discover({ nat: { unsolicited } });
      assert.equal(report.tcp.unsolicitedSyn.value, expected);
      assert.equal(report.tcp.simultaneousOpen.value, 'yes');
    });
  }

  for (const poisonable of [true, false]) {
    it(`first-packet poisoning: ${poisonable}`, async () => {
      const { report } = await discover({ nat: { poisonable } });
      assert.equal(report.udp.poisonable.value, poisonable ? 'yes' : 'no');
      assert.equal(report.tcp.poisonable.value, poisonable ? 'yes' : 'no');
    });
  }

  for (const delayMs of [0, 10, 100, 180]) {
    for (const simultaneousOpen of [true, false]) {
      it(`simultaneous open over ${delayMs} ms: ${simultaneousOpen}`, async () => {
        const { report } = await discover({ nat: { simultaneousOpen }, delayMs });
        assert.equal(report.tcp.simultaneousOpen.value, simultaneousOpen ? 'yes' : 'no');
        const { tcp, udp } = verdictOf(report);
        assert.deepEqual(
          [tcp.supported, tcp.failedRequirement],
          simultaneousOpen ? ['yes', null] : ['no', 4],
        );
        assert.equal(udp.supported, 'yes');
      });
    }
  }

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`the same where one packet in ten is lost each way (${seed})`, async () => {
      const { report } = await discover({
        nat: { allocation: { kind: 'sequential', firstPort: 20_000, step: 3 } },
        lossRate: 0.1,
        seed,
      });
      for (const found of [report.udp, report.tcp]) {
        assert.equal(found.mapping.value, 'endpoint-independent');
        assert.ok(found.allocation.value?.kind === 'sequential');
        assert.equal(found.allocation.value.step, 3);
      }
      assert.equal(report.udp.filtering.value, 'address-and-port-dependent');
    });
  }

  it('is told within 10 s, whatever is dropped', async () => {
    const { tookMs } = await discover({ nat: { simultaneousOpen: false, hairpinning: false }, delayMs: 200 });
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
  });
});

describe('how far away the outermost NAT is', () => {
  const symmetric = { mapping: 'address-and-port-dependent', allocation: { kind: 'random' } } as const;

  for (const [name, nat] of [
    ['by the TTL that opens its filter', {}],
    ['by the TTL that opens its filter towards an address', { filtering: 'address-dependent' }],
    ['by where private addresses end, without a filter', { filtering: 'endpoint-independent' }],
    ['by where private addresses end, with a mapping for each destination', symmetric],
  ] as const) {
    it(name, async () => {
      for (const routersBefore of [0, 1, 4]) {
        const { report } = await discover({ nat, routersBefore });
        assert.equal(report.natHops.value, routersBefore + 1);
        assert.deepEqual(report.natLayers.value?.at(-1)?.hop, routersBefore + 1);
      }
    });
  }

  it("behind a provider's NAT: the one that has a filter, and both where private networks end", async () => {
    const provider = {
      outside: { filtering: 'endpoint-independent' },
      addresses: ['100.64.0.1', '100.64.0.2'],
    } as const;
    const { report } = await discover({ nat: {}, provider });
    assert.equal(report.natHops.value, 1);
    assert.deepEqual(report.natLayers.value, [
      { hop: 1, address: '10.0.0.1', kind: 'private' },
      { hop: 2, address: '100.64.0.1', kind: 'carrier-grade' },
    ]);
    const filtering = await discover({ nat: {}, provider: { ...provider, outside: {} } });
    assert.equal(filtering.report.natHops.value, 2);
  });

  it('is exact where routers say nothing', async () => {
    const { report } = await discover({ nat: {}, routersBefore: 2, silentRouters: true });
    assert.equal(report.natHops.value, 3);
  });

  it('is told by a server with one address', async () => {
    const { report } = await discover({ nat: {}, serverAddresses: ['203.0.113.10'] });
    assert.equal(report.natHops.value, 1);
  });

  it('is unknown where nothing can be sent to the server', async () => {
    const { report } = await discover({ nat: {}, lossRate: 1 });
    assert.deepEqual([report.natHops.value, report.natLayers.value], [null, null]);
  });
});

describe('a server with one address', () => {
  const serverAddresses = ['203.0.113.10'];

  it('tells what depends on the port, and leaves the rest unknown', async () => {
    const { report } = await discover({ nat: { allocation: { kind: 'random' } }, serverAddresses });
    assert.equal(report.udp.mappingDependsOnPort.value, 'no');
    assert.equal(report.udp.mappingDependsOnAddress.value, 'unknown');
    assert.equal(report.udp.mapping.value, 'unknown');
    assert.equal(report.udp.filtering.value, 'address-and-port-dependent');
    assert.equal(report.udp.poisonable.value, 'no');
    assert.equal(verdictOf(report).udp.supported, 'unknown');
  });

  it('finds a NAT symmetric that is so by the port', async () => {
    const mapping = 'address-and-port-dependent';
    const { report } = await discover({ nat: { mapping }, serverAddresses });
    assert.equal(report.tcp.mapping.value, mapping);
    assert.equal(verdictOf(report).tcp.failedRequirement, 2);
  });

  it('finds a NAT that keeps ports as they are good enough', async () => {
    const { report } = await discover({ nat: {}, serverAddresses });
    const { udp, tcp } = verdictOf(report);
    assert.deepEqual([udp.supported, tcp.supported], ['yes', 'yes']);
  });
});

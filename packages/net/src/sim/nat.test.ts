import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Endpoint, endpoint, ip } from '@pinhole/wire';
import { Generator } from './generator.ts';
import { Nat } from './nat.ts';
import { DEFAULT_BEHAVIOUR, type Dependence, type NatBehaviour } from './nat-behaviour.ts';

const DEPENDENCES: readonly Dependence[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
];
const EXTERNAL = ip('198.51.100.1');
const inside = endpoint('10.0.0.2', 5000);
const neighbour = endpoint('10.0.0.3', 5000);
const remote = endpoint('203.0.113.1', 1000);
const otherPort = endpoint('203.0.113.1', 1001);
const otherAddress = endpoint('203.0.113.2', 1000);

const create = (behaviour: Partial<NatBehaviour> = {}, addresses = [EXTERNAL]) =>
  new Nat({ ...DEFAULT_BEHAVIOUR, ...behaviour }, addresses, new Generator(1));

const port = (nat: Nat, from: Endpoint, to: Endpoint, nowMs = 0) =>
  nat.outbound('udp', from, to, nowMs)?.port;

describe('mapping (RFC 4787 section 4.1)', () => {
  const reuses: Record<Dependence, [sameAddress: boolean, otherAddress: boolean]> = {
    'endpoint-independent': [true, true],
    'address-dependent': [true, false],
    'address-and-port-dependent': [false, false],
  };
  for (const mapping of DEPENDENCES) {
    it(`${mapping} uses a mapping again where it says so`, () => {
      const nat = create({ mapping, allocation: { kind: 'random' } });
      const first = port(nat, inside, remote);
      assert.equal(port(nat, inside, remote), first);
      assert.deepEqual(
        [port(nat, inside, otherPort) === first, port(nat, inside, otherAddress) === first],
        reuses[mapping],
      );
    });
  }

  it('answers what came in by the mapping that it came to, and by no other', () => {
    for (const mapping of DEPENDENCES) {
      const nat = create({ mapping, filtering: 'endpoint-independent', allocation: { kind: 'random' } });
      const external = nat.outbound('udp', inside, remote, 0)!;
      nat.inbound('udp', external, otherAddress, 1);
      assert.deepEqual(nat.outbound('udp', inside, otherAddress, 2), external);
      const toOthers = nat.outbound('udp', inside, { ...otherAddress, port: 7 }, 3);
      assert.equal(toOthers?.port === external.port, mapping === 'endpoint-independent');
    }
  });

  it('keeps UDP and TCP apart', () => {
    const nat = create({ allocation: { kind: 'random' } });
    assert.notEqual(nat.outbound('tcp', inside, remote, 0)?.port, port(nat, inside, remote));
  });
});

describe('filtering (RFC 4787 section 5)', () => {
  const admits: Record<Dependence, [same: boolean, otherPort: boolean, otherAddress: boolean]> = {
    'endpoint-independent': [true, true, true],
    'address-dependent': [true, true, false],
    'address-and-port-dependent': [true, false, false],
  };
  for (const mapping of DEPENDENCES) {
    for (const filtering of DEPENDENCES) {
      it(`${filtering}, with ${mapping} mapping`, () => {
        const nat = create({ mapping, filtering });
        const external = nat.outbound('udp', inside, remote, 0)!;
        const seen = [remote, otherPort, otherAddress].map((from) => nat.inbound('udp', external, from, 1));
        assert.deepEqual(
          seen,
          admits[filtering].map((admitted) => (admitted ? inside : null)),
        );
      });
    }
  }

  it('admits nothing to a port without a mapping', () => {
    assert.equal(
      create({ filtering: 'endpoint-independent' }).inbound(
        'udp',
        { address: EXTERNAL, port: 5000 },
        remote,
        0,
      ),
      null,
    );
  });
});

describe('port allocation', () => {
  it('preserving keeps the inside port, and gives a neighbour another', () => {
    const nat = create();
    assert.equal(port(nat, inside, remote), 5000);
    assert.notEqual(port(nat, neighbour, remote), 5000);
  });

  it('preserving with overload shares the port, and tells replies apart by their sender', () => {
    const nat = create({ allocation: { kind: 'preserving', collision: 'overload' } });
    const external = nat.outbound('udp', inside, remote, 0)!;
    assert.deepEqual(nat.outbound('udp', neighbour, otherAddress, 0), external);
    assert.deepEqual(nat.inbound('udp', external, remote, 1), inside);
    assert.deepEqual(nat.inbound('udp', external, otherAddress, 1), neighbour);
  });

  it('sequential counts by its step, over taken ports and round the end', () => {
    const nat = create({
      mapping: 'address-and-port-dependent',
      allocation: { kind: 'sequential', firstPort: 65_532, step: 2 },
    });
    const ports = [remote, otherPort, otherAddress].map((to) => port(nat, inside, to));
    assert.deepEqual(ports, [65_532, 65_534, 1024]);
  });

  it('sequential begins again after its last port, and counts for UDP and TCP apart', () => {
    const allocation = { kind: 'sequential', firstPort: 4000, step: 2, lastPort: 4003 } as const;
    const nat = create({ mapping: 'address-and-port-dependent', allocation });
    assert.equal(nat.outbound('tcp', inside, remote, 0)?.port, 4000);
    const ports = [remote, otherPort, otherAddress].map((to) => port(nat, inside, to));
    assert.deepEqual(ports, [4000, 4002, undefined]);
    assert.equal(port(nat, inside, otherAddress, DEFAULT_BEHAVIOUR.udpTimeoutMs), 4000);
  });

  it('sequential gives its ports again to other remote endpoints, with overload', () => {
    const allocation = {
      kind: 'sequential',
      firstPort: 4000,
      step: 1,
      lastPort: 4001,
      overload: true,
    } as const;
    const nat = create({ mapping: 'address-and-port-dependent', allocation });
    assert.deepEqual(
      [remote, otherPort, otherAddress].map((to) => port(nat, inside, to)),
      [4000, 4001, 4000],
    );
    assert.equal(port(nat, neighbour, otherAddress), 4001);
    assert.equal(port(nat, { ...neighbour, port: 6000 }, otherAddress), undefined);
  });

  it('with overload a block has room for more flows than ports, told apart by their remote endpoints', () => {
    const allocation = { kind: 'block-random', firstPort: 2048, size: 16, overload: true } as const;
    const nat = create({ mapping: 'address-and-port-dependent', allocation });
    const local = (i: number) => endpoint('10.0.0.2', 5000 + i);
    const remotes = Array.from({ length: 100 }, (_, i) => endpoint('203.0.113.9', i + 1));
    const externals = remotes.map((to, i) => nat.outbound('udp', local(i), to, 0)!);
    assert.ok(externals.every((external) => external.port >= 2048 && external.port < 2064));
    for (const [i, external] of externals.entries()) {
      assert.deepEqual(nat.inbound('udp', external, remotes[i]!, 1), local(i));
    }
    // To one remote endpoint each port leads once.
    const sameRemote = Array.from({ length: 17 }, (_, i) => port(nat, local(200 + i), remote));
    assert.equal(new Set(sameRemote.slice(0, 16)).size, 16);
    assert.equal(sameRemote[16], undefined);
  });

  it('block-random stays within its block, uses every port once, and then has none', () => {
    const nat = create({
      mapping: 'address-and-port-dependent',
      allocation: { kind: 'block-random', firstPort: 2048, size: 16 },
    });
    const ports = Array.from({ length: 16 }, (_, i) => port(nat, inside, endpoint('203.0.113.9', i + 1))!);
    assert.deepEqual(
      [...ports].sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => 2048 + i),
    );
    assert.notDeepEqual(
      ports,
      [...ports].sort((a, b) => a - b),
    );
    assert.equal(port(nat, inside, remote), undefined);
  });

  it('random spreads over all ports', () => {
    const nat = create({ mapping: 'address-and-port-dependent', allocation: { kind: 'random' } });
    const ports = Array.from({ length: 500 }, (_, i) => port(nat, inside, endpoint('203.0.113.9', i + 1))!);
    assert.equal(new Set(ports).size, 500);
    assert.ok(Math.min(...ports) >= 1024 && Math.min(...ports) < 4000 && Math.max(...ports) > 62_000);
  });

  it('pools addresses in pairs: a host keeps its external address (REQ-2)', () => {
    const nat = create({ mapping: 'address-dependent' }, [EXTERNAL, ip('198.51.100.2')]);
    const address = (from: Endpoint, to: Endpoint) => nat.outbound('udp', from, to, 0)!.address;
    assert.equal(address(inside, remote), EXTERNAL);
    assert.equal(address(neighbour, remote), ip('198.51.100.2'));
    assert.equal(address(inside, otherAddress), EXTERNAL);
  });
});

describe('mapping lifetime (RFC 4787 section 4.3)', () => {
  const timeouts = { udpTimeoutMs: 30_000, tcpTimeoutMs: 100_000 };

  it('ends when nothing goes out', () => {
    const nat = create(timeouts);
    const external = nat.outbound('udp', inside, remote, 0)!;
    assert.deepEqual(nat.inbound('udp', external, remote, 29_999), inside);
    assert.equal(nat.inbound('udp', external, remote, 30_000), null);
  });

  it('is refreshed by what goes out', () => {
    const nat = create(timeouts);
    const external = nat.outbound('udp', inside, remote, 0)!;
    nat.outbound('udp', inside, remote, 20_000);
    assert.deepEqual(nat.inbound('udp', external, remote, 49_999), inside);
  });

  for (const inboundRefresh of [false, true]) {
    it(`is ${inboundRefresh ? '' : 'not '}refreshed by what comes in, with inboundRefresh ${inboundRefresh}`, () => {
      const nat = create({ ...timeouts, inboundRefresh });
      const external = nat.outbound('udp', inside, remote, 0)!;
      nat.inbound('udp', external, remote, 20_000);
      assert.deepEqual(nat.inbound('udp', external, remote, 40_000), inboundRefresh ? inside : null);
    });
  }

  it('is another for TCP, and another still until more than SYNs have passed (RFC 5382 REQ-5)', () => {
    const nat = create({ ...timeouts, tcpTransitoryTimeoutMs: 50_000 });
    const external = nat.outbound('tcp', inside, remote, 0)!;
    assert.deepEqual(nat.inbound('tcp', external, remote, 49_999), inside);
    assert.equal(nat.inbound('tcp', external, remote, 50_000), null);
    nat.outbound('tcp', inside, otherPort, 0);
    nat.outbound('tcp', inside, otherPort, 1, false);
    assert.deepEqual(nat.inbound('tcp', external, otherPort, 100_000), inside);
    assert.equal(nat.inbound('tcp', external, otherPort, 100_001), null);
  });

  for (const tcpForgotten of ['re-adopt', 'black-hole', 'reset'] as const) {
    it(`once over, TCP goes on without a SYN only where the NAT re-adopts: ${tcpForgotten}`, () => {
      const nat = create({ ...timeouts, tcpForgotten });
      const external = nat.outbound('tcp', inside, remote, 0)!;
      nat.outbound('tcp', inside, remote, 1, false);
      assert.deepEqual(nat.outbound('tcp', inside, remote, 100_000, false), external);
      const goesOn = nat.outbound('tcp', inside, remote, 200_000, false);
      assert.deepEqual(goesOn, tcpForgotten === 're-adopt' ? external : null);
      assert.deepEqual(nat.outbound('tcp', inside, remote, 200_001, true), external);
    });
  }

  it('may be shorter for UDP until something has come back', () => {
    const nat = create({ ...timeouts, udpUnrepliedTimeoutMs: 10_000 });
    const external = nat.outbound('udp', inside, remote, 0)!;
    nat.outbound('udp', inside, otherPort, 0);
    assert.deepEqual(nat.inbound('udp', external, remote, 9_999), inside);
    // What comes back does not refresh by itself: the next that goes out does.
    nat.outbound('udp', inside, remote, 9_999);
    nat.outbound('udp', inside, otherPort, 9_999);
    assert.equal(nat.inbound('udp', external, otherPort, 19_999), null);
    assert.deepEqual(nat.inbound('udp', external, remote, 39_998), inside);
    assert.equal(nat.inbound('udp', external, remote, 39_999), null);
  });

  it('frees the port', () => {
    const nat = create(timeouts);
    port(nat, inside, remote);
    assert.equal(port(nat, neighbour, remote, 30_000), 5000);
    assert.notEqual(port(nat, inside, remote, 30_001), 5000);
  });

  it('is not touched by ICMP errors (REQ-12)', () => {
    const nat = create(timeouts);
    const external = nat.outbound('udp', inside, remote, 0)!;
    assert.deepEqual(nat.insideOf('udp', external, remote, 20_000), inside);
    assert.deepEqual(nat.externalOf('udp', inside, remote, 20_000), external);
    assert.equal(nat.insideOf('udp', external, remote, 30_000), null);
    assert.equal(nat.externalOf('udp', inside, remote, 30_000), null);
  });
});

describe('a poisonable NAT', () => {
  for (const poisonable of [true, false]) {
    it(`${poisonable ? 'moves' : 'keeps'} a flow whose peer came first`, () => {
      const nat = create({ poisonable });
      const external = nat.outbound('udp', inside, remote, 0)!;
      assert.equal(nat.inbound('udp', external, otherAddress, 1), null);
      const moved = nat.outbound('udp', inside, otherAddress, 2)!;
      assert.equal(moved.port === external.port, !poisonable);
      // It stays there, its replies come in, and other flows are where they were.
      assert.deepEqual(nat.outbound('udp', inside, otherAddress, 3), moved);
      assert.deepEqual(nat.inbound('udp', moved, otherAddress, 4), inside);
      assert.deepEqual(nat.outbound('udp', inside, otherPort, 5), external);
    });
  }

  it('may be so to one protocol only', () => {
    const nat = create({ poisonable: 'udp' });
    for (const protocol of ['udp', 'tcp'] as const) {
      const external = nat.outbound(protocol, inside, remote, 0)!;
      assert.equal(nat.inbound(protocol, external, otherAddress, 1), null);
      const later = nat.outbound(protocol, inside, otherAddress, 2)!;
      assert.equal(later.port === external.port, protocol === 'tcp');
    }
  });

  it('does not move a flow whose own side came first', () => {
    const nat = create({ poisonable: true });
    const external = nat.outbound('udp', inside, remote, 0)!;
    assert.deepEqual(nat.inbound('udp', external, remote, 1), inside);
    assert.deepEqual(nat.outbound('udp', inside, remote, 2), external);
  });
});

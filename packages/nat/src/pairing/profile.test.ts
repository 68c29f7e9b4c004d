import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DiscoveryReport, Fact, TcpReport, TransportReport, UdpReport } from '../discovery/report.ts';
import { profileOf } from './profile.ts';

function fact<Value>(value: Value): Fact<Value> {
  return { value, evidence: [] };
}

/** Nothing was found out. */
const nothing: TransportReport = {
  reachable: fact('unknown'),
  mapped: fact(null),
  translated: fact('unknown'),
  mappingDependsOnAddress: fact('unknown'),
  mappingDependsOnPort: fact('unknown'),
  mapping: fact('unknown'),
  filteringDependsOnAddress: fact('unknown'),
  filteringDependsOnPort: fact('unknown'),
  filtering: fact('unknown'),
  portPreserved: fact('unknown'),
  allocation: fact(null),
  pairedPooling: fact('unknown'),
  hairpinning: fact('unknown'),
  mappingLifetimeMs: fact(null),
  poisonable: fact('unknown'),
};

interface Change {
  readonly udp?: Partial<UdpReport>;
  readonly tcp?: Partial<TcpReport>;
  readonly natHops?: number;
}

function reportOf({ udp = {}, tcp = {}, natHops }: Change): DiscoveryReport {
  return {
    udp: { ...nothing, unrepliedLifetimeMs: fact(null), inboundRefresh: fact('unknown'), ...udp },
    tcp: { ...nothing, unsolicitedSyn: fact('unknown'), simultaneousOpen: fact('unknown'), ...tcp },
    privateAddress: fact('unknown'),
    keepAlives: fact('unknown'),
    natHops: fact(natHops ?? null),
    natLayers: fact(null),
  };
}

const ofUdp = (udp: Partial<UdpReport>) => profileOf(reportOf({ udp }), 'udp');
const ofTcp = (tcp: Partial<TcpReport>) => profileOf(reportOf({ tcp }), 'tcp');

describe('what is told of a NAT', () => {
  it('is nothing where nothing was found out', () => {
    for (const transport of ['udp', 'tcp'] as const) {
      assert.deepEqual(profileOf(reportOf({}), transport), {
        mapping: 'unknown',
        filtering: 'unknown',
        allocation: { kind: 'unknown' },
        answersSyn: 'unknown',
        poisonable: 'unknown',
        simultaneousOpen: 'unknown',
        natHops: null,
      });
    }
  });

  it('is what was found out for the transport', () => {
    const report = reportOf({
      udp: {
        mapping: fact('address-dependent'),
        filtering: fact('address-and-port-dependent'),
        poisonable: fact('no'),
      },
      tcp: {
        mapping: fact('endpoint-independent'),
        filtering: fact('endpoint-independent'),
        unsolicitedSyn: fact('admitted'),
        simultaneousOpen: fact('no'),
      },
      natHops: 1,
    });
    const [udp, tcp] = [profileOf(report, 'udp'), profileOf(report, 'tcp')];
    assert.deepEqual([udp.mapping, tcp.mapping], ['address-dependent', 'endpoint-independent']);
    assert.deepEqual([udp.filtering, tcp.filtering], ['address-and-port-dependent', 'endpoint-independent']);
    assert.deepEqual([udp.simultaneousOpen, tcp.simultaneousOpen], ['unknown', 'no']);
    assert.deepEqual([udp.answersSyn, tcp.answersSyn], ['unknown', 'no']);
    assert.deepEqual([udp.natHops, tcp.natHops], [1, 1]);
  });

  for (const [name, udp, tcp, told] of [
    ['TCP has shown', 'no', 'yes', 'yes'],
    ['UDP has shown, where TCP could not', 'yes', 'unknown', 'yes'],
    ['TCP has refuted', 'yes', 'no', 'no'],
  ] as const) {
    it(`says of poisoning by SYNs what ${name}`, () => {
      const report = reportOf({ udp: { poisonable: fact(udp) }, tcp: { poisonable: fact(tcp) } });
      assert.deepEqual(
        [profileOf(report, 'udp').poisonable, profileOf(report, 'tcp').poisonable],
        [udp, told],
      );
    });
  }

  for (const [answer, answersSyn] of [
    ['admitted', 'no'],
    ['drop', 'no'],
    ['rst', 'yes'],
    ['icmp', 'yes'],
    ['unknown', 'unknown'],
  ] as const) {
    it(`is ${answersSyn} of an answer to a SYN that met: ${answer}`, () =>
      assert.equal(ofTcp({ unsolicitedSyn: fact(answer) }).answersSyn, answersSyn));
  }
});

describe('a mapping that a server with one address could show but in part', () => {
  for (const [name, report, mapping] of [
    ['the same for both its ports', { mappingDependsOnPort: fact('no') }, 'endpoint-independent'],
    [
      'the same for both its ports, not for its addresses',
      { mappingDependsOnPort: fact('no'), mappingDependsOnAddress: fact('yes') },
      'address-dependent',
    ],
    ['another for each of its ports', { mappingDependsOnPort: fact('yes') }, 'address-and-port-dependent'],
    ['no NAT at all', { translated: fact('no') }, 'endpoint-independent'],
    ['not even that', { translated: fact('yes') }, 'unknown'],
  ] as const satisfies readonly [string, Partial<UdpReport>, string][]) {
    it(`${name}: ${mapping}`, () => assert.equal(ofUdp(report).mapping, mapping));
  }
});

describe('a filter that was seen but in part', () => {
  for (const [name, report, filtering] of [
    ['lets in from other ports', { filteringDependsOnPort: fact('no') }, 'address-dependent'],
    ['may let in from other ports', { filteringDependsOnAddress: fact('yes') }, 'unknown'],
  ] as const satisfies readonly [string, Partial<TcpReport>, string][]) {
    it(`${name}: ${filtering}`, () => assert.equal(ofTcp(report).filtering, filtering));
  }
});

describe('the ports that a NAT gives', () => {
  for (const [name, found, told] of [
    ['too few were seen', null, { kind: 'unknown' }],
    ['the local ones', { kind: 'preserving' }, { kind: 'preserving' }],
    [
      'the next one each time',
      { kind: 'sequential', step: -2, lastPort: 40_000, othersPerSecond: 3 },
      { kind: 'sequential', step: -2, lastPort: 40_000 },
    ],
    [
      'steps wider than can be told',
      { kind: 'sequential', step: 40_000, lastPort: 20_000, othersPerSecond: 0 },
      { kind: 'sequential', step: 32_767, lastPort: 20_000 },
    ],
    ['a block', { kind: 'block', firstPort: 2048, size: 512 }, { kind: 'range', firstPort: 2048, size: 512 }],
    [
      'all ports, of which a few were seen',
      { kind: 'random', lowestPort: 1500, highestPort: 60_000 },
      { kind: 'range', firstPort: 1024, size: 64_512 },
    ],
  ] as const) {
    it(name, () => assert.deepEqual(ofUdp({ allocation: fact(found) }).allocation, told));
  }
});

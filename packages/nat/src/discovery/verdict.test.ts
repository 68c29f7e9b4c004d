import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DiscoveryReport, Fact, TcpReport, TransportReport } from './report.ts';
import { verdictOf } from './verdict.ts';

const evidence = [{ sent: 'this', received: 'that' }];

function fact<Value>(value: Value): Fact<Value> {
  return { value, evidence };
}

/** All is well, behind a NAT that translates ports. */
const good: TransportReport = {
  reachable: fact('yes'),
  mapped: fact(null),
  translated: fact('yes'),
  mappingDependsOnAddress: fact('no'),
  mappingDependsOnPort: fact('no'),
  mapping: fact('endpoint-independent'),
  filteringDependsOnAddress: fact('unknown'),
  filteringDependsOnPort: fact('unknown'),
  filtering: fact('unknown'),
  portPreserved: fact('no'),
  allocation: fact({ kind: 'random', lowestPort: 1024, highestPort: 65_535 }),
  pairedPooling: fact('yes'),
  hairpinning: fact('unknown'),
  mappingLifetimeMs: fact(null),
  poisonable: fact('no'),
};

interface Change {
  readonly udp?: Partial<TransportReport>;
  readonly tcp?: Partial<TcpReport>;
  readonly keepAlives?: DiscoveryReport['keepAlives'];
}

function judged({ udp = {}, tcp = {}, keepAlives = fact('yes') }: Change) {
  const verdict = verdictOf({
    udp: { ...good, unrepliedLifetimeMs: fact(null), inboundRefresh: fact('unknown'), ...udp },
    tcp: { ...good, unsolicitedSyn: fact('drop'), simultaneousOpen: fact('yes'), ...tcp },
    privateAddress: fact('yes'),
    keepAlives,
    natHops: fact(null),
    natLayers: fact(null),
  });
  const short = ({ supported, failedRequirement }: (typeof verdict)['udp']) =>
    failedRequirement === null ? supported : `${supported}: ${failedRequirement}`;
  return { udp: short(verdict.udp), tcp: short(verdict.tcp), verdict };
}

const symmetric = {
  mapping: fact('address-and-port-dependent'),
  mappingDependsOnPort: fact('yes'),
} satisfies Partial<TransportReport>;
const oneServerAddress = {
  mapping: fact('unknown'),
  mappingDependsOnAddress: fact('unknown'),
} satisfies Partial<TransportReport>;
const preserving = {
  portPreserved: fact('yes'),
  allocation: fact({ kind: 'preserving' }),
} satisfies Partial<TransportReport>;

describe('the verdict by the four requirements', () => {
  const cases: readonly (readonly [name: string, change: Change, udp: string, tcp: string])[] = [
    ['all is well', {}, 'yes', 'yes'],
    ['UDP does not get through', { udp: { reachable: fact('no') } }, 'no: 1', 'yes'],
    [
      'TCP does not get through: neither does a registration',
      { tcp: { reachable: fact('no') } },
      'no: 1',
      'no: 1',
    ],
    ['symmetric for UDP', { udp: symmetric }, 'no: 2', 'yes'],
    ['symmetric for TCP', { tcp: symmetric }, 'yes', 'no: 2'],
    [
      'other mappings for other addresses only',
      { udp: { mapping: fact('address-dependent'), mappingDependsOnAddress: fact('yes') } },
      'no: 2',
      'yes',
    ],
    ['a server with one address cannot tell', { udp: oneServerAddress }, 'unknown', 'yes'],
    [
      'but where ports stay as they are, it can',
      { udp: { ...oneServerAddress, ...preserving } },
      'yes',
      'yes',
    ],
    [
      'no NAT, whatever else is unknown',
      { udp: { ...oneServerAddress, translated: fact('no') } },
      'yes',
      'yes',
    ],
    ['connections are cut', { keepAlives: fact('no') }, 'no: 3', 'no: 3'],
    ['the first check knows nothing of keep-alives', { keepAlives: fact('unknown') }, 'yes', 'yes'],
    ['no simultaneous open', { tcp: { simultaneousOpen: fact('no') } }, 'yes', 'no: 4'],
    [
      'a server that cannot test simultaneous open',
      { tcp: { simultaneousOpen: fact('unknown') } },
      'yes',
      'unknown',
    ],
    ['of two that failed, the first', { tcp: symmetric, keepAlives: fact('no') }, 'no: 3', 'no: 2'],
    [
      'a failure counts more than what is unknown',
      { udp: oneServerAddress, keepAlives: fact('no') },
      'no: 3',
      'no: 3',
    ],
  ];
  for (const [name, change, udp, tcp] of cases) {
    it(name, () => {
      const found = judged(change);
      assert.deepEqual([found.udp, found.tcp], [udp, tcp]);
    });
  }

  it('what failed comes with its evidence and with advice, what holds with neither', () => {
    const { verdict } = judged({ tcp: { simultaneousOpen: fact('no') } });
    assert.deepEqual(verdict.tcp.evidence, evidence);
    assert.match(verdict.tcp.advice ?? '', /simultaneous open/);
    assert.deepEqual([verdict.udp.evidence, verdict.udp.advice], [[], null]);
  });
});

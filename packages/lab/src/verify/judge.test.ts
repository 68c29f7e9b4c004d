import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, endpoint } from '@pinhole/wire';
import { behaviourOf } from '../nat/behaviour.ts';
import { differences, judge } from './judge.ts';
import type { Observation } from './observation.ts';

const inside = endpoint('10.1.0.2', 40000);
const outside = (port: number) => endpoint('198.51.100.2', port);

/** As a NAT of kind eim-apdf is seen. */
function observation(change: {
  seen?: Endpoint[];
  passed?: Observation['udp']['passed'];
  hairpinnedFrom?: Endpoint | null;
  tcp?: Partial<Observation['tcp']>;
  unsolicited?: Partial<Observation['unsolicited']>;
}): Observation {
  const seen = change.seen ?? [40000, 40000, 40000, 40000].map(outside);
  return {
    udp: {
      local: inside,
      seen,
      passed: change.passed ?? ['A1:P1'],
      hairpinnedFrom: change.hairpinnedFrom ?? null,
      hairpinnedAs: seen[0]!,
    },
    tcp: { local: inside, seen, fromOtherPort: 'silence', fromOtherAddress: 'silence', ...change.tcp },
    unsolicited: { tcp: 'silence', udp: 'silence', ...change.unsolicited },
  };
}

const mappings: [ports: number[], mapping: string][] = [
  [[1, 1, 1, 1], 'endpoint-independent'],
  [[1, 1, 2, 2], 'address-dependent'],
  [[1, 2, 1, 2], 'address-and-port-dependent'],
  [[1, 2, 3, 4], 'address-and-port-dependent'],
  [[1, 1, 1, 2], 'address-and-port-dependent'],
];

for (const [ports, mapping] of mappings) {
  test(`ports ${ports} seen by the four endpoints: ${mapping}`, () => {
    const measured = judge(observation({ seen: ports.map(outside) }));
    assert.equal(measured.udp.mapping, mapping);
    assert.equal(measured.tcp.mapping, mapping);
  });
}

test('a host that is seen as it is has no NAT', () => {
  assert.equal(judge(observation({ seen: [inside, inside, inside, inside] })).udp.mapping, 'none');
});

test('UDP filtering is the widest sender that passes', () => {
  const filtering = (...passed: Observation['udp']['passed']) => judge(observation({ passed })).udp.filtering;
  assert.equal(filtering('A1:P1'), 'address-and-port-dependent');
  assert.equal(filtering('A1:P1', 'A1:P2'), 'address-dependent');
  assert.equal(filtering('A1:P1', 'A1:P2', 'A2:P1', 'A2:P2'), 'endpoint-independent');
});

test('TCP filtering is the widest opener that connects; a refusal is no connection', () => {
  const filtering = (tcp: Partial<Observation['tcp']>) => judge(observation({ tcp })).tcp.filtering;
  assert.equal(filtering({ fromOtherPort: 'refused' }), 'address-and-port-dependent');
  assert.equal(filtering({ fromOtherPort: 'connected' }), 'address-dependent');
  assert.equal(
    filtering({ fromOtherPort: 'connected', fromOtherAddress: 'connected' }),
    'endpoint-independent',
  );
});

test('a SYN refused alone is RST; a datagram refused as well is ICMP', () => {
  const unsolicited = (change: Partial<Observation['unsolicited']>) =>
    judge(observation({ unsolicited: change })).unsolicited;
  assert.equal(unsolicited({}), 'drop');
  assert.equal(unsolicited({ tcp: 'refused' }), 'rst');
  assert.equal(unsolicited({ tcp: 'refused', udp: 'refused' }), 'icmp');
});

test('hairpinning counts only with the external source (RFC 4787 REQ-9a)', () => {
  assert.equal(judge(observation({ hairpinnedFrom: outside(40000) })).hairpin, true);
  assert.equal(judge(observation({ hairpinnedFrom: inside })).hairpin, false);
});

function faults(kind: Parameters<typeof behaviourOf>[0], seen: Observation): string[] {
  return differences(behaviourOf(kind), seen, judge(seen));
}

test('a NAT that is what it is called has no differences', () => {
  assert.deepEqual(faults('eim-apdf', observation({})), []);
});

test('each difference is named, with what was asked for', () => {
  assert.deepEqual(faults('eim-adf', observation({})), [
    'UDP filtering is address-and-port-dependent, not address-dependent',
    'TCP filtering is address-and-port-dependent, not address-dependent',
  ]);
  assert.deepEqual(faults('eim-apdf-rst', observation({})), [
    'the answer to unsolicited packets is drop, not rst',
  ]);
  assert.deepEqual(
    faults('eim-apdf-range', observation({})).at(0),
    'UDP external port is 40000, not one of 20000 to 29999',
  );
  assert.deepEqual(faults('eim-apdf', observation({ passed: [] })), [
    'not even the endpoint sent to gets through',
  ]);
});

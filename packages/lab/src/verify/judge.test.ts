import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './judge.ts';
import { inside, observation, outside } from './observation.example.ts';
import type { Attempt, Observation } from './observation.ts';

const mappings: [ports: number[], mapping: string][] = [
  [[1, 1, 1, 1], 'endpoint-independent'],
  [[1, 1, 2, 2], 'address-dependent'],
  [[1, 2, 1, 2], 'address-and-port-dependent'],
  [[1, 2, 3, 4], 'address-and-port-dependent'],
  [[1, 1, 1, 2], 'address-and-port-dependent'],
];

for (const [ports, mapping] of mappings) {
  test(`ports ${ports} seen by the four endpoints: ${mapping}`, () => {
    const seen = ports.map(outside);
    const measured = judge(observation({ udp: { seen }, tcp: { seen } }));
    assert.equal(measured.udp!.mapping, mapping);
    assert.equal(measured.tcp.mapping, mapping);
  });
}

test('a host that is seen as it is has no NAT', () => {
  assert.equal(judge(observation({ udp: { seen: [inside, inside, inside, inside] } })).udp!.mapping, 'none');
});

test('UDP filtering is the widest sender that passes', () => {
  const filtering = (...passed: NonNullable<Observation['udp']>['passed']) =>
    judge(observation({ udp: { passed } })).udp!.filtering;
  assert.equal(filtering('A1:P1'), 'address-and-port-dependent');
  assert.equal(filtering('A1:P1', 'A1:P2'), 'address-dependent');
  assert.equal(filtering('A1:P1', 'A1:P2', 'A2:P1', 'A2:P2'), 'endpoint-independent');
});

test('TCP filtering is the widest opener that connects; a reset is no connection', () => {
  const filtering = (tcp: Partial<Observation['tcp']>) => judge(observation({ tcp })).tcp.filtering;
  assert.equal(filtering({ fromOtherPort: 'reset' }), 'address-and-port-dependent');
  assert.equal(filtering({ fromOtherPort: 'connected' }), 'address-dependent');
  assert.equal(
    filtering({ fromOtherPort: 'connected', fromOtherAddress: 'connected' }),
    'endpoint-independent',
  );
});

test('what a SYN and a datagram met tells what the NAT does with unsolicited packets', () => {
  const unsolicited = (tcp: Attempt, udp: Attempt) =>
    judge(observation({ unsolicited: { tcp, udp } })).unsolicited;
  assert.equal(unsolicited('silence', 'silence'), 'drop');
  assert.equal(unsolicited('reset', 'silence'), 'rst');
  assert.equal(unsolicited('icmp', 'icmp'), 'icmp');
  assert.equal(unsolicited('reset', 'icmp'), 'host');
  assert.equal(unsolicited('icmp', 'silence'), 'icmp to TCP and silence to UDP');
});

const allocations: [law: string, samples: [inside: number, outside: number][], allocation: unknown][] = [
  ['the port inside', [[1, 1], [9, 9]], { law: 'preserving' }], // biome-ignore format: a table
  ['one after the other', [[7, 40001], [5, 40003], [9, 40002]], { law: 'sequential', step: 1 }], // biome-ignore format: a table
  ['two apart', [[7, 40006], [5, 40002], [9, 40004]], { law: 'sequential', step: 2 }], // biome-ignore format: a table
  ['no order', [[7, 41000], [5, 47000], [9, 40010]], { law: 'range', lowest: 40000, highest: 47000 }], // biome-ignore format: a table
];

for (const [law, samples, allocation] of allocations) {
  test(`ports given by this law: ${law}`, () => {
    const seen = {
      samples: samples.map(([localPort, port]) => ({ localPort, seen: outside(port) })),
    };
    assert.deepEqual(judge(observation({ udp: seen, tcp: seen })).udp!.allocation, allocation);
    assert.deepEqual(judge(observation({ udp: seen, tcp: seen })).tcp.allocation, allocation);
  });
}

test('poisoning is another port after a first packet in; where ports differ anyway it cannot be told', () => {
  const poisoned = (udp: Parameters<typeof observation>[0]['udp']) => judge(observation({ udp })).poisoned;
  const moved = { beforeFirstPacketIn: outside(50000), afterFirstPacketIn: outside(1234) };
  assert.equal(poisoned({}), false);
  assert.equal(poisoned(moved), true);
  assert.equal(poisoned({ ...moved, seen: [1, 2, 3, 4].map(outside) }), null);
  assert.equal(judge({ ...observation({}), udp: null }).poisoned, null);
});

test('where the host repeats its own SYN, the one that came to meet it did not come in', () => {
  const passes = (simultaneousOpen: Observation['tcp']['simultaneousOpen']) =>
    judge(observation({ tcp: { simultaneousOpen } })).simultaneousOpen;
  assert.deepEqual([passes('answered'), passes('repeated'), passes('silence')], [true, false, null]);
});

test('hairpinning counts only with the external source (RFC 4787 REQ-9a)', () => {
  assert.equal(judge(observation({ udp: { hairpinnedFrom: outside(40000) } })).hairpin, true);
  assert.equal(judge(observation({ udp: { hairpinnedFrom: inside } })).hairpin, false);
  const other = { hairpinnedFrom: outside(1234) };
  assert.equal(judge(observation({ udp: other })).hairpin, false);
  const seen = [1, 2, 3, 4].map(outside);
  assert.equal(judge(observation({ udp: { ...other, seen } })).hairpin, true);
});

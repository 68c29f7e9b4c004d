import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatLayers } from '../nat/kinds.ts';
import { natKinds } from '../nat/kinds.ts';
import { differences } from './differences.ts';
import { judge } from './judge.ts';
import { inside, observation, outside } from './observation.example.ts';
import type { Observation } from './observation.ts';

function faults(layers: NatLayers, seen: Observation): string[] {
  // The site's router, and the core.
  return differences(layers, layers.length + 2, seen, judge(seen));
}

test('a NAT that is what it is called has no differences', () => {
  assert.deepEqual(faults(natKinds['eim-apdf'], observation({})), []);
});

test('each difference is named, with what was asked for', () => {
  assert.deepEqual(faults(natKinds['eim-adf'], observation({})), [
    'UDP filtering is address-and-port-dependent, not address-dependent',
    'TCP filtering is address-and-port-dependent, not address-dependent',
  ]);
  assert.deepEqual(faults(natKinds['eim-apdf-rst'], observation({})), [
    'the answer to unsolicited packets is drop, not rst',
  ]);
  assert.deepEqual(faults(natKinds['eim-apdf'], observation({ udp: { passed: [] } })), [
    'not even the endpoint sent to gets through',
  ]);
});

test('a NAT more or less on the way is seen by the number of routers', () => {
  assert.deepEqual(faults(natKinds['eim-cgn'], observation({})), [
    'the number of routers on the way is 3, not 4',
  ]);
  assert.deepEqual(faults(natKinds['eim-cgn'], observation({ hops: 4 })), []);
});

test('where UDP is asked to be blocked, and only there, no answer to any is right', () => {
  const blocked = { ...observation({ traversal: { udp: [], tcp: [9119, 9120] } }), udp: null };
  assert.deepEqual(faults(natKinds['udp-blocked'], blocked), []);
  assert.deepEqual(faults(natKinds['eim-apdf'], blocked), [
    'UDP is blocked, not passing',
    'what of the NAT traversal server is reached over UDP is nothing, not 9119 and 9120',
  ]);
  assert.equal(faults(natKinds['udp-blocked'], observation({}))[0], 'UDP is passing, not blocked');
});

function spread(...ports: number[]): Observation {
  const seen = [ports[0]!, ports[0]!, ports[0]!, ports[0]!].map(outside);
  const samples = ports.slice(1).map((port, index) => ({ localPort: 50_000 + index, seen: outside(port) }));
  return observation({ udp: { seen, samples }, tcp: { seen, samples } });
}

test('ports outside of the range asked for, in an order, or within a small part of it are not of the range', () => {
  const asked = natKinds['eim-apdf-range'];
  assert.deepEqual(faults(asked, spread(20_000, 29_999, 24_000)), []);
  assert.equal(
    faults(asked, spread(40_000, 25_000))[0],
    'UDP external port is 40000, not one of 20000 to 29999',
  );
  assert.equal(
    faults(asked, spread(20_001, 20_002, 20_003))[0],
    'UDP external ports are 1 apart, not spread over 20000 to 29999',
  );
  assert.equal(
    faults(asked, spread(20_000, 20_301, 20_511))[0],
    'UDP external ports are within 20000 to 20511, not spread over 20000 to 29999',
  );
});

test('a port that is not the one inside is no preserved one', () => {
  assert.equal(
    faults(natKinds['eim-apdf'], spread(inside.port, 41_000))[0],
    'UDP external port is 41000, not 50000, the port inside',
  );
});

test('a lifetime has two ends and a way to be prolonged', () => {
  const asked = natKinds['eim-apdf-udp10'];
  const lifetime = (beforeEnd: boolean, afterEnd: boolean, afterInbound: boolean) =>
    faults(asked, observation({ udpLifetime: { beforeEnd, afterEnd, afterInbound } }));
  assert.deepEqual(lifetime(true, false, true), []);
  assert.deepEqual(lifetime(true, true, true), ['a UDP mapping does not live for 10000 ms']);
  assert.deepEqual(lifetime(false, false, true), ['a UDP mapping does not live for 10000 ms']);
  assert.deepEqual(lifetime(true, false, false), ['what refreshes a UDP mapping is outbound, not both']);
});

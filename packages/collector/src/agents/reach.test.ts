import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IpAddress, ip } from '@pinhole/wire';
import { facts } from '../../test/harness.ts';
import { endpointSeenFrom, type Reachable, signsOfNat } from './reach.ts';

function agent(own: string[], observed: string | null, change: Partial<Reachable> = {}): Reachable {
  return {
    behindNat: false,
    targetForTests: null,
    observedAddress: observed === null ? null : ip(observed),
    facts: { ...facts, port: 50_000, interfaces: [{ interfaceName: 'eth0', ipAddresses: own }] },
    ...change,
  };
}

const elsewhere = agent(['198.51.100.1'], '198.51.100.1');
const onCollectorsMachine = agent(['192.168.1.5'], '127.0.0.1');

const table: [string, Reachable, Reachable, string | null][] = [
  [
    'the address that its settings name, also behind a NAT',
    agent(['10.0.0.1'], '203.0.113.1', { targetForTests: ip('203.0.113.9'), behindNat: true }),
    elsewhere,
    '203.0.113.9',
  ],
  ['nowhere when behind a NAT', agent(['10.0.0.1'], '203.0.113.1', { behindNat: true }), elsewhere, null],
  [
    'the address it comes from, when that is its own',
    agent(['203.0.113.1', '203.0.113.2'], '203.0.113.2'),
    elsewhere,
    '203.0.113.2',
  ],
  [
    'its own private address, seen as such',
    agent(['10.0.0.1', '203.0.113.1'], '10.0.0.1'),
    elsewhere,
    '10.0.0.1',
  ],
  [
    'its first public address',
    agent(['fe80::1', '10.0.0.1', '203.0.113.1'], '203.0.113.7'),
    elsewhere,
    '203.0.113.1',
  ],
  ['loopback, for an agent on the same machine', onCollectorsMachine, onCollectorsMachine, '127.0.0.1'],
  ['its own address, for an agent elsewhere', onCollectorsMachine, elsewhere, '192.168.1.5'],
  ['the observed address, when it has none of its own', agent([], '203.0.113.1'), elsewhere, '203.0.113.1'],
  ['nowhere, when nothing is known', agent([], null), elsewhere, null],
];

for (const [what, peer, viewer, expected] of table) {
  test(`an agent is reached at ${what}`, () => {
    const address = expected as IpAddress | null;
    assert.deepEqual(endpointSeenFrom(viewer, peer), address === null ? null : { address, port: 50_000 });
  });
}

test('what tells of a NAT is an address that is not the agent’s, or that there are private ones only', () => {
  const signs = (own: string[], observed: string) =>
    signsOfNat({ ...agent(own, observed), agentName: 'branch' }).map((sentence) =>
      sentence.split(' ').at(-1),
    );
  assert.deepEqual(signs(['203.0.113.1'], '203.0.113.1'), []);
  assert.deepEqual(signs(['203.0.113.1'], '127.0.0.1'), []);
  assert.deepEqual(signs(['203.0.113.1'], '198.51.100.1'), ['NAT.']);
  assert.deepEqual(signs(['10.0.0.1', 'fe80::1'], '198.51.100.1'), ['10.0.0.1.', 'NAT.']);
  assert.deepEqual(signs(['10.0.0.1'], '10.9.9.9'), ['10.0.0.1.']);
});

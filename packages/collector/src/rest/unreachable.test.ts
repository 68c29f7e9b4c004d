import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip } from '@pinhole/wire';
import { unreachableReasons } from './unreachable.ts';

const agent = (addresses: string[], observed: string | null, behindNat = false) => ({
  agentName: 'branch',
  behindNat,
  targetForTests: null,
  observedAddress: observed === null ? null : ip(observed),
  facts: {
    hostname: 'h',
    version: '1',
    port: 49153,
    limitations: [],
    interfaces: [{ interfaceName: 'eth0', ipAddresses: addresses }],
  },
});

describe('an agent that nobody reaches', () => {
  it('with private addresses, seen as another, is behind a NAT', () => {
    assert.deepEqual(unreachableReasons(agent(['10.2.0.2'], '198.51.100.18')), [
      'branch has private addresses only: 10.2.0.2.',
      'Its requests come from 198.51.100.18, which it does not have: it is behind a NAT.',
      'Nothing came back from its port 49153: inbound traffic to it is blocked, or it is not running.',
      'The source begins every session, so the target must let it in, whatever the direction of the test.',
      'NAT traversal is likely to be required: tick "Behind a NAT" for branch.',
    ]);
  });

  it('with a public address of its own is behind a firewall, or not there', () => {
    const reasons = unreachableReasons(agent(['203.0.113.9'], '203.0.113.9'));
    assert.equal(reasons.length, 3);
    assert.match(reasons[0] ?? '', /inbound traffic to it is blocked/);
  });

  it('is not told to tick what is ticked', () => {
    assert.ok(unreachableReasons(agent(['10.2.0.2'], null, true)).every((each) => !each.includes('tick')));
  });
});

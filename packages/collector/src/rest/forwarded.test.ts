import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageHeader } from '@pinhole/contract';
import { facts, startWorld, type World } from '../../test/harness.ts';
import { forwardedAddress } from './forwarded.ts';

for (const [entry, address] of [
  ['203.0.113.20', '203.0.113.20'],
  [' 203.0.113.20:1234', '203.0.113.20'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:DB8::1]:80 ', '2001:DB8::1'],
  ['[::ffff:203.0.113.20]:80', '::ffff:203.0.113.20'],
  ['unknown', 'unknown'],
  ['203.0.113.20:http', '203.0.113.20:http'],
  ['', ''],
] as const)
  test(`whoever is forwarded for as "${entry}" is ${address === '' ? 'nobody' : address}`, () => {
    assert.equal(forwardedAddress(entry), address);
  });

function signIn({ collector }: World, forwardedFor: string) {
  return fetch(`${collector.url}/page/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [pageHeader]: '1', 'x-forwarded-for': forwardedFor },
    body: JSON.stringify({ name: `somebody ${forwardedFor}`, password: 'x' }),
  });
}

for (const [family, from] of [
  ['IPv4', (at: number) => `203.0.113.20:${50_000 + at}`],
  ['IPv6', (at: number) => `[2001:db8::20]:${50_000 + at}`],
] as const)
  test(`attempts from many ports of one ${family} address are one address’s`, async (t) => {
    const world = await startWorld(t, { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
    const statuses: number[] = [];
    // Two proxies, both of which write ports.
    for (let at = 0; at < 22; at += 1)
      statuses.push((await signIn(world, `${from(at)}, 10.1.2.3:${40_000 + at}`)).status);
    assert.deepEqual(statuses, [...Array(20).fill(401), 429, 429]);
    assert.equal((await signIn(world, '203.0.113.21:50000')).status, 401);
  });

test('an agent’s address is seen without the port of the proxy’s note', async (t) => {
  const world = await startWorld(t, { trustedProxies: ['127.0.0.1'], accountToken: 'the-account-token' });
  const { status } = await fetch(`${world.collector.url}/agent/v1/enroll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7:1234' },
    body: JSON.stringify({ accountToken: 'the-account-token', agentName: 'x', facts }),
  });
  assert.equal(status, 201);
  const { body } = await world.rest('GET', '/v7/agents');
  assert.deepEqual(body.agents[0].publicIpAddresses, ['203.0.113.7']);
});

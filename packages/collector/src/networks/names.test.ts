import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@pinhole/net';
import { type IpAddress, ip } from '@pinhole/wire';
import { startDnsServer, type Zone } from '../../test/dns-server.ts';
import { createNames, noNames } from './names.ts';
import { createReverseDns } from './reverse-dns.ts';

const addresses = (count: number) => Array.from({ length: count }, (_, at) => ip(`10.9.8.${at + 1}`));
/** Longer than any look-up on loopback takes. */
const longMs = 60_000;

/** Time goes on when it is told to. */
function standingClock(): Clock & { advance(byMs: number): void } {
  let nowMs = 0;
  const timers = new Map<() => void, number>();
  return {
    wallMs: () => nowMs,
    monotonicNs: () => nowMs * 1e6,
    after(delayMs, callback) {
      const fire = () => callback();
      timers.set(fire, nowMs + delayMs);
      return { cancel: () => void timers.delete(fire) };
    },
    advance(byMs) {
      nowMs += byMs;
      for (const [fire, dueMs] of [...timers]) if (dueMs <= nowMs && timers.delete(fire)) fire();
    },
  };
}

async function namesOf(t: TestContext, zone: Zone, limits: Parameters<typeof createNames>[2] = {}) {
  const dns = await startDnsServer(t, zone);
  const clock = standingClock();
  const names = createNames(createReverseDns([dns.server]), clock, limits);
  t.after(() => names.close());
  return { names, dns, clock };
}

describe('reverse DNS', () => {
  const cases: [string, ReturnType<Zone>, object][] = [
    ['a name', ['core1.example.net'], { outcome: 'named', name: 'core1.example.net' }],
    ['several names: always the same', ['b.example', 'a.example'], { outcome: 'named', name: 'a.example' }],
    ['no such name', 'none', { outcome: 'nameless' }],
    ['no name there', [], { outcome: 'nameless' }],
    ['a server that fails', 'fault', { outcome: 'failed' }],
    ['a name that is none', ['<script>.example'], { outcome: 'nameless' }],
  ];
  for (const [what, found, expected] of cases) {
    test(what, async (t) => {
      const { server } = await startDnsServer(t, () => found);
      const dns = createReverseDns([server]);
      assert.deepEqual(await dns.lookUp(ip('192.0.2.7')), expected);
    });
  }

  test('IPv6 has names too', async (t) => {
    const { server, questions } = await startDnsServer(t, () => ['six.example']);
    const found = await createReverseDns([server]).lookUp(ip('2001:db8::567:89ab'));
    assert.deepEqual(found, { outcome: 'named', name: 'six.example' });
    assert.deepEqual(questions, ['b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa']);
  });

  test('a server that is silent is a failure, and closing ends the wait', async (t) => {
    const { server } = await startDnsServer(t, () => 'silence');
    const dns = createReverseDns([server]);
    const pending = dns.lookUp(ip('192.0.2.7'));
    dns.close();
    assert.deepEqual(await pending, { outcome: 'failed' });
  });
});

test('names are asked for once, private addresses too, and the same answer serves everybody', async (t) => {
  const { names, dns } = await namesOf(t, (question) => [`host${question.split('.', 1)}.example`]);
  const [first, second] = addresses(2) as [IpAddress, IpAddress];
  const [one, other] = await Promise.all([names.of([first], longMs), names.of([first, second], longMs)]);
  assert.deepEqual([...one], [[first, 'host1.example']]);
  assert.equal(other.size, 2);
  await names.of([first, second], longMs);
  assert.deepEqual([...dns.questions].sort(), ['1.8.9.10.in-addr.arpa', '2.8.9.10.in-addr.arpa']);
});

test('a name that is slow to come delays nobody for longer than was asked, and is there later', async (t) => {
  let known = false;
  const { names, dns, clock } = await namesOf(t, () => (known ? ['late.example'] : 'silence'));
  const [address] = addresses(1) as [IpAddress];
  const first = names.of([address], 400);
  while (dns.questions.length === 0) await setTimeout(5);
  clock.advance(400);
  assert.equal((await first).size, 0);
  known = true;
  // The same look-up asks a second time.
  const second = await names.of([address], longMs);
  assert.equal(second.get(address), 'late.example');
});

test('no answer at all is waited for once, not by everybody who looks', async (t) => {
  const { names, dns } = await namesOf(t, () => 'fault');
  const [address] = addresses(1) as [IpAddress];
  assert.equal((await names.of([address], longMs)).size, 0);
  const asked = dns.questions.length;
  assert.equal((await names.of([address], longMs)).size, 0);
  assert.equal(dns.questions.length, asked);
});

test('what is only wanted is looked up beside, at no more than the budget', async (t) => {
  const { names, dns, clock } = await namesOf(t, () => ['x.example'], { perSecond: 4, maxUnderWay: 2 });
  names.want(addresses(10));
  assert.equal((await names.of(addresses(4), longMs)).size, 4);
  assert.equal(dns.questions.length, 4);
  // A quarter of a second allows one more, without anybody asking.
  clock.advance(250);
  while (dns.questions.length < 5) await setTimeout(5);
  clock.advance(1000);
  while (dns.questions.length < 9) await setTimeout(5);
  assert.equal(dns.questions.length, 9);
});

test('after close nobody waits and nothing is asked', async (t) => {
  const { names, dns } = await namesOf(t, () => 'silence');
  const [first, second] = addresses(2) as [IpAddress, IpAddress];
  const waiting = names.of([first], longMs);
  names.close();
  assert.equal((await waiting).size, 0);
  const asked = dns.questions.length;
  names.want([second]);
  assert.equal((await names.of([second], longMs)).size, 0);
  assert.equal(dns.questions.length, asked);
});

test('switched off, nothing has a name', async () => {
  assert.equal((await noNames.of(addresses(3), longMs)).size, 0);
});

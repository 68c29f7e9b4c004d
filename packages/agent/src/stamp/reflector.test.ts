import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpoint, type stamp } from '@pinhole/wire';
import fc from 'fast-check';
import { parsePrefix } from './prefix.ts';
import type { ReflectorEffect } from './reflector.ts';
import {
  bytesOf,
  hex,
  hmac,
  key,
  openProbe,
  receivedAt,
  reflectorWith,
  senderEndpoint,
  signed,
  signedProbe,
  zeros,
} from './scene.ts';

describe('sessions', () => {
  const numbers = (replies: (Extract<ReflectorEffect, { kind: 'reply' }> | undefined)[]) =>
    replies.map((reply) => Number.parseInt(bytesOf(reply).slice(0, 8), 16));
  const at = (sequence: number, ssid = '0001') => openProbe(sequence.toString(16).padStart(8, '0'), ssid);

  test('count their own replies, whatever was lost before', () => {
    const { probe } = reflectorWith();
    assert.deepEqual(numbers([at(0), at(3), at(4), at(9)].map((data) => probe(data))), [0, 1, 2, 3]);
  });

  test('are told apart by SSID, source and destination', () => {
    const { probe } = reflectorWith();
    const other = endpoint('198.51.100.7', 40_002);
    const replies = [
      probe(at(5)),
      probe(at(6)),
      probe(at(6, '0002')),
      probe(at(6), { from: other }),
      probe(at(6), { to: endpoint('192.0.2.2', 862) }),
      probe(at(7)),
    ];
    assert.deepEqual(numbers(replies), [0, 1, 0, 0, 0, 2]);
  });

  test('are told apart without the SSID for TWAMP Light, whose padding stands there', () => {
    const { probe } = reflectorWith({ twampLight: true });
    assert.deepEqual(numbers([at(5, '1234'), at(6, '5678')].map((data) => probe(data))), [0, 1]);
  });

  test('begin anew with the number 0', () => {
    const { probe } = reflectorWith();
    assert.deepEqual(numbers([at(0), at(1), at(0), at(1)].map((data) => probe(data))), [0, 1, 0, 1]);
  });

  test('are over after 900 s of silence', () => {
    const { probe, feed, state } = reflectorWith();
    probe(at(5), {}, 1_000);
    assert.equal(feed({ kind: 'tick' }, 60_000).wakeAtMs, 901_000);
    assert.deepEqual(numbers([probe(at(6), {}, 900_999)]), [1]);
    feed({ kind: 'tick' }, 1_801_000);
    assert.equal(state.sessions.size, 0);
  });

  test('that are the most there may be: the one not heard of for longest is forgotten', () => {
    const { probe, state } = reflectorWith({ maxSessions: 2 });
    probe(at(5, '0001'));
    probe(at(5, '0002'));
    probe(at(6, '0001'));
    probe(at(5, '0003'));
    assert.equal(state.sessions.size, 2);
    assert.deepEqual(numbers([probe(at(7, '0001')), probe(at(6, '0002'))]), [2, 0]);
  });
});

describe('what is not answered', () => {
  const inside = parsePrefix('203.0.113.0/24');
  assert.ok(inside !== null);
  for (const [name, data, options, drop] of [
    ['a probe that is too short', openProbe('00000000', '0001').subarray(0, 40), {}, 'too-short'],
    ['nothing at all', Buffer.alloc(0), { twampLight: true }, 'too-short'],
    ['13 octets, even for TWAMP Light', Buffer.alloc(13, 1), { twampLight: true }, 'too-short'],
    ['a datagram larger than any frame', openProbe('00000000', '0001', zeros(9_200)), {}, 'too-long'],
    ['zeros: an error estimate of 0 is void', Buffer.alloc(44), {}, 'void-error-estimate'],
    ['a source that is not allowed', openProbe('00000000', '0001'), { allowed: [inside] }, 'not-allowed'],
    [
      'a reply of another reflector',
      hex('00000001 e9a1b2c4 00000000 0001 beef e9a1b2c3 90000000 00000005', zeros(16)),
      {},
      'a-reply-itself',
    ],
  ] as const)
    test(name, () => {
      const { probe, state } = reflectorWith(options);
      assert.equal(probe(data), undefined);
      assert.deepEqual(state.counts, { [drop]: 1 });
    });

  for (const options of [{}, signed])
    test(`our own reply, ${options.security?.mode ?? 'unauthenticated'}: two reflectors do not talk for ever`, () => {
      const { probe } = reflectorWith(options);
      const reply = probe(
        options === signed ? signedProbe('00000000', '0001') : openProbe('00000000', '0001'),
      );
      assert.ok(reply !== undefined);
      // As the driver stamps it.
      const bytes = Buffer.from(reply.data);
      bytes.writeBigUInt64BE(receivedAt + 5n, options === signed ? 16 : 4);
      if (options === signed) hmac(bytes.subarray(0, 96)).copy(bytes, 96);
      assert.equal(probe(bytes), undefined);
    });

  test('what is over the rate of its source, until a second has passed', () => {
    const { probe, state } = reflectorWith({ sourceRate: 3 });
    const burst = (nowMs: number, from = senderEndpoint) =>
      Array.from({ length: 5 }, () => probe(openProbe('00000001', '0001'), { from }, nowMs)).filter(Boolean)
        .length;
    assert.equal(burst(0), 3);
    assert.equal(burst(0, endpoint('198.51.100.7', 40_002)), 0);
    assert.equal(burst(0, endpoint('198.51.100.8', 40_001)), 3);
    assert.equal(burst(999), 2);
    assert.equal(burst(2_000), 3);
    assert.ok((state.counts['over-source-rate'] ?? 0) > 0);
  });

  test('what is over the rate in all, of however many sources', () => {
    const { probe } = reflectorWith({ sourceRate: 3, totalRate: 10 });
    const answered = Array.from({ length: 40 }, (_, i) =>
      probe(openProbe('00000001', '0001'), { from: endpoint(`198.51.100.${i}`, 40_001) }),
    ).filter(Boolean);
    assert.equal(answered.length, 10);
  });

  test('an IPv6 source has one rate for all its /64', () => {
    const { probe } = reflectorWith({ sourceRate: 2 });
    const from = (host: string) => ({ from: endpoint(host, 40_001), to: endpoint('2001:db8::1', 862) });
    const answers = ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1:0:5::3', '2001:db8:1:1::3'].map((host) =>
      probe(openProbe('00000001', '0001'), from(host)),
    );
    assert.deepEqual(answers.map(Boolean), [true, true, false, true]);
  });
});

describe('what it tells', () => {
  test('once a second, and only where something happened', () => {
    const { probe, feed } = reflectorWith();
    assert.equal(feed({ kind: 'tick' }, 500).wakeAtMs, null);
    probe(openProbe('00000001', '0001'), {}, 600);
    probe(Buffer.alloc(3), {}, 700);
    assert.equal(feed({ kind: 'reply-not-sent' }, 800).wakeAtMs, 1_000);
    assert.deepEqual(feed({ kind: 'tick' }, 1_000).effects, [
      { kind: 'report', counts: { reflected: 1, 'too-short': 1, 'not-sent': 1 }, sessions: 1 },
    ]);
    assert.deepEqual(feed({ kind: 'tick' }, 2_500).effects, []);
  });
});

describe('for any datagram', () => {
  const securities: stamp.StampSecurity[] = [{ mode: 'unauthenticated' }, { mode: 'authenticated', key }];
  const tlv = fc
    .tuple(fc.nat(12), fc.uint8Array({ maxLength: 40 }))
    .map(([type, value]) => Buffer.concat([hex('80'), Buffer.from([type, 0, value.length]), value]));

  test('no answer is longer than what it answers, and each is as long', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...securities),
        fc.boolean(),
        fc.array(fc.oneof(tlv, fc.uint8Array({ maxLength: 50 })), { maxLength: 5 }),
        fc.boolean(),
        (security, stateful, parts, sound) => {
          const { probe } = reflectorWith({ security, stateful });
          const tail = Buffer.concat(parts);
          const open = security.mode === 'unauthenticated';
          const tlvs = tail.toString('hex');
          const bare = open ? openProbe('00000007', '0001') : signedProbe('00000007', '0001');
          const data = sound && !open ? signedProbe('00000007', '0001', tlvs) : Buffer.concat([bare, tail]);
          const reply = probe(data);
          assert.ok(reply !== undefined);
          assert.equal(reply.data.length, data.length);
        },
      ),
    );
  });

  test('nothing throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...securities),
        fc.boolean(),
        fc.uint8Array({ maxLength: 200 }),
        (security, twampLight, data) => {
          const reply = reflectorWith({ security, twampLight }).probe(data);
          if (reply !== undefined) assert.ok(reply.data.length <= Math.max(data.length, twampLight ? 44 : 0));
        },
      ),
    );
  });
});

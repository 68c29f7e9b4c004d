// What reflectors of several makes send, octet by octet.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint, type stamp } from '@pinhole/wire';
import { readReply } from './replies.ts';
import { hex, hmac, key, zeros } from './scene.ts';

const open: stamp.StampSecurity = { mode: 'unauthenticated' };
const t1 = 0xe9a1_b2c3_8000_0000n;
/** T1 is 2024-03-17T18:19:47.5Z. */
const t1UnixNs = 1_710_699_587_500_000_000n;

function read(data: Uint8Array, security = open) {
  return readReply(security, { data, receivedAtNs: 5, ttl: 250, dscp: 0 }, (probe) =>
    probe === 3 ? t1 : null,
  );
}

function replyIn(data: Uint8Array, security = open) {
  const result = read(data, security);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.reply;
}

/** T3 is a quarter of a second after T1, T2 an eighth. */
const upTo38 = 'e9a1b2c3c0000000 0102 0000 e9a1b2c3a0000000 00000003 e9a1b2c380000000 0001';

describe('a reply', () => {
  for (const [make, data, expected] of [
    [
      'STAMP, stateful: 44 octets',
      hex('00000002', upTo38, '0000 fd 000000'),
      { sequence: 2, probeTtl: 253, sizeBytes: 44 },
    ],
    [
      'TWAMP Light: 41 octets',
      hex('00000002', upTo38, '0000 fd'),
      { sequence: 2, probeTtl: 253, sizeBytes: 41 },
    ],
    ['without a TTL: 38 octets', hex('00000002', upTo38), { sequence: 2, probeTtl: null, sizeBytes: 38 }],
    [
      'with TTL 0, which no packet arrives with',
      hex('00000003', upTo38, '0000 00 000000'),
      { sequence: 3, probeTtl: null },
    ],
    ['with padding of zeros', hex('00000003', upTo38, '0000 fd 000000', zeros(60)), { sizeBytes: 104 }],
  ] as const)
    test(make, () => {
      const { times, ...reply } = replyIn(data);
      for (const [member, value] of Object.entries(expected))
        assert.equal(reply[member as keyof typeof reply], value, member);
      assert.deepEqual(times, { t2UnixNs: t1UnixNs + 125_000_000n, t3UnixNs: t1UnixNs + 250_000_000n });
      assert.deepEqual([reply.probe, reply.ssid], [3, 0]);
    });

  test('with PTP timestamps, as Z says', () => {
    const base =
      '00000003 65f41743 0ee6b280 4102 beef 65f41743 07735940 00000003 e9a1b2c380000000 0001 0000 fd 000000';
    const { times, timestampFormat, ssid } = replyIn(hex(base));
    assert.deepEqual(times, {
      t2UnixNs: 0x65f41743n * 1_000_000_000n + 125_000_000n,
      t3UnixNs: 0x65f41743n * 1_000_000_000n + 250_000_000n,
    });
    assert.deepEqual([timestampFormat, ssid], ['ptp', 0xbeef]);
  });

  test('without times', () => {
    const data = hex(
      '00000003',
      zeros(8),
      '0102 0000',
      zeros(8),
      '00000003 e9a1b2c380000000 0001 0000 fd 000000',
    );
    assert.equal(replyIn(data).times, null);
  });

  test('in authenticated mode', () => {
    const base = hex(
      `00000002 ${zeros(12)} e9a1b2c3c0000000 0102 beef ${zeros(4)} e9a1b2c3a0000000 ${zeros(8)}`,
      `00000003 ${zeros(12)} e9a1b2c380000000 0001 ${zeros(6)} fd ${zeros(15)}`,
    );
    const data = Buffer.concat([base, hmac(base)]);
    assert.equal(replyIn(data, { mode: 'authenticated', key }).sequence, 2);
    assert.deepEqual(read(data, { mode: 'authenticated', key: Buffer.alloc(16) }), {
      ok: false,
      reason: 'hmac',
    });
  });

  test('to a probe that was never sent, or sent at another moment, is none', () => {
    const reply = hex('00000002', upTo38);
    const other = Buffer.from(reply);
    other[27] = 4;
    assert.deepEqual(read(other), { ok: false, reason: 'not-ours' });
    const later = Buffer.from(reply);
    later[35] = 1;
    assert.deepEqual(read(later), { ok: false, reason: 'not-ours' });
    assert.deepEqual(read(reply.subarray(0, 37)), { ok: false, reason: 'too-short' });
  });
});

describe('what TLVs tell', () => {
  const base = ['00000002', upTo38, '0000 fd 000000'];
  const toldBy = (...tlvs: string[]) => replyIn(hex(...base, ...tlvs)).told;
  const nothing = { classOfService: null, counted: null, followUp: null, source: null };
  const classOfService = '04 0004 2ae00000';
  const counted = '05 000c 00000003 00000002 00000002';

  test('each where it was understood', () => {
    const { source, ...told } = toldBy(
      `00 ${classOfService}`,
      `00 ${counted}`,
      '00 07 0010 00000001 e9a1b2c3b0000000 02 000000',
      `00 02 0018 035e 9c41 00 08 0010 c6336407 ${zeros(12)}`,
    );
    assert.deepEqual(told, {
      classOfService: { dscp: 46, granted: true },
      counted: { received: 2, sent: 2 },
      followUp: { sequence: 1, unixNs: t1UnixNs + 187_500_000n },
    });
    assert.equal(source === null ? null : formatEndpoint(source), '198.51.100.7:40001');
  });

  test('an IPv6 source', () => {
    const { source } = toldBy('00 02 0018 035e 9c41 00 09 0010 20010db8000000000000000000000007');
    assert.equal(source === null ? null : formatEndpoint(source), '[2001:db8::7]:40001');
  });

  test('nothing where they came back as they were sent: the reflector knows none', () => {
    assert.deepEqual(toldBy(`80 ${classOfService}`, `80 ${counted}`), nothing);
  });

  test('nothing behind a malformed one', () => {
    assert.deepEqual(toldBy('40 06 0003 000000', `00 ${counted}`), nothing);
  });

  test('nothing at all where their integrity failed', () => {
    assert.deepEqual(toldBy(`00 ${counted}`, `20 ${classOfService}`), nothing);
  });

  test('a refused DSCP', () => {
    assert.deepEqual(toldBy('00 04 0004 2ae10000').classOfService, { dscp: 46, granted: false });
  });
});

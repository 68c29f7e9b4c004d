import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ip } from '@pinhole/wire';
import type { ReflectorOptions } from './reflector.ts';
import {
  bytesOf,
  hex,
  hmac,
  openProbe,
  reflectorWith,
  senderEndpoint,
  signed,
  signedProbe,
  tlvsOf,
  zeros,
} from './scene.ts';

// T3 is the driver's to set; the error estimate is a second, of a clock that nothing synchronises.
const openReply = (sequence: string, probe: string, ssid: string, ttl: string) =>
  [
    `${sequence} 0000000000000000 1980 ${ssid}`,
    `e9a1b2c390000000 ${probe} e9a1b2c380000000 0001 0000 ${ttl} 000000`,
  ]
    .join('')
    .replaceAll(' ', '');

describe('a probe in unauthenticated mode', () => {
  test('is answered octet for octet as RFC 8762 §4.3.1 draws it', () => {
    const reply = reflectorWith().probe(openProbe('00000005', 'beef'));
    assert.equal(bytesOf(reply), openReply('00000000', '00000005', 'beef', 'fa'));
    assert.deepEqual([reply?.to, reply?.dscp], [senderEndpoint, 46]);
  });

  test('is numbered by its own number where the reflector is stateless', () => {
    const { probe } = reflectorWith({ stateful: false });
    assert.equal(
      bytesOf(probe(openProbe('00000005', 'beef'))),
      openReply('00000005', '00000005', 'beef', 'fa'),
    );
  });

  test('has TTL 0 in its answer where the system does not tell', () => {
    const reply = reflectorWith().probe(openProbe('00000000', '0001'), { ttl: null, dscp: null });
    assert.equal(bytesOf(reply), openReply('00000000', '00000000', '0001', '00'));
    assert.equal(reply?.dscp, null);
  });

  for (const octets of [41, 42, 43])
    test(`of ${octets} octets, as TWAMP Light has them, gets as many back`, () => {
      const reply = reflectorWith().probe(openProbe('00000000', '0000').subarray(0, octets));
      assert.equal(bytesOf(reply), openReply('00000000', '00000000', '0000', 'fa').slice(0, octets * 2));
    });

  test('of 14 to 40 octets gets the 44 of RFC 8762 §4.6 where that is wanted', () => {
    for (const octets of [14, 22, 40]) {
      const data = openProbe('00000000', '0000').subarray(0, octets);
      assert.equal(reflectorWith().probe(data), undefined);
      assert.equal(
        bytesOf(reflectorWith({ twampLight: true }).probe(data)),
        openReply('00000000', '00000000', '0000', 'fa'),
      );
    }
  });

  test('has whatever stands behind its base packet copied', () => {
    const padding = zeros(30);
    assert.equal(tlvsOf(reflectorWith().probe(openProbe('00000000', '0001', padding))), padding);
  });
});

describe('a probe in authenticated mode', () => {
  test('is answered octet for octet as RFC 8762 §4.3.2 draws it', () => {
    const base = [
      `00000000 ${zeros(12)} 0000000000000000 1980 beef ${zeros(4)}`,
      `e9a1b2c390000000 ${zeros(8)} 00000005 ${zeros(12)} e9a1b2c380000000 0001 ${zeros(6)} fa ${zeros(15)}`,
    ];
    const reply = reflectorWith(signed).probe(signedProbe('00000005', 'beef'));
    assert.equal(bytesOf(reply), Buffer.concat([hex(...base), hmac(hex(...base))]).toString('hex'));
  });

  test('is not answered where it is not signed, or with another key, or was changed', () => {
    const { probe, state } = reflectorWith(signed);
    const changed = signedProbe('00000005', 'beef');
    changed[3] = 6;
    assert.equal(probe(changed), undefined);
    assert.equal(probe(openProbe('00000005', 'beef')), undefined);
    assert.equal(probe(openProbe('00000005', 'beef', zeros(68))), undefined);
    assert.deepEqual(state.counts, { 'not-authentic': 2, 'too-short': 1 });
  });

  test('has its TLVs answered under an HMAC of their own', () => {
    const reply = reflectorWith(signed).probe(
      signedProbe('00000000', 'beef', '80010004 11223344 80060004 20010000'),
    );
    const answered = '00010004112233440006000420010000';
    assert.equal(
      tlvsOf(reply, 112),
      `${answered}00080010${hmac(hex('00000000'), hex(answered)).toString('hex')}`,
    );
  });

  test('has them back with the flag I where their HMAC does not hold', () => {
    const probe = signedProbe('00000000', 'beef', '80060004 20010000');
    probe[116] = 0xf0;
    const reply = reflectorWith(signed).probe(probe);
    assert.equal(reply?.data.length, probe.length);
    assert.match(tlvsOf(reply, 112), /^20060004f0010000/);
    assert.match(tlvsOf(reply, 112).slice(16), /^20080010/);
  });

  test('has them back with the flag I where there is none', () => {
    const bare = Buffer.concat([signedProbe('00000000', 'beef'), hex('80060004 20010000')]);
    assert.equal(tlvsOf(reflectorWith(signed).probe(bare), 112), '2006000420010000');
  });
});

describe('TLVs', () => {
  const answered = (tlv: string, options: Partial<ReflectorOptions> = {}, more = {}) =>
    tlvsOf(reflectorWith(options).probe(openProbe('00000000', '0001', tlv), more));
  const compact = (text: string) => text.replaceAll(' ', '');

  for (const [name, asked, told] of [
    ['extra padding comes back', '80010003 aabbcc', '00010003 aabbcc'],
    [
      'location tells the ports and the source, and no more',
      `80020024 0000 0000 80070010 ${zeros(16)} 80010008 ${zeros(8)}`,
      `00020024 035e 9c41 00080010 c6336407 ${zeros(12)} 80010008 ${zeros(8)}`,
    ],
    [
      'timestamp information: stamps of software, a clock of its own',
      '80030004 00000000',
      '00030004 05020502',
    ],
    ['class of service: the DSCP that arrived', '80040004 28000000', '00040004 2ae00000'],
    [
      'direct measurement counts the session',
      `80050008 ${zeros(8)}`.replace('0008', '000c') + zeros(4),
      '0005000c 00000000 00000001 00000001',
    ],
    ['an access report comes back', '80060004 20010000', '00060004 20010000'],
    ['an access report of an unknown network is not understood', '80060004 30010000', '80060004 30010000'],
    [
      'follow-up telemetry has nothing to tell of a first reply',
      `80070010 ${zeros(16)}`,
      `00070010 ${zeros(12)} 02 ${zeros(3)}`,
    ],
    ['an HMAC without a key cannot be checked', `80080010 ${'ab'.repeat(16)}`, `80080010 ${'ab'.repeat(16)}`],
    ['the address of this node is understood', '80090004 c0000201', '00090004 c0000201'],
    ['that of another node is not', '80090004 c0000202', '80090004 c0000202'],
    ['a return path is not', '800a0008 80010004 00000001', '800a0008 80010004 00000001'],
    ['an unknown type is not', '80f00002 1234', '80f00002 1234'],
    [
      'one of a wrong length is malformed, and nothing behind it is looked at',
      '80040003 280000 80060004 20010000',
      '40040003 280000 80060004 20010000',
    ],
    [
      'one that leads beyond the end is malformed',
      '80060004 20010000 80010020 0000',
      '00060004 20010000 c0010020 0000',
    ],
  ] as const)
    test(name, () => assert.equal(answered(compact(asked)), compact(told)));

  test('class of service has the reply sent with the DSCP that was asked for', () => {
    const reply = reflectorWith().probe(openProbe('00000000', '0001', '8004000428000000'));
    assert.equal(reply?.dscp, 10);
  });

  test('a DSCP that is not to be asked for is refused: RP is 1, and what arrived is used', () => {
    const reply = reflectorWith({ replyDscps: [0, 46] }).probe(
      openProbe('00000000', '0001', '8004000428000000'),
    );
    assert.equal(reply?.dscp, 46);
    assert.equal(tlvsOf(reply), '000400042ae10000');
  });

  test('class of service is not understood where the system does not tell what arrived', () => {
    assert.equal(answered('8004000428000000', {}, { dscp: null }), '8004000428000000');
  });

  test('what counts is not understood in stateless mode, and follow-up telemetry is zero', () => {
    assert.equal(answered(`8005000c${zeros(12)}`, { stateful: false }), `8005000c${zeros(12)}`);
    assert.equal(answered(`80070010${zeros(16)}`, { stateful: false }), `00070010${zeros(12)}02${zeros(3)}`);
  });

  test('a destination node address of ours is where the reply comes from', () => {
    const { feed, probe } = reflectorWith();
    feed({ kind: 'own-addresses', addresses: [ip('203.0.113.5')] });
    const reply = probe(openProbe('00000000', '0001', '80090004cb007105'));
    assert.equal(reply?.from, '203.0.113.5');
    assert.equal(tlvsOf(reply), '00090004cb007105');
  });

  test('follow-up telemetry tells when the reply before truly left', () => {
    const { feed, probe } = reflectorWith();
    const asking = (sequence: string) => openProbe(sequence, '0001', `80070010${zeros(16)}`);
    const first = probe(asking('00000000'));
    assert.ok(first?.followUp != null);
    feed({ kind: 'reply-left', ...first.followUp, at: 0x1111_1111_1111_1111n });
    feed({ kind: 'reply-left', ...first.followUp, at: 0x2222_2222_2222_2222n });
    const second = probe(asking('00000001'));
    assert.equal(tlvsOf(second), `000700100000000022222222222222220200${'0000'}`);
    assert.ok(second?.followUp != null);
    feed({ kind: 'reply-left', ...second.followUp, at: 3n });
    // The kernel's word on the first comes late.
    feed({ kind: 'reply-left', ...first.followUp, at: 4n });
    assert.match(tlvsOf(probe(asking('00000002'))), /^00070010000000010000000000000003/);
  });
});

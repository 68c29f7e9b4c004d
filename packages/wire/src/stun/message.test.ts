import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressFromBytes, endpoint, ip } from '../address.ts';
import type { StunAttribute } from './attributes.ts';
import { longTermKey } from './integrity.ts';
import {
  decodeStun,
  encodeStun,
  findAttribute,
  looksLikeStun,
  type StunMessage,
  verifyIntegrity,
} from './message.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'));

function decoded(bytes: Uint8Array) {
  const result = decodeStun(bytes);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.value;
}

describe('the vectors of RFC 5769', () => {
  const password = 'VOkJxbRl1RmTxUk/WvJxBt';
  const transactionId = hex('b7e7a701 bc34d686 fa87dfae');

  const request = hex(`
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae
    80220010 5354554e 20746573 7420636c 69656e74
    00240004 6e0001ff
    80290008 932ff9b1 51263b36
    00060009 6576746a 3a683676 59202020
    00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
    80280004 e57a3bcf`);

  it('2.1: a request', () => {
    const value = decoded(request);
    assert.deepEqual(value.message, {
      class: 'request',
      method: 1,
      transactionId,
      attributes: [
        { type: 'software', text: 'STUN test client' },
        { type: 'unknown', code: 0x0024, octets: hex('6e0001ff') },
        { type: 'unknown', code: 0x8029, octets: hex('932ff9b151263b36') },
        { type: 'username', text: 'evtj:h6vY' },
      ],
    });
    assert.equal(value.fingerprint, true);
    assert.deepEqual(value.unknownRequired, [0x0024]);
    assert.equal(verifyIntegrity(value, 'sha1', password), 'valid');
    assert.equal(verifyIntegrity(value, 'sha1', 'another'), 'invalid');
    assert.equal(verifyIntegrity(value, 'sha256', password), 'absent');
  });

  for (const [name, bytes, mapped] of [
    [
      '2.2: an IPv4 response',
      hex(`0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
        8022000b 74657374 20766563 746f7220
        00200008 0001a147 e112a643
        00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
        80280004 c07d4c96`),
      endpoint('192.0.2.1', 32853),
    ],
    [
      '2.3: an IPv6 response',
      hex(`01010048 2112a442 b7e7a701 bc34d686 fa87dfae
        8022000b 74657374 20766563 746f7220
        00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
        00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
        80280004 c8fb0b4c`),
      endpoint('2001:db8:1234:5678:11:2233:4455:6677', 32853),
    ],
  ] as const) {
    it(name, () => {
      const value = decoded(bytes);
      assert.equal(value.message.class, 'success');
      assert.deepEqual(findAttribute(value.message, 'xor-mapped-address')?.endpoint, mapped);
      assert.equal(verifyIntegrity(value, 'sha1', password), 'valid');
      assert.equal(value.fingerprint, true);
    });
  }

  it('2.4: a request with long-term credentials', () => {
    const value = decoded(
      hex(`00010060 2112a442 78ad3433 c6ad72c0 29da412e
        00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
        0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
        0014000b 6578616d 706c652e 6f726700
        00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`),
    );
    const key = longTermKey('マトリックス', 'example.org', 'TheMatrIX');
    assert.equal(findAttribute(value.message, 'username')?.text, 'マトリックス');
    assert.equal(findAttribute(value.message, 'nonce')?.text, 'f//499k954d6OL34oL9FSTvy64sA');
    assert.equal(verifyIntegrity(value, 'sha1', key), 'valid');
  });

  it('a changed octet anywhere is found by the fingerprint', () => {
    for (let at = 20; at < request.length; at++) {
      const changed = Uint8Array.from(request);
      changed[at] = (changed[at] as number) ^ 0x01;
      const result = decodeStun(changed);
      assert.equal(
        result.ok && result.value.fingerprint && verifyIntegrity(result.value, 'sha1', password) === 'valid',
        false,
      );
    }
  });
});

it('the vector of RFC 8489 B.1: MESSAGE-INTEGRITY-SHA256 with USERHASH', () => {
  const value = decoded(
    hex(`00010090 2112a442 78ad3433 c6ad72c0 29da412e
      001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
      00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
      0014000b 6578616d 706c652e 6f726700
      001d0004 00020000
      001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65`),
  );
  const key = createHash('sha256').update('マトリックス:example.org:TheMatrIX').digest();
  assert.equal(verifyIntegrity(value, 'sha256', key), 'valid');
});

describe('encode, then decode', () => {
  const octets = (options: { minLength?: number; maxLength?: number }) => fc.uint8Array(options);
  const endpoints = fc.record({
    address: fc
      .oneof(octets({ minLength: 4, maxLength: 4 }), octets({ minLength: 16, maxLength: 16 }))
      .map((bytes) => addressFromBytes(bytes) ?? ip('192.0.2.1')),
    port: fc.nat(65535),
  });
  const algorithm = fc.record({ algorithm: fc.nat(65535), parameters: octets({ maxLength: 9 }) });
  const attribute: fc.Arbitrary<StunAttribute> = fc.oneof(
    fc.record({
      type: fc.constantFrom(
        'mapped-address',
        'xor-mapped-address',
        'other-address',
        'response-origin',
        'alternate-server',
        'peer-address',
      ),
      endpoint: endpoints,
    }),
    fc.record({
      type: fc.constantFrom('username', 'realm', 'nonce', 'software', 'test-id'),
      text: fc.string({ unit: 'grapheme', maxLength: 40 }),
    }),
    fc.record({
      type: fc.constantFrom('padding', 'ticket', 'session-id', 'userhash'),
      octets: octets({ maxLength: 90 }),
    }),
    fc.record({
      type: fc.constantFrom('lifetime', 'start-in', 'cache-timeout', 'round-id'),
      value: fc.nat(0xffffffff),
    }),
    fc.record({ type: fc.constant('response-port'), value: fc.nat(65535) }),
    fc.record({ type: fc.constant('change-request'), changeAddress: fc.boolean(), changePort: fc.boolean() }),
    fc.record({
      type: fc.constant('error-code'),
      code: fc.integer({ min: 300, max: 699 }),
      reason: fc.string({ maxLength: 30 }),
    }),
    fc.record({ type: fc.constant('unknown-attributes'), codes: fc.array(fc.nat(65535), { maxLength: 5 }) }),
    fc.record({ type: fc.constant('password-algorithm'), algorithm }),
    fc.record({
      type: fc.constant('password-algorithms'),
      algorithms: fc.array(algorithm, { maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant('unknown'),
      code: fc.integer({ min: 0xc100, max: 0xc1ff }),
      octets: octets({ maxLength: 9 }),
    }),
  ) as fc.Arbitrary<StunAttribute>;
  const messages: fc.Arbitrary<StunMessage> = fc.record({
    class: fc.constantFrom('request', 'indication', 'success', 'error'),
    method: fc.nat(0xfff),
    transactionId: octets({ minLength: 12, maxLength: 12 }),
    attributes: fc.array(attribute, { maxLength: 6 }),
  });

  it('gives back every message, signed in every way', () => {
    fc.assert(
      fc.property(
        messages,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        octets({ maxLength: 7 }),
        (message, sha1, sha256, fingerprint, trailing) => {
          const bytes = encodeStun(message, {
            ...(sha1 && { sha1Key: 'one' }),
            ...(sha256 && { sha256Key: 'two' }),
            fingerprint,
          });
          const value = decoded(Uint8Array.from([...bytes, ...trailing]));
          assert.deepEqual(JSON.stringify(value.message), JSON.stringify(message));
          assert.equal(verifyIntegrity(value, 'sha1', 'one'), sha1 ? 'valid' : 'absent');
          assert.equal(verifyIntegrity(value, 'sha256', 'two'), sha256 ? 'valid' : 'absent');
          assert.equal(value.fingerprint, fingerprint);
          assert.equal(looksLikeStun(bytes), true);
        },
      ),
    );
  });

  it('a message of RFC 3489 keeps its 16 octets of transaction id', () => {
    const message: StunMessage = {
      class: 'request',
      method: 1,
      transactionId: new Uint8Array(16).fill(7),
      attributes: [],
    };
    assert.deepEqual(decoded(Uint8Array.from(encodeStun(message))).message, message);
    assert.equal(looksLikeStun(encodeStun(message)), false);
  });
});

describe('what is no message', () => {
  const valid = encodeStun({
    class: 'request',
    method: 1,
    transactionId: new Uint8Array(12),
    attributes: [{ type: 'username', text: 'x' }],
  });
  const change = (at: number, value: number) =>
    Uint8Array.from(valid, (octet, i) => (i === at ? value : octet));
  for (const [name, bytes, reason] of [
    ['nothing', new Uint8Array(0), 'truncated'],
    ['half a header', valid.subarray(0, 12), 'truncated'],
    ['half an attribute', valid.subarray(0, 24), 'truncated'],
    ['a first bit set', change(0, 0x80), 'not-stun'],
    ['a length of 7', change(3, 7), 'not-stun'],
    ['an attribute longer than the message', change(23, 9), 'attribute'],
    ['an attribute header over the end', change(3, 4), 'attribute'],
    [
      'an address of no family',
      Uint8Array.from([1, 1, 0, 12, ...valid.subarray(4, 20), 0, 32, 0, 8, 0, 3, 0, 0, 1, 2, 3, 4]),
      'attribute',
    ],
    [
      'an error code of 7 hundred',
      Uint8Array.from([1, 1, 0, 8, ...valid.subarray(4, 20), 0, 9, 0, 4, 0, 0, 7, 0]),
      'attribute',
    ],
  ] as const) {
    it(`${name}: ${reason}`, () => assert.deepEqual(decodeStun(bytes), { ok: false, reason }));
  }
});

it('attributes behind an integrity attribute do not count', () => {
  const signed = encodeStun(
    { class: 'request', method: 1, transactionId: new Uint8Array(12), attributes: [] },
    { sha256Key: 'key' },
  );
  const extra = Uint8Array.from([...signed, 0, 6, 0, 1, 0x78, 0, 0, 0]);
  extra[3] = (extra[3] as number) + 8;
  const value = decoded(extra);
  assert.deepEqual(value.message.attributes, []);
  assert.equal(verifyIntegrity(value, 'sha256', 'key'), 'valid');
});

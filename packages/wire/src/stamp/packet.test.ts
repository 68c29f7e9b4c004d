import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ip } from '../address.ts';
import {
  decodeReflectorPacket,
  decodeSenderPacket,
  encodeReflectorPacket,
  encodeSenderPacket,
  type ReflectorPacket,
  type SenderPacket,
  type StampSecurity,
  setTransmitTimestamp,
  stampBaseBytes,
} from './packet.ts';
import { type TlvValue, tlvFlag } from './tlv.ts';

const open: StampSecurity = { mode: 'unauthenticated' };
const keyed: StampSecurity = {
  mode: 'authenticated',
  key: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
};

const hex = (...lines: string[]) => Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
const zeros = (octets: number) => '00'.repeat(octets);
const hmac = (...parts: Uint8Array[]) => {
  assert.equal(keyed.mode, 'authenticated');
  return createHmac('sha256', keyed.key).update(Buffer.concat(parts)).digest().subarray(0, 16);
};

const sender: SenderPacket = {
  sequence: 0x01020304,
  timestamp: 0xe9a1_b2c3_8000_0001n,
  errorEstimate: { synchronized: true, format: 'ntp', scale: 1, multiplier: 2 },
  ssid: 0xbeef,
};
const reflector: ReflectorPacket = {
  sequence: 7,
  timestamp: 0xe9a1_b2c4_0000_0003n,
  errorEstimate: { synchronized: false, format: 'ptp', scale: 0, multiplier: 1 },
  ssid: 0xbeef,
  receiveTimestamp: 0xe9a1_b2c4_0000_0002n,
  senderSequence: 0x01020304,
  senderTimestamp: 0xe9a1_b2c3_8000_0001n,
  senderErrorEstimate: { synchronized: true, format: 'ntp', scale: 1, multiplier: 2 },
  senderTtl: 253,
};

const senderOpen = hex('01020304', 'e9a1b2c380000001', '8102', 'beef', zeros(28));
const reflectorOpen = hex(
  '00000007 e9a1b2c400000003 4001 beef',
  'e9a1b2c400000002 01020304 e9a1b2c380000001 8102 0000',
  'fd 000000',
);
const senderKeyedBase = hex('01020304', zeros(12), 'e9a1b2c380000001', '8102', 'beef', zeros(68));
const reflectorKeyedBase = hex(
  `00000007 ${zeros(12)} e9a1b2c400000003 4001 beef ${zeros(4)}`,
  `e9a1b2c400000002 ${zeros(8)} 01020304 ${zeros(12)} e9a1b2c380000001 8102 ${zeros(6)} fd ${zeros(15)}`,
);

describe('the base packet', () => {
  const nothingElse = { tlvs: [], tlvIntegrity: 'unprotected', trailingBytes: 0 };

  test('a sender, unauthenticated, 44 octets', () => {
    assert.deepEqual(Buffer.from(encodeSenderPacket(open, sender)), senderOpen);
    assert.deepEqual(decodeSenderPacket(open, senderOpen), { ok: true, packet: sender, ...nothingElse });
  });

  test('a reflector, unauthenticated, 44 octets', () => {
    assert.deepEqual(Buffer.from(encodeReflectorPacket(open, reflector)), reflectorOpen);
    assert.deepEqual(decodeReflectorPacket(open, reflectorOpen), {
      ok: true,
      packet: reflector,
      ...nothingElse,
    });
  });

  test('a sender, authenticated, 112 octets, its HMAC over the first 96', () => {
    const bytes = Buffer.concat([senderKeyedBase, hmac(senderKeyedBase)]);
    assert.equal(bytes.length, 112);
    assert.deepEqual(Buffer.from(encodeSenderPacket(keyed, sender)), bytes);
    assert.deepEqual(decodeSenderPacket(keyed, bytes), { ok: true, packet: sender, ...nothingElse });
  });

  test('a reflector, authenticated, 112 octets', () => {
    const bytes = Buffer.concat([reflectorKeyedBase, hmac(reflectorKeyedBase)]);
    assert.equal(bytes.length, 112);
    assert.deepEqual(Buffer.from(encodeReflectorPacket(keyed, reflector)), bytes);
    assert.deepEqual(decodeReflectorPacket(keyed, bytes), { ok: true, packet: reflector, ...nothingElse });
  });

  test('a changed octet, another key and a missing one are told', () => {
    const bytes = encodeSenderPacket(keyed, sender);
    for (let offset = 0; offset < 112; offset++) {
      const changed = Uint8Array.from(bytes);
      changed[offset]! ^= 1;
      assert.deepEqual(decodeSenderPacket(keyed, changed), { ok: false, reason: 'hmac' }, `octet ${offset}`);
    }
    const other: StampSecurity = { mode: 'authenticated', key: new Uint8Array(16) };
    assert.deepEqual(decodeSenderPacket(other, bytes), { ok: false, reason: 'hmac' });
    assert.deepEqual(decodeSenderPacket(keyed, senderOpen), { ok: false, reason: 'too-short' });
  });

  test('a timestamp set afterwards gives what encoding with it gives, TLVs and all', () => {
    const options = { tlvs: [telemetry], totalBytes: 200 };
    for (const security of [open, keyed]) {
      const bytes = encodeReflectorPacket(security, { ...reflector, timestamp: 0n }, options);
      setTransmitTimestamp(security, bytes, reflector.timestamp);
      assert.deepEqual(bytes, encodeReflectorPacket(security, reflector, options));
    }
  });

  test("fields that do not fit are the caller's fault", () => {
    assert.throws(() => encodeSenderPacket(open, { ...sender, sequence: 2 ** 32 }), RangeError);
    assert.throws(() => encodeSenderPacket(open, { ...sender, ssid: -1 }), RangeError);
  });
});

describe('what other implementations send', () => {
  for (const [octets, ttl] of [
    [38, null],
    [40, null],
    [41, 253],
    [44, 253],
  ] as const)
    test(`a reply of ${octets} octets ${ttl === null ? 'has no TTL' : 'has a TTL'}`, () => {
      const decoded = decodeReflectorPacket(open, reflectorOpen.subarray(0, octets));
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.packet, { ...reflector, senderTtl: ttl });
    });

  test('a reply of 37 octets is too short', () => {
    assert.deepEqual(decodeReflectorPacket(open, reflectorOpen.subarray(0, 37)), {
      ok: false,
      reason: 'too-short',
    });
  });

  test('a TTL of 0 is an unknown one', () => {
    const bytes = encodeReflectorPacket(open, { ...reflector, senderTtl: null });
    assert.equal(bytes[40], 0);
    const decoded = decodeReflectorPacket(open, bytes);
    assert.ok(decoded.ok && decoded.packet.senderTtl === null);
  });

  test('a TWAMP Light probe of 14 octets has no SSID', () => {
    const decoded = decodeSenderPacket(open, senderOpen.subarray(0, 14));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.packet, { ...sender, ssid: 0 });
    assert.deepEqual(decodeSenderPacket(open, senderOpen.subarray(0, 13)), {
      ok: false,
      reason: 'too-short',
    });
  });

  test('padding of zeros without a TLV is counted and left alone', () => {
    const decoded = decodeSenderPacket(open, Buffer.concat([senderOpen, Buffer.alloc(56)]));
    assert.ok(decoded.ok);
    assert.deepEqual([decoded.tlvs, decoded.trailingBytes], [[], 56]);
  });
});

const telemetry: TlvValue = {
  kind: 'follow-up-telemetry',
  sequence: 6,
  timestamp: 0xe9a1_b2c3_0000_0009n,
  timestampMode: 2,
};
const telemetryHex = '80 07 0010 00000006 e9a1b2c300000009 02 000000';

describe('TLVs', () => {
  const vectors: [TlvValue, string][] = [
    [{ kind: 'extra-padding', octets: hex('0a0b0c') }, '80 01 0003 0a0b0c'],
    [
      {
        kind: 'location',
        destinationPort: 862,
        sourcePort: 49153,
        subTlvs: [{ flags: 0, type: 1, value: hex('0011223344550000') }],
      },
      '80 02 0010 035e c001 00 01 0008 0011223344550000',
    ],
    [
      {
        kind: 'timestamp-information',
        syncSourceIn: 1,
        timestampIn: 2,
        syncSourceOut: 3,
        timestampOut: 4,
        subTlvs: [],
      },
      '80 03 0004 01 02 03 04',
    ],
    [{ kind: 'class-of-service', dscp1: 46, dscp2: 10, ecn: 2, reversePath: 1 }, '80 04 0004 b8a9 0000'],
    [
      { kind: 'direct-measurement', senderSent: 1, reflectorReceived: 2, reflectorSent: 3 },
      '80 05 000c 00000001 00000002 00000003',
    ],
    [{ kind: 'access-report', accessId: 2, returnCode: 1 }, '80 06 0004 20 01 0000'],
    [telemetry, telemetryHex],
    [{ kind: 'hmac', digest: hex('00'.repeat(16)) }, `80 08 0010 ${zeros(16)}`],
    [{ kind: 'destination-node-address', address: ip('192.0.2.1') }, '80 09 0004 c0000201'],
    [
      { kind: 'destination-node-address', address: ip('2001:db8::1') },
      '80 09 0010 20010db8000000000000000000000001',
    ],
    [
      { kind: 'return-path', subTlvs: [{ flags: 0, type: 1, value: hex('00000001') }] },
      '80 0a 0008 00 01 0004 00000001',
    ],
    [{ kind: 'unrecognized', type: 200, value: hex('ff') }, '80 c8 0001 ff'],
  ];
  for (const [value, text] of vectors)
    test(`${value.kind}: ${text}`, () => {
      const bytes = encodeSenderPacket(open, sender, { tlvs: [value] });
      assert.deepEqual(Buffer.from(bytes.subarray(44)), hex(text));
      const decoded = decodeSenderPacket(open, bytes);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.tlvs, [{ ...value, flags: tlvFlag.unrecognized }]);
    });

  for (const [why, text] of [
    ['follow-up telemetry of 15 octets', `00 07 000f ${zeros(15)}`],
    ['an address of 5 octets', '00 09 0005 0102030405'],
    ['a location with a broken sub-TLV', '00 02 0008 035ec001 00010100'],
    ['a class of service of 2 octets', '00 04 0002 b8a9'],
  ] as const)
    test(`${why} is malformed, and kept`, () => {
      const area = hex(text);
      const decoded = decodeSenderPacket(open, Buffer.concat([senderOpen, area]));
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.tlvs, [
        { kind: 'malformed', flags: 0, type: area.readUInt8(1), value: area.subarray(4) },
      ]);
    });

  test('a length beyond the end stops the reading', () => {
    const area = hex(telemetryHex, '00 01 0010 00');
    const decoded = decodeSenderPacket(open, Buffer.concat([senderOpen, area]));
    assert.ok(decoded.ok);
    assert.deepEqual(
      [decoded.tlvs.map(({ kind }) => kind), decoded.trailingBytes],
      [['follow-up-telemetry'], 5],
    );
  });

  for (const [security, totalBytes, octets] of [
    [open, 0, 44],
    [open, 44, 44],
    [open, 45, 48],
    [open, 48, 48],
    [open, 49, 49],
    [open, 1400, 1400],
    [keyed, 100, 112],
    [keyed, 1400, 1400],
  ] as const)
    test(`${security.mode}, filled up to ${totalBytes}: ${octets} octets`, () => {
      const bytes = encodeSenderPacket(security, sender, { totalBytes });
      assert.equal(bytes.length, octets);
      const decoded = decodeSenderPacket(security, bytes);
      assert.ok(decoded.ok && decoded.trailingBytes === 0 && decoded.tlvIntegrity === 'unprotected');
    });

  test('a packet with TLVs is filled up to the octet too', () => {
    assert.equal(encodeSenderPacket(keyed, sender, { tlvs: [telemetry], totalBytes: 500 }).length, 500);
  });
});

describe('the HMAC TLV', () => {
  const padding: TlvValue = { kind: 'extra-padding', octets: hex('0102') };
  const bytes = Buffer.from(encodeSenderPacket(keyed, sender, { tlvs: [telemetry, padding] }));
  const area = hex(telemetryHex, '80 01 0002 0102');
  const baseBytes = stampBaseBytes('authenticated');

  test('closes an authenticated packet, over its sequence number and the TLVs before', () => {
    const closing = Buffer.concat([hex('80 08 0010'), hmac(hex('01020304'), area)]);
    assert.deepEqual(bytes.subarray(baseBytes), Buffer.concat([area, closing]));
    const decoded = decodeSenderPacket(keyed, bytes);
    assert.ok(decoded.ok && decoded.tlvIntegrity === 'verified');
  });

  const integrityOf = (changed: Uint8Array) => {
    const decoded = decodeSenderPacket(keyed, changed);
    return decoded.ok ? decoded.tlvIntegrity : decoded.reason;
  };

  test('lets no change behind the base packet pass as verified', () => {
    for (let offset = baseBytes; offset < bytes.length; offset++) {
      const changed = Uint8Array.from(bytes);
      changed[offset]! ^= 0x10;
      // The closing TLV's own flags are a reflector's to change.
      const own = offset === baseBytes + area.length;
      assert.equal(integrityOf(changed) === 'verified', own, `octet ${offset}`);
    }
  });

  test('is not asked for where nothing can be read as a TLV', () => {
    const decoded = decodeSenderPacket(
      keyed,
      Buffer.concat([bytes.subarray(0, baseBytes), hex('80 07 ffff')]),
    );
    assert.ok(decoded.ok);
    assert.deepEqual([decoded.tlvs, decoded.tlvIntegrity, decoded.trailingBytes], [[], 'unprotected', 4]);
  });

  test('cannot be left out, moved to another packet or followed by more than padding', () => {
    const base = bytes.subarray(0, baseBytes);
    assert.equal(integrityOf(Buffer.concat([base, area])), 'failed');
    const other = encodeSenderPacket(keyed, { ...sender, sequence: 9 });
    assert.equal(integrityOf(Buffer.concat([other, bytes.subarray(baseBytes)])), 'failed');
    assert.equal(integrityOf(Buffer.concat([bytes, hex('80 01 0003 000000')])), 'verified');
    assert.equal(integrityOf(Buffer.concat([bytes, hex(telemetryHex)])), 'failed');
  });
});

describe('for any values', () => {
  const uint32 = fc.nat({ max: 0xffff_ffff });
  const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  const estimate = fc.record(
    {
      synchronized: fc.boolean(),
      format: fc.constantFrom('ntp' as const, 'ptp' as const),
      scale: fc.nat({ max: 63 }),
      multiplier: fc.nat({ max: 255 }),
    },
    { noNullPrototype: true },
  );
  const senders = {
    sequence: uint32,
    timestamp: uint64,
    errorEstimate: estimate,
    ssid: fc.nat({ max: 0xffff }),
  };
  const reflectors = fc.record(
    {
      ...senders,
      receiveTimestamp: uint64,
      senderSequence: uint32,
      senderTimestamp: uint64,
      senderErrorEstimate: estimate,
      senderTtl: fc.option(fc.integer({ min: 1, max: 255 })),
    },
    { noNullPrototype: true },
  );
  const security = fc.constantFrom(open, keyed);

  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(
        security,
        fc.record(senders, { noNullPrototype: true }),
        reflectors,
        fc.nat({ max: 300 }),
        (how, one, other, totalBytes) => {
          const sent = decodeSenderPacket(how, encodeSenderPacket(how, one, { totalBytes }));
          assert.ok(sent.ok);
          assert.deepEqual(sent.packet, one);
          const tlvs = [telemetry];
          const reflected = decodeReflectorPacket(
            how,
            encodeReflectorPacket(how, other, { totalBytes, tlvs }),
          );
          assert.ok(reflected.ok);
          assert.deepEqual(reflected.packet, other);
          assert.deepEqual(reflected.tlvs[0], { ...telemetry, flags: 0 });
        },
      ),
    );
  });

  test('no octets make a decoder throw', () => {
    fc.assert(
      fc.property(security, fc.uint8Array({ maxLength: 300 }), (how, bytes) => {
        decodeSenderPacket(how, bytes);
        decodeReflectorPacket(how, bytes);
      }),
    );
  });
});

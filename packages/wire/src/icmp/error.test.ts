import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressBytes, addressFromBytes, type Endpoint, endpoint } from '../address.ts';
import { internetChecksum } from './checksum.ts';
import {
  decodeIcmpError,
  encodeTimeExceeded,
  type IcmpError,
  icmpTypes,
  unannouncedExtension,
} from './error.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const none = { mpls: [] };
const source = endpoint('10.0.1.2', 49_153);
const source6 = endpoint('fd00:1::2', 49_153);

/** As Linux routers have sent them. */
const vectors: readonly (readonly [string, string, IcmpError])[] = [
  [
    'a TTL that was exceeded, of a UDP datagram',
    `0b00555f 00000000
     45b80021 31e34000 01112f2e 0a000102 0a000302 c001829a 000d1822 70726f6265`,
    {
      family: 4,
      type: 11,
      code: 0,
      mtu: 0,
      quoted: {
        protocol: 'udp',
        source,
        destination: endpoint('10.0.3.2', 33_434),
        ttl: 1,
        dscp: 46,
        udpLength: 13,
      },
      extensions: none,
    },
  ],
  [
    'a TTL that was exceeded, of a SYN',
    `0b00dadf 00000000
     4500003c 1a8d4000 0106472c 0a000102 0a000302 c00101bb c9a00d1c 00000000
     a002fff0 18320000 020404ec 0402080a 96e41b93 00000000 0103030a`,
    {
      family: 4,
      type: 11,
      code: 0,
      mtu: 0,
      quoted: {
        protocol: 'tcp',
        source,
        destination: endpoint('10.0.3.2', 443),
        ttl: 1,
        dscp: 0,
        tcpSequence: 0xc9a00d1c,
      },
      extensions: none,
    },
  ],
  [
    'a hop limit that was exceeded',
    `030074dd 00000000
     6b8b955a 000d1101 fd000001000000000000000000000002 fd000003000000000000000000000002
     c001829a 000dfa27 70726f6265`,
    {
      family: 6,
      type: 3,
      code: 0,
      mtu: 0,
      quoted: {
        protocol: 'udp',
        source: source6,
        destination: endpoint('fd00:3::2', 33_434),
        ttl: 1,
        dscp: 46,
        udpLength: 13,
      },
      extensions: none,
    },
  ],
  [
    'a packet too big for IPv6',
    `02009c67 00000514
     6b8b955a 05801140 fd000001000000000000000000000002 fd000003000000000000000000000002
     c001829a 0580ff9a`,
    {
      family: 6,
      type: 2,
      code: 0,
      mtu: 1300,
      quoted: {
        protocol: 'udp',
        source: source6,
        destination: endpoint('fd00:3::2', 33_434),
        ttl: 64,
        dscp: 46,
        udpLength: 1408,
      },
      extensions: none,
    },
  ],
];

/** The beginning of an IPv4 packet. */
function packet(
  protocol: number,
  from: Endpoint,
  to: Endpoint,
  { ttl = 1, word = 0, payload = new Uint8Array(0) } = {},
): Buffer {
  const bytes = Buffer.alloc(28 + payload.length);
  bytes[0] = 0x45;
  bytes[8] = ttl;
  bytes[9] = protocol;
  bytes.set(addressBytes(from.address), 12);
  bytes.set(addressBytes(to.address), 16);
  bytes.writeUInt16BE(from.port, 20);
  bytes.writeUInt16BE(to.port, 22);
  bytes.writeUInt32BE(word, 24);
  bytes.set(payload, 28);
  return bytes;
}

function withChecksum(message: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(message);
  bytes[2] = bytes[3] = 0;
  const checksum = internetChecksum(bytes);
  bytes[2] = checksum >> 8;
  bytes[3] = checksum & 0xff;
  return bytes;
}

function decoded(bytes: Uint8Array, family: 4 | 6 = 4): IcmpError {
  const outcome = decodeIcmpError(bytes, family);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.value;
}

describe('an ICMP error', () => {
  for (const [name, text, value] of vectors) {
    it(`is ${name}`, () => assert.deepEqual(decoded(hex(text), value.family), value));
  }

  it('says the next MTU, where a packet was too big for IPv4', () => {
    const quoted = packet(17, source, endpoint('10.0.3.2', 1), { ttl: 64 });
    const message = withChecksum(Buffer.concat([hex('03040000 00000514'), quoted]));
    assert.equal(decoded(message).mtu, 1300);
    assert.equal(decoded(withChecksum(Buffer.concat([hex('03030000 00000514'), quoted]))).mtu, 0);
  });

  it('of IPv6 says no MTU that no packet has', () => {
    const message = hex(vectors[3]![1]);
    message.set([0xff, 0xff, 0xff, 0xff], 4);
    assert.equal(decoded(message, 6).mtu, 65_535);
  });

  it('finds the ports behind the options of IPv4', () => {
    const bytes = packet(17, source, endpoint('10.0.3.2', 9));
    const quoted = Buffer.concat([bytes.subarray(0, 20), Buffer.alloc(8), bytes.subarray(20)]);
    quoted[0] = 0x47;
    assert.deepEqual(decoded(encodeTimeExceeded(quoted)).quoted.destination, endpoint('10.0.3.2', 9));
  });

  for (const [reason, change] of [
    ['short', (bytes: Buffer) => bytes.subarray(0, 7)],
    ['checksum', (bytes: Buffer) => bytes.fill(1, 6, 7)],
    ['not-an-error', (bytes: Buffer) => withChecksum(bytes.fill(0, 0, 1))],
    ['quoted-packet', (bytes: Buffer) => withChecksum(bytes.subarray(0, 35))],
    ['quoted-packet', (bytes: Buffer) => withChecksum(bytes.fill(0x65, 8, 9))],
    ['quoted-packet', (bytes: Buffer) => withChecksum(bytes.fill(0x44, 8, 9))],
    ['quoted-packet', (bytes: Buffer) => withChecksum(bytes.fill(0x4f, 8, 9))],
    ['quoted-protocol', (bytes: Buffer) => withChecksum(bytes.fill(1, 17, 18))],
    ['quoted-protocol', (bytes: Buffer) => withChecksum(bytes.fill(1, 15, 16))],
  ] as const) {
    it(`is refused: ${reason}`, () => {
      const message = Buffer.from(encodeTimeExceeded(packet(17, source, endpoint('10.0.3.2', 9))));
      assert.deepEqual(decodeIcmpError(change(message), 4), { ok: false, reason });
    });
  }
});

describe('an ICMP error with labels', () => {
  const label = { label: 24_000, trafficClass: 0, bottom: true, ttl: 1 };
  const extension = hex('2000d819 00080101 05dc0101');
  const quoted = packet(6, source, endpoint('10.0.3.2', 443), { word: 77 });
  const padded = Buffer.concat([quoted, Buffer.alloc(128 - quoted.length)]);

  it('has them behind 128 octets of the packet, and says so', () => {
    const message = withChecksum(Buffer.concat([hex('0b000000 00200000'), padded, extension]));
    assert.deepEqual(encodeTimeExceeded(quoted, { mpls: [label] }), Buffer.from(message));
    assert.deepEqual(decoded(message).extensions, { mpls: [label] });
    const { quoted: inner } = decoded(message);
    assert.equal(inner.protocol === 'tcp' && inner.tcpSequence, 77);
  });

  it('has them there as well where the sender does not say so (RFC 4884 §5.5)', () => {
    const message = withChecksum(Buffer.concat([hex('0b000000 00000000'), padded, extension]));
    assert.deepEqual(decoded(message).extensions, { mpls: [label] });
  });

  it('has none where what is there is the packet itself', () => {
    for (const start of ['20000000 00080101', '2000d818 00080101', '7070d819 00080101']) {
      const message = withChecksum(
        Buffer.concat([hex('0b000000 00000000'), padded, hex(start), extension.subarray(8)]),
      );
      assert.deepEqual(decoded(message).extensions, none, start);
    }
  });

  it('of IPv6 counts its length in units of 8 octets', () => {
    const quoted6 = hex(vectors[2]![1]).subarray(8);
    const message = Buffer.concat([
      hex('03000000 10000000'),
      quoted6,
      Buffer.alloc(128 - quoted6.length),
      extension,
    ]);
    assert.deepEqual(decoded(message, 6).extensions, { mpls: [label] });
  });

  it('is whole, however faulty the extension is', () => {
    for (const length of [1, 33, 34, 255]) {
      const message = Buffer.concat([hex('0b000000 00000000'), padded, extension]);
      message[5] = length;
      assert.deepEqual(decoded(withChecksum(message)).extensions, none, `length ${length}`);
    }
  });

  it('has the same place in what a socket is told of the packet', () => {
    const seen = Buffer.concat([padded.subarray(28), extension]);
    assert.deepEqual(unannouncedExtension(seen, 28), Buffer.from(extension));
    assert.equal(unannouncedExtension(seen, 20), null);
    assert.equal(unannouncedExtension(new Uint8Array(0), 28), null);
  });
});

describe('any ICMPv4 time exceeded', () => {
  const anyEndpoint = fc
    .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 65_535 }))
    .map(([octets, port]): Endpoint => ({ address: addressFromBytes(octets)!, port }));
  const anyLabel = fc.record(
    {
      label: fc.integer({ min: 0, max: 0xfffff }),
      trafficClass: fc.integer({ min: 0, max: 7 }),
      bottom: fc.boolean(),
      ttl: fc.integer({ min: 0, max: 255 }),
    },
    { noNullPrototype: true },
  );

  it('says after decoding what was encoded, in 576 octets', () => {
    fc.assert(
      fc.property(
        anyEndpoint,
        anyEndpoint,
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.uint8Array({ maxLength: 1500 }),
        fc.array(anyLabel, { maxLength: 16 }),
        (from, to, ttl, word, payload, mpls) => {
          const message = encodeTimeExceeded(packet(6, from, to, { ttl, word, payload }), { mpls });
          assert.ok(message.length <= 556);
          assert.deepEqual(decoded(message), {
            family: 4,
            type: icmpTypes.timeExceeded[4],
            code: 0,
            mtu: 0,
            quoted: { protocol: 'tcp', source: from, destination: to, ttl, dscp: 0, tcpSequence: word },
            extensions: { mpls },
          });
        },
      ),
    );
  });

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 700 }),
        fc.constantFrom(4 as const, 6 as const),
        (bytes, family) => {
          decodeIcmpError(family === 4 ? withChecksum(bytes) : bytes, family);
        },
      ),
    );
  });
});

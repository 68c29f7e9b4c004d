import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { udpFrame } from './frame.example.ts';
import { readFrame } from './frame.ts';

test('a datagram: its flow, and its payload without the padding of short frames', () => {
  const frame = Buffer.concat([udpFrame('probe'), Buffer.alloc(13)]);
  const packet = readFrame(frame)!;
  assert.equal(packet.protocol, 'udp');
  assert.equal(packet.flow, 'udp 192.0.2.1:5000 192.0.2.2:6000');
  assert.equal(Buffer.from(packet.payload).toString(), 'probe');
});

test('a TCP segment: what follows its options', () => {
  const frame = Buffer.from(udpFrame(Buffer.alloc(40)));
  frame[14 + 9] = 6;
  frame[14 + 20 + 12] = 8 << 4;
  frame.write('octets', 14 + 20 + 32);
  const packet = readFrame(frame)!;
  assert.equal(packet.flow, 'tcp 192.0.2.1:5000 192.0.2.2:6000');
  assert.equal(Buffer.from(packet.payload.subarray(0, 6)).toString(), 'octets');
});

test('an ICMP message: from its type on, and a flow without ports', () => {
  const frame = udpFrame('');
  frame[14 + 9] = 1;
  frame[14 + 20] = 8;
  const packet = readFrame(frame)!;
  assert.equal(packet.flow, 'icmp 192.0.2.1 192.0.2.2');
  assert.equal(packet.payload[0], 8);
});

test('whatever the octets are, there is an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x4f, 0x60), (octets, version) => {
      if (octets.length > 14) octets[14] = version;
      readFrame(octets);
    }),
  );
});

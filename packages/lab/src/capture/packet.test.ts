import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPacket, tcpFlag } from './packet.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

// 192.0.2.10 → 198.51.100.2, TTL 61
const ipv4 = (protocol: string, fragment = '0000') =>
  `45 00 00 28 00 01 ${fragment} 3d ${protocol} 00 00 c0 00 02 0a c6 33 64 02`;

test('a SYN over IPv4', () => {
  assert.deepEqual(
    readPacket(bytes(`${ipv4('06')} 23 9f c0 01 00 00 00 01 00 00 00 00 50 02 ff ff 00 00 00 00`)),
    {
      source: '192.0.2.10',
      destination: '198.51.100.2',
      length: 40,
      ttl: 61,
      protocol: 'tcp',
      sourcePort: 9119,
      destinationPort: 49153,
      tcpFlags: tcpFlag.syn,
      icmpType: null,
      icmpCode: null,
    },
  );
});

test('an ICMP time-exceeded has type and code, and no ports', () => {
  const packet = readPacket(bytes(`${ipv4('01')} 0b 00 00 00 00 00 00 00`))!;
  assert.deepEqual(
    [packet.protocol, packet.icmpType, packet.icmpCode, packet.sourcePort],
    ['icmp', 11, 0, null],
  );
});

test('a later fragment has no ports: what follows its header is payload', () => {
  const packet = readPacket(bytes(`${ipv4('11', '00b9')} 23 9f c0 01 00 08 00 00`))!;
  assert.deepEqual([packet.protocol, packet.sourcePort], ['udp', null]);
});

test('UDP over IPv6', () => {
  const source = '20010db8000000000000000000000001';
  const destination = '20010db8000000000000000000000002';
  const packet = readPacket(bytes(`60000000 0008 11 40 ${source} ${destination} 239f c001 0008 0000`))!;
  assert.deepEqual(
    [packet.source, packet.destination, packet.length, packet.ttl, packet.sourcePort, packet.destinationPort],
    ['2001:db8::1', '2001:db8::2', 48, 64, 9119, 49153],
  );
});

test('what is cut short or no IP at all is no packet, and nothing throws', () => {
  const whole = bytes(`${ipv4('06')} 23 9f c0 01 00 00 00 01 00 00 00 00 50 02`);
  for (let length = 0; length < 20; length++) assert.equal(readPacket(whole.subarray(0, length)), null);
  for (let length = 20; length < whole.length; length++) assert.ok(readPacket(whole.subarray(0, length)));
  assert.equal(readPacket(new Uint8Array(64)), null);
});

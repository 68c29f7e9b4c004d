import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFromBytes, type IpAddress, ip } from '@pinhole/wire';
import fc from 'fast-check';
import { addressNumber, parseAddressNumber } from './address-number.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const address = fc.oneof(octets(4), octets(16)).map((bytes) => addressFromBytes(bytes) as IpAddress);

for (const [text, value] of [
  ['0.0.0.0', 0],
  ['1.2.3.4', 0x01020304],
  ['255.255.255.255', 0xffff_ffff],
  ['::', 0n],
  ['::1', 1n],
  ['2001:db8::', 0x2001_0db8n << 96n],
  ['2001:DB8:0:0:0:0:0:1', (0x2001_0db8n << 96n) + 1n],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', (1n << 128n) - 1n],
  ['::ffff:192.0.2.1', 0xc000_0201],
] as const) {
  test(`${text} is ${value}`, () => assert.equal(parseAddressNumber(text), value));
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '256.0.0.0',
  '01.2.3.4',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  ' 1.2.3.4',
  '1.2.3.4/8',
  'x',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8:9',
  '12345::',
  'fe80::1%eth0',
]) {
  test(`"${text}" is no address`, () => assert.equal(parseAddressNumber(text), null));
}

test('an address is the same number whichever way it is read', () => {
  fc.assert(fc.property(address, (text) => parseAddressNumber(text) === addressNumber(ip(text))));
});

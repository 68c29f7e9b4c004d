import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from '@pinhole/wire';
import fc from 'fast-check';
import { addressNumber, parseAddressNumber } from './address-number.ts';
import { largestPrefix, parsePrefix, prefixOf } from './prefix.ts';

const number = (text: string) => addressNumber(ip(text));

for (const [text, first, last] of [
  ['192.0.2.0/24', '192.0.2.0', '192.0.2.255'],
  ['192.0.2.1/32', '192.0.2.1', '192.0.2.1'],
  ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
  ['2001:db8::/32', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const) {
  test(`${text} is from ${first} to ${last}`, () =>
    assert.deepEqual(parsePrefix(text), { first: number(first), last: number(last) }));
}

for (const text of [
  '192.0.2.0',
  '192.0.2.1/24',
  '192.0.2.0/33',
  '2001:db8::/129',
  '192.0.2.0/',
  '/24',
  '192.0.2.0/x',
  '192.0.2.0/-1',
]) {
  test(`"${text}" is no prefix`, () => assert.equal(parsePrefix(text), null));
}

for (const [address, first, last, prefix] of [
  ['192.0.2.7', '192.0.2.0', '192.0.2.255', '192.0.2.0/24'],
  ['192.0.2.7', '192.0.2.1', '192.0.2.255', '192.0.2.4/30'],
  ['192.0.3.7', '192.0.2.128', '192.0.4.127', '192.0.3.0/24'],
  ['192.0.2.7', '192.0.2.7', '192.0.2.7', '192.0.2.7/32'],
  ['9.9.9.9', '0.0.0.0', '255.255.255.255', '0.0.0.0/0'],
  ['2001:db8::1', '2001:db8::', '2001:db8:0:0:ffff:ffff:ffff:ffff', '2001:db8::/64'],
] as const) {
  test(`from ${first} to ${last}, ${address} is in ${prefix}`, () =>
    assert.equal(largestPrefix(number(address), { first: number(first), last: number(last) }), prefix));
}

test('the largest prefix of a prefix is itself', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.nat(32), (address, length) => {
      const prefix = prefixOf(address, length);
      const range = parsePrefix(prefix);
      assert.ok(range !== null && range.first <= address && address <= range.last);
      assert.equal(largestPrefix(address, range), prefix);
    }),
  );
});

test('IPv6 prefixes are written as RFC 5952 has it', () => {
  assert.equal(prefixOf(parseAddressNumber('2001:db8:1:2:3::4')!, 48), '2001:db8:1::/48');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isInPrefix, isPrivateAddress, networkPrefix } from './address.ts';

describe('private addresses', () => {
  const cases: [string, boolean][] = [
    ['10.1.0.1', true],
    ['172.31.255.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['100.128.0.1', false],
    ['169.254.1.1', true],
    ['203.0.113.1', false],
    ['fd00::1', true],
    ['fe80::1', true],
    ['2001:db8::1', false],
    ['no address', false],
  ];
  for (const [address, expected] of cases)
    test(`${address}: ${expected}`, () => assert.equal(isPrivateAddress(address), expected));
});

test('the network of an address', () => {
  assert.equal(networkPrefix('198.51.100.77'), '198.51.100.0/24');
  assert.equal(networkPrefix('2001:db8:0:1::5'), '2001:db8:0::/48');
  assert.equal(networkPrefix('999.1.1.1'), null);
  assert.equal(networkPrefix('router.example'), null);
});

test('an address is in a prefix, or not', () => {
  assert.ok(isInPrefix('192.0.2.77', '192.0.2.64/26'));
  assert.ok(!isInPrefix('192.0.2.63', '192.0.2.64/26'));
  assert.ok(isInPrefix('2001:db8:1::9', '2001:db8::/32'));
  assert.ok(!isInPrefix('192.0.2.1', '2001:db8::/32'));
  assert.ok(!isInPrefix('192.0.2.1', '192.0.2.0/33'));
  assert.ok(!isInPrefix('192.0.2.1', '192.0.2.0'));
  assert.ok(!isInPrefix('1:2:3', '::/0'));
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addressBytes,
  addressFromBytes,
  endpoint,
  formatEndpoint,
  ip,
  isPrivateAddress,
  parseEndpoint,
  parseIpAddress,
} from './address.ts';

describe('addresses', () => {
  for (const [text, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['192.0.2.256', null],
    ['192.0.2', null],
    ['0x7f.1', null],
    ['127.1', null],
    ['fe80::1%eth0', null],
    ['', null],
    ['example.org', null],
  ] as const) {
    it(`${text || 'nothing'} is ${canonical ?? 'no address'}`, () =>
      assert.equal(parseIpAddress(text), canonical));
  }

  it('are the same after their octets', () => {
    for (const text of ['0.0.0.0', '203.0.113.255', '::', '2001:db8::1', 'fe80::1:0:0:2']) {
      assert.equal(addressFromBytes(addressBytes(ip(text))), text);
    }
    assert.equal(addressFromBytes(new Uint8Array(5)), null);
  });

  it('know private space', () => {
    for (const text of ['10.1.0.2', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1'])
      assert.ok(isPrivateAddress(ip(text)), text);
    for (const text of ['198.51.100.1', '172.32.0.1', '2001:db8::1', '127.0.0.1'])
      assert.ok(!isPrivateAddress(ip(text)), text);
  });
});

describe('endpoints', () => {
  for (const [text, value] of [
    ['192.0.2.1:9119', endpoint('192.0.2.1', 9119)],
    ['[2001:db8::1]:0', endpoint('2001:db8::1', 0)],
    ['192.0.2.1:65536', null],
    ['192.0.2.1', null],
    ['2001:db8::1:80', null],
    ['[192.0.2.1:80', null],
  ] as const) {
    it(`${text}: ${value === null ? 'none' : 'both ways'}`, () => {
      assert.deepEqual(parseEndpoint(text), value);
      if (value !== null) assert.equal(formatEndpoint(value), text);
    });
  }
});

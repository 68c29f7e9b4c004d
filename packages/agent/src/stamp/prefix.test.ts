import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ip } from '@pinhole/wire';
import { isWithin, parsePrefix } from './prefix.ts';

describe('a prefix', () => {
  for (const [prefix, address, within] of [
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.77/25', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::/0', '2001:db8::1', true],
  ] as const)
    test(`${prefix} ${within ? 'has' : 'does not have'} ${address}`, () => {
      const parsed = parsePrefix(prefix);
      assert.ok(parsed !== null);
      assert.equal(isWithin(parsed, ip(address)), within);
    });

  for (const text of [
    '',
    '192.0.2.0/33',
    '2001:db8::/129',
    '192.0.2.0/',
    '192.0.2/24',
    'example.net/8',
    '1.2.3.4/-1',
  ])
    test(`'${text}' is none`, () => assert.equal(parsePrefix(text), null));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllowed, parseDuration, parseTarget, parseWhole } from './stamp-values.ts';

describe('a time', () => {
  for (const [text, ms] of [
    ['20ms', 20],
    ['0.5ms', 0.5],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
  ] as const)
    test(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));

  for (const text of ['', '20', '0s', '-1s', '5h', 's', '1e3ms'])
    test(`'${text}' is none`, () => assert.throws(() => parseDuration(text), /expected a time/));
});

describe('a target', () => {
  for (const [text, host, port] of [
    ['router.example.net', 'router.example.net', 862],
    ['router.example.net:4000', 'router.example.net', 4_000],
    ['192.0.2.1', '192.0.2.1', 862],
    ['192.0.2.1:863', '192.0.2.1', 863],
    ['2001:db8::1', '2001:db8::1', 862],
    ['[2001:db8::1]', '2001:db8::1', 862],
    ['[2001:db8::1]:863', '2001:db8::1', 863],
  ] as const)
    test(`${text}: port ${port}`, () => assert.deepEqual(parseTarget(text), { host, port }));

  for (const text of ['', 'host:', 'host:0', 'host:65536', 'host:1:2', '[::1', ':862'])
    test(`'${text}' is none`, () => assert.throws(() => parseTarget(text), /expected HOST/));
});

test('a number within its limits', () => {
  const parse = parseWhole(0, 63);
  assert.deepEqual([parse('0'), parse('63')], [0, 63]);
  for (const text of ['64', '-1', '1.5', '', 'ef']) assert.throws(() => parse(text), /expected 0 to 63/);
});

test('what may ask is an address or a prefix', () => {
  assert.equal(parseAllowed('192.0.2.0/24').bits, 24);
  assert.throws(() => parseAllowed('192.0.2.0/40'), /no address or prefix/);
});

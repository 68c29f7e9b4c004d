import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bound,
  clockTime,
  dateTime,
  duration,
  hopCount,
  megabits,
  milliseconds,
  percent,
  shortDateTime,
} from './format.ts';

describe('figures', () => {
  const cases: [string, string][] = [
    [milliseconds(0.4123), '0.412 ms'],
    [milliseconds(9.1234), '9.12 ms'],
    [milliseconds(34.46), '34.5 ms'],
    [milliseconds(312.4), '312 ms'],
    [milliseconds(-1.25), '-1.25 ms'],
    [milliseconds(null), '–'],
    [percent(0), '0 %'],
    [percent(0.5), '0.5 %'],
    [percent(12.4), '12 %'],
    [percent(100), '100 %'],
    [percent(undefined), '–'],
    [megabits(94.08), '94.1 Mbit/s'],
    [bound(0.21), '± 0.210 ms'],
    [bound(undefined), ''],
    [duration(45), '45 s'],
    [duration(720), '12 min'],
    [duration(12_000), '3 h 20 min'],
    [duration(7200), '2 h'],
    [duration(187_200), '2 d 4 h'],
    [hopCount(null), 'not reached'],
    [hopCount({ least: 1, most: 1 }), '1 hop'],
    [hopCount({ least: 6, most: 6 }), '6 hops'],
    [hopCount({ least: 6, most: 9 }), '6–9 hops'],
  ];
  for (const [actual, expected] of cases) test(expected, () => assert.equal(actual, expected));
});

test('a round whose number is no date has an unknown time', () => {
  for (const write of [clockTime, dateTime, shortDateTime])
    for (const atS of [Number.MAX_SAFE_INTEGER, 8.64e12 + 1, Number.NaN])
      assert.equal(write(atS), 'unknown time');
  assert.match(clockTime(1_700_000_000), /^\d\d:\d\d:\d\d$/);
});

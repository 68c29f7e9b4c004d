import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '@pinhole/net';
import { UtcClock } from './utc.ts';

/** A clock that takes a microsecond to be read, and whose wall time can be set. */
function slowClock(unixUs: number) {
  let [monotonicUs, wallUs] = [7_000_000, unixUs];
  const pass = (us: number) => {
    monotonicUs += us;
    wallUs += us;
  };
  const clock: Clock = {
    monotonicNs: () => {
      pass(1);
      return monotonicUs * 1000;
    },
    wallMs: () => {
      pass(1);
      return Math.floor(wallUs / 1000);
    },
    after: () => assert.fail('no timer is needed'),
  };
  const errorNs = (utc: UtcClock) =>
    Math.abs(Number(utc.unixNs(monotonicUs * 1000) - BigInt(wallUs) * 1000n));
  return { clock, pass, errorNs, set: (us: number) => (wallUs = us) };
}

describe('UTC', () => {
  for (const phaseUs of [0, 1, 499, 998, 999])
    test(`is exact to a few readings of the clock, ${phaseUs} µs into a millisecond`, () => {
      const { clock, pass, errorNs } = slowClock(1_800_000_000_000_000 + phaseUs);
      const utc = new UtcClock(clock);
      assert.ok(errorNs(utc) <= 4_000, `${errorNs(utc)} ns`);
      pass(3_600_000_000);
      utc.check();
      assert.ok(errorNs(utc) <= 4_000, `${errorNs(utc)} ns an hour later`);
    });

  test('follows a wall clock that was set', () => {
    const { clock, set, errorNs } = slowClock(1_000_000_000_000_000);
    const utc = new UtcClock(clock);
    set(1_800_000_000_000_123);
    utc.check();
    assert.ok(errorNs(utc) <= 4_000, `${errorNs(utc)} ns`);
  });

  test('is the wall time, to the millisecond, of a clock that stands still meanwhile', () => {
    const utc = new UtcClock({ monotonicNs: () => 5, wallMs: () => 1234, after: () => assert.fail() });
    assert.equal(utc.now(), 1_234_000_000n);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  errorEstimateBits,
  errorEstimateFromBits,
  errorEstimateFromNs,
  errorEstimateNs,
  ntpFromUnixNs,
  ptpFromUnixNs,
  unixNsFromNtp,
  unixNsFromPtp,
} from './time.ts';

const unixNs = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;

describe('NTP time', () => {
  for (const [iso, seconds] of [
    ['1970-01-01T00:00:00Z', 2_208_988_800n],
    ['1972-01-01T00:00:00Z', 2_272_060_800n],
    ['2036-02-07T06:28:15Z', 0xffff_ffffn],
    ['2036-02-07T06:28:16Z', 0n],
    ['2036-02-07T06:28:17Z', 1n],
    ['2103-12-31T00:00:00Z', 2_142_523_904n],
  ] as const)
    test(`${iso} is second ${seconds}`, () => {
      assert.equal(ntpFromUnixNs(unixNs(iso)) >> 32n, seconds);
      assert.equal(unixNsFromNtp(seconds << 32n), unixNs(iso));
    });

  test('half a second is half of the fraction', () => {
    assert.equal(ntpFromUnixNs(500_000_000n) & 0xffff_ffffn, 0x8000_0000n);
    assert.equal(unixNsFromNtp(ntpFromUnixNs(0n) | 0x4000_0000n), 250_000_000n);
  });

  test('every nanosecond from 1968 to 2104 survives the way there and back', () => {
    const time = fc.bigInt({ min: unixNs('1968-01-21T00:00:00Z'), max: unixNs('2104-02-25T00:00:00Z') });
    fc.assert(fc.property(time, (ns) => unixNsFromNtp(ntpFromUnixNs(ns)) === ns));
  });

  test('64 random bits survive to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (bits) => {
        const ns = unixNsFromNtp(bits);
        assert.equal(unixNsFromNtp(ntpFromUnixNs(ns)), ns);
      }),
    );
  });
});

describe('truncated PTP time', () => {
  test('is seconds and nanoseconds since 1970', () => {
    assert.equal(ptpFromUnixNs(1_700_000_000_123_456_789n), (1_700_000_000n << 32n) | 123_456_789n);
  });

  test('wraps in 2106', () => {
    assert.equal(ptpFromUnixNs(4_294_967_296_000_000_007n), 7n);
  });

  test('every nanosecond until then survives the way there and back', () => {
    const time = fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n });
    fc.assert(fc.property(time, (ns) => unixNsFromPtp(ptpFromUnixNs(ns)) === ns));
  });
});

describe('error estimate', () => {
  for (const [bits, estimate, errorNs] of [
    [0x0001, { synchronized: false, format: 'ntp', scale: 0, multiplier: 1 }, 0.23283064365386963],
    [0x8001, { synchronized: true, format: 'ntp', scale: 0, multiplier: 1 }, 0.23283064365386963],
    [0x6001, { synchronized: false, format: 'ptp', scale: 32, multiplier: 1 }, 1e9],
    [0xdf03, { synchronized: true, format: 'ptp', scale: 31, multiplier: 3 }, 1.5e9],
    [0x2000, { synchronized: false, format: 'ntp', scale: 32, multiplier: 0 }, null],
  ] as const)
    test(`0x${bits.toString(16).padStart(4, '0')} is ${errorNs} ns`, () => {
      assert.deepEqual(errorEstimateFromBits(bits), estimate);
      assert.equal(errorEstimateBits(estimate), bits);
      assert.equal(errorEstimateNs(estimate), errorNs);
    });

  test('made from nanoseconds is never below them, and by less than a 128th above', () => {
    fc.assert(
      fc.property(fc.double({ min: 100, max: 1e15, noNaN: true }), (errorNs) => {
        const estimate = errorEstimateFromNs(errorNs, { synchronized: false, format: 'ntp' });
        const told = errorEstimateNs(estimate);
        assert.ok(
          told !== null && told >= errorNs * (1 - 1e-12) && told < errorNs * (1 + 1 / 120),
          `${told}`,
        );
      }),
    );
  });

  test('nothing is too small or too large for it', () => {
    const clock = { synchronized: true, format: 'ntp' } as const;
    assert.deepEqual(errorEstimateFromNs(0, clock), { ...clock, scale: 0, multiplier: 1 });
    assert.deepEqual(errorEstimateFromNs(1e30, clock), { ...clock, scale: 63, multiplier: 255 });
  });

  test('all 16 bits survive', () => {
    for (let bits = 0; bits < 0x10000; bits++)
      assert.equal(errorEstimateBits(errorEstimateFromBits(bits)), bits);
  });
});

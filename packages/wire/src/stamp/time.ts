// STAMP's times (RFC 8762 §4.2.1): 64 bits, in one of two formats, beside 16 bits that say how far to trust them.
//
//   NTP             seconds since 1900 (32)            fraction, 2^-32 s (32)      RFC 5905 §6
//   PTPv2 truncated seconds since 1970 (32)            nanoseconds (32)            IEEE 1588, RFC 8877 §4.3
//
//   Error estimate   S 1 · Z 1 · scale 6 · multiplier 8                           RFC 4656 §4.1.2
//
// Values are bigint nanoseconds since 1970 on the outside: a number is exact to 2^53 ns only, which is 104 days.

/** The 64 bits as they stand in the packet. The error estimate beside them says which format they are in. */
export type StampTimestamp = bigint;

/** Seconds since 1900 in the upper 32 bits, the fraction of a second in the lower. */
export type NtpTime = StampTimestamp;

export type TimestampFormat = 'ntp' | 'ptp';

const nsPerS = 1_000_000_000n;
const low32 = 0xffff_ffffn;

// 70 years with 17 leap days lie between the epochs (RFC 868).
const ntpToUnixS = 2_208_988_800n;

/** Wraps into the era's 32 bits: 2036-02-07T06:28:16Z is 0. Any `unixNs` that NTP can tell lies in 1968 to 2104. */
export function ntpFromUnixNs(unixNs: bigint): NtpTime {
  // Rounded up: flooring twice would lose a nanosecond on the way back.
  const units = ceilDivide(unixNs << 32n, nsPerS) + (ntpToUnixS << 32n);
  return BigInt.asUintN(64, units);
}

/** Nanoseconds since 1970, rounded down. A time with its highest bit clear is after 2036 (RFC 4330 §3). */
export function unixNsFromNtp(time: NtpTime): bigint {
  const era = (time & (1n << 63n)) === 0n ? 1n << 64n : 0n;
  return floorDivide((time + era - (ntpToUnixS << 32n)) * nsPerS, 1n << 32n);
}

/** Wraps every 2^32 s, in 2106 for the first time. */
export function ptpFromUnixNs(unixNs: bigint): StampTimestamp {
  const seconds = floorDivide(unixNs, nsPerS);
  return BigInt.asUintN(64, (BigInt.asUintN(32, seconds) << 32n) | (unixNs - seconds * nsPerS));
}

/** Nanoseconds since 1970; a nanosecond field beyond a second, which no clock writes, is added as it is. */
export function unixNsFromPtp(time: StampTimestamp): bigint {
  return (time >> 32n) * nsPerS + (time & low32);
}

export function unixNsFromTimestamp(time: StampTimestamp, format: TimestampFormat): bigint {
  return format === 'ntp' ? unixNsFromNtp(time) : unixNsFromPtp(time);
}

/** How far the clock that wrote a timestamp may be from UTC: multiplier · 2^(scale − 32) s. */
export interface ErrorEstimate {
  /** S: the clock is synchronised to UTC by an outside source. */
  readonly synchronized: boolean;
  /** Z. */
  readonly format: TimestampFormat;
  /** 0 to 63. */
  readonly scale: number;
  /** 0 to 255; 0 says that the estimate is void. */
  readonly multiplier: number;
}

/** The smallest estimate that is not below `errorNs` (at least 1 unit of 2^-32 s, at most 255 · 2^31 s). */
export function errorEstimateFromNs(
  errorNs: number,
  { synchronized, format }: Pick<ErrorEstimate, 'synchronized' | 'format'>,
): ErrorEstimate {
  const units = Math.max(1, (errorNs / 1e9) * 2 ** 32);
  const scale = Math.min(63, Math.max(0, Math.ceil(Math.log2(units / 255))));
  const multiplier = Math.min(255, Math.ceil(units / 2 ** scale));
  return { synchronized, format, scale, multiplier };
}

/** In nanoseconds; null where the multiplier is 0, which RFC 4656 §4.1.2 calls corrupt. */
export function errorEstimateNs({ scale, multiplier }: ErrorEstimate): number | null {
  return multiplier === 0 ? null : multiplier * 2 ** (scale - 32) * 1e9;
}

export function errorEstimateBits({ synchronized, format, scale, multiplier }: ErrorEstimate): number {
  return (
    (synchronized ? 0x8000 : 0) |
    (format === 'ptp' ? 0x4000 : 0) |
    ((scale & 0x3f) << 8) |
    (multiplier & 0xff)
  );
}

export function errorEstimateFromBits(bits: number): ErrorEstimate {
  return {
    synchronized: (bits & 0x8000) !== 0,
    format: (bits & 0x4000) === 0 ? 'ntp' : 'ptp',
    scale: (bits >> 8) & 0x3f,
    multiplier: bits & 0xff,
  };
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return -floorDivide(-dividend, divisor);
}

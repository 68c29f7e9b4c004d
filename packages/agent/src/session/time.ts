// The session's own time: nanoseconds from an origin near its start, which as numbers are exact (measure's records).
// On the wire the same moments are NTP times, as if the wall clock had run evenly since the origin.

import { stamp } from '@pinhole/wire';

/** `ns` from the origin, which lies at `originUnixNs`. */
export function ntpFromNs(ns: number, originUnixNs: bigint): bigint {
  return stamp.ntpFromUnixNs(originUnixNs + BigInt(Math.round(ns)));
}

/** A peer whose clock is far off has times far from the origin: exact to 1 ns up to 104 days, to 4 ns up to a year. */
export function nsFromNtp(time: bigint, originUnixNs: bigint): number {
  return Number(stamp.unixNsFromNtp(time) - originUnixNs);
}

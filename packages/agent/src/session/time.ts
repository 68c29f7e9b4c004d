// The time that logs count in: nanoseconds from an origin near the process's start, which as numbers are exact
// (measure's records). On the wire the same moments are NTP times, as if the wall clock had run evenly since the origin.
//
// The origin is one for all sessions of a clock, and so of a process: what one session has found out about the peer's
// clock then holds for the next, although the wall clock may have been set in between.

import type { Clock } from '@pinhole/net';
import { stamp } from '@pinhole/wire';

export interface Origin {
  /** On the monotonic clock. */
  readonly originNs: number;
  /** What the wall clock showed then, since 1970. */
  readonly originUnixNs: bigint;
}

const origins = new WeakMap<Clock, Origin>();

export function originOf(clock: Clock): Origin {
  let origin = origins.get(clock);
  if (origin === undefined) {
    origin = { originNs: clock.monotonicNs(), originUnixNs: BigInt(Math.round(clock.wallMs() * 1e6)) };
    origins.set(clock, origin);
  }
  return origin;
}

/** `ns` from the origin, which lies at `originUnixNs`. */
export function ntpFromNs(ns: number, originUnixNs: bigint): bigint {
  return stamp.ntpFromUnixNs(originUnixNs + BigInt(Math.round(ns)));
}

/** A peer whose clock is far off has times far from the origin: exact to 1 ns up to 104 days, to 4 ns up to a year. */
export function nsFromNtp(time: bigint, originUnixNs: bigint): number {
  return Number(stamp.unixNsFromNtp(time) - originUnixNs);
}

// The wall clock as the network wants it: to the microsecond, and beside the clock that everything is measured by.

import type { Clock } from '@pinhole/net';
import { stamp } from '@pinhole/wire';

/** Whether anything keeps this host's clock right is not for us to know: S is 0, and a second off is likely enough. */
export const utcErrorEstimate = stamp.errorEstimateFromNs(1e9, { synchronized: false, format: 'ntp' });

/** Reading the wall clock so often takes longer than its millisecond lasts. */
const maxReadings = 200_000;
/** Two moments that agree so well were both seen without an interruption. */
const agreementNs = 5_000;
/** On a busy machine the best of so many is taken. */
const maxMoments = 20;
/** A wall clock that is further off than its own resolution and a scheduling hiccup allow was set anew. */
const setAnewMs = 5;

/**
 * UTC for moments of Clock.monotonicNs. The wall clock tells whole milliseconds; so it is read until it moves on, and
 * from there on the monotonic clock counts, which NTP slews alike. That moment may be seen too late, but never too
 * early: so of several the earliest counts.
 */
export class UtcClock {
  readonly #clock: Clock;
  /** Where the wall clock showed #originMs, whole, on the monotonic clock. */
  #originNs = 0;
  #originMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#align();
  }

  /** Nanoseconds since 1970. */
  unixNs(monotonicNs: number): bigint {
    return BigInt(this.#originMs) * 1_000_000n + BigInt(Math.round(monotonicNs - this.#originNs));
  }

  now(): bigint {
    return this.unixNs(this.#clock.monotonicNs());
  }

  /** Follows a wall clock that was set. To be called now and then. */
  check(): void {
    const elapsedMs = (this.#clock.monotonicNs() - this.#originNs) / 1e6;
    if (Math.abs(this.#clock.wallMs() - this.#originMs - elapsedMs) > setAnewMs) this.#align();
  }

  #align(): void {
    this.#originMs = this.#clock.wallMs();
    this.#originNs = this.#clock.monotonicNs();
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let moment = 0; moment < maxMoments; moment++) {
      const atNs = this.#nextMillisecond();
      if (atNs === null) return;
      const agrees = Math.abs(atNs - earliestNs) < agreementNs;
      earliestNs = Math.min(earliestNs, atNs);
      this.#originNs = earliestNs;
      if (agrees) return;
    }
  }

  /** Waits until the wall clock moves on; when it showed #originMs by that. Null where it does not move. */
  #nextMillisecond(): number | null {
    const clock = this.#clock;
    const beforeMs = clock.wallMs();
    for (let reading = 0; reading < maxReadings; reading++) {
      const ms = clock.wallMs();
      if (ms !== beforeMs) return clock.monotonicNs() - (ms - this.#originMs) * 1e6;
    }
    return null;
  }
}

// The system's clocks and the event loop's timers.

import type { Clock, Timer } from '../types.ts';

/** Node turns a longer delay into 1 ms; so long ones are waited for in parts. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** CLOCK_MONOTONIC, exact in a number for 104 days since boot and to 2 ns for three more years. */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

export const systemClock: Clock = {
  monotonicNs,
  wallMs: () => Date.now(),
  after(delayMs: number, callback: () => void): Timer {
    const dueNs = monotonicNs() + delayMs * 1e6;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const leftMs = Math.ceil((dueNs - monotonicNs()) / 1e6);
      timer = setTimeout(wake, Math.min(Math.max(leftMs, 0), LONGEST_DELAY_MS));
    };
    // Node's timers count in whole milliseconds and may run up to one early.
    const wake = () => (monotonicNs() < dueNs ? wait() : callback());
    wait();
    return { cancel: () => clearTimeout(timer) };
  },
};

// The link measures by CLOCK_MONOTONIC, as the agents do; the kernel stamps frames by CLOCK_REALTIME.

import { call, memory } from '../libc.ts';

const CLOCK_REALTIME = 0;
/** Two readings of the one clock around one of the other lie this close together unless we were interrupted. */
const undisturbedNs = 3_000;
const attempts = 3;

const clock_gettime = call('int clock_gettime(int, uintptr_t)');
const time = memory(16);

/** Realtime less monotonic, in two parts: as one number of nanoseconds it would lose its last digits. */
export interface RealtimeOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** CLOCK_MONOTONIC. */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

/** To be asked for anew for each batch of stamps: the realtime clock may step. */
export function realtimeOffset(): RealtimeOffset {
  let best: RealtimeOffset = { seconds: 0, nanoseconds: 0 };
  let narrowestNs = Infinity;
  for (let attempt = 0; attempt < attempts && narrowestNs > undisturbedNs; attempt++) {
    const beforeNs = monotonicNs();
    clock_gettime(CLOCK_REALTIME, time.pointer);
    const afterNs = monotonicNs();
    if (afterNs - beforeNs >= narrowestNs) continue;
    narrowestNs = afterNs - beforeNs;
    const [seconds, nanoseconds] = timespec(time.data, 0);
    best = { seconds, nanoseconds: nanoseconds - (beforeNs + afterNs) / 2 };
  }
  return best;
}

/** The struct timespec at `offset`, on the monotonic scale. */
export function stampNs(data: DataView, offset: number, realtime: RealtimeOffset): number {
  const [seconds, nanoseconds] = timespec(data, offset);
  return Math.round((seconds - realtime.seconds) * 1e9 + (nanoseconds - realtime.nanoseconds));
}

function timespec(data: DataView, offset: number): [seconds: number, nanoseconds: number] {
  return [Number(data.getBigInt64(offset, true)), Number(data.getBigInt64(offset + 8, true))];
}

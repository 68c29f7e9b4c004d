// The kernel stamps packets by CLOCK_REALTIME; programs measure by CLOCK_MONOTONIC.

import { monotonicNs } from '../node/clock.ts';
import { libc } from './libc.ts';
import { getWord, type Memory, scratchMemory } from './memory.ts';

const CLOCK_REALTIME = 0;

/** Two readings of the one clock around one of the other lie this close together unless we were interrupted. */
const UNDISTURBED_NS = 5_000;

/** Realtime less monotonic, in two parts: as one number of nanoseconds it would lose its last digits. */
export interface RealtimeOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Sampled anew for every batch of stamps: the realtime clock is slewed, and may step. */
export function sampleRealtimeOffset(): RealtimeOffset {
  const memory = scratchMemory();
  let best: RealtimeOffset = { seconds: 0, nanoseconds: 0 };
  let narrowestNs = Infinity;
  for (let attempt = 0; attempt < 3 && narrowestNs > UNDISTURBED_NS; attempt++) {
    const beforeNs = monotonicNs();
    libc().clock_gettime(CLOCK_REALTIME, memory.address);
    const afterNs = monotonicNs();
    if (afterNs - beforeNs >= narrowestNs) continue;
    narrowestNs = afterNs - beforeNs;
    const middleNs = (beforeNs + afterNs) / 2;
    best = { seconds: getWord(memory.view, 0), nanoseconds: getWord(memory.view, 8) - middleNs };
  }
  return best;
}

/** In this time a clock that is slewed as fast as can be (500 ppm, adjtime(3)) moves by half a nanosecond. */
const RECENT_NS = 1_000_000;

let recent: RealtimeOffset | null = null;
let sampledAtNs = 0;

/** For stamps that come one by one, each with a look at the clocks: of this millisecond. */
export function recentRealtimeOffset(nowNs: number): RealtimeOffset {
  if (recent === null || nowNs - sampledAtNs > RECENT_NS) {
    recent = sampleRealtimeOffset();
    sampledAtNs = nowNs;
  }
  return recent;
}

/** The struct timespec at `offset`, on the monotonic scale; null where the kernel left it empty. */
export function readStamp({ view }: Memory, offset: number, realtime: RealtimeOffset): number | null {
  const seconds = getWord(view, offset);
  if (seconds === 0) return null;
  return Math.round((seconds - realtime.seconds) * 1e9 + (getWord(view, offset + 8) - realtime.nanoseconds));
}

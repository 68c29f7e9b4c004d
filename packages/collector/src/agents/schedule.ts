// When rounds start: at multiples of the interval, plus an offset of the test's own, so that all tests of one interval
// do not send in the same second.

import { createHash } from 'node:crypto';

/** A round's hard limit is 8 s; the last offset leaves it room before the next multiple of the interval. */
const roundRoomMs = 10_000;

/** Stable for a test as long as its interval is. */
export function offsetMs(testId: string, intervalS: number): number {
  const digest = createHash('sha256').update(`pinhole offset\0${testId}`).digest();
  return digest.readUInt32BE(0) % (intervalS * 1000 - roundRoomMs);
}

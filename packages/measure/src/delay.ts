// Figures over the delays of one round and direction. All in nanoseconds.

export interface Spread {
  readonly meanNs: number;
  readonly minNs: number;
  readonly maxNs: number;
}

/** Null for no delays. */
export function spread(delaysNs: readonly number[]): Spread | null {
  if (delaysNs.length === 0) return null;
  const minNs = least(delaysNs);
  // Summed above the minimum, so that the mean of equal delays is that delay and no mean leaves the range.
  const excess = delaysNs.reduce((sum, delay) => sum + (delay - minNs), 0);
  const maxNs = delaysNs.reduce((most, delay) => Math.max(most, delay), Number.NEGATIVE_INFINITY);
  return { meanNs: minNs + excess / delaysNs.length, minNs, maxNs };
}

/** Mean deviation from the mean; 0 for fewer than two. */
export function meanDeviationNs(delaysNs: readonly number[]): number {
  const mean = spread(delaysNs)?.meanNs ?? 0;
  return delaysNs.reduce((sum, delay) => sum + Math.abs(delay - mean), 0) / Math.max(1, delaysNs.length);
}

/** The 95th percentile (nearest rank) of D(i) − D(min): PDV of RFC 5481 §4.2; 0 for no delays. */
export function pdv95Ns(delaysNs: readonly number[]): number {
  const sorted = delaysNs.toSorted((a, b) => a - b);
  const ranked = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return ranked === undefined ? 0 : ranked - sorted[0]!;
}

/** The interarrival jitter of RFC 3550 §6.4.1, J += (|D| − J) / 16, over delays in order of arrival; starts at 0. */
export function rfc3550JitterNs(delaysNs: readonly number[]): number {
  let jitter = 0;
  for (let i = 1; i < delaysNs.length; i++)
    jitter += (Math.abs(delaysNs[i]! - delaysNs[i - 1]!) - jitter) / 16;
  return jitter;
}

/** Infinity for no delays. */
export function least(delaysNs: readonly number[]): number {
  return delaysNs.reduce((min, delay) => Math.min(min, delay), Number.POSITIVE_INFINITY);
}

// Figures over the delays of one round and direction. All in nanoseconds.

export interface Spread {
  readonly meanNs: number;
  readonly minNs: number;
  readonly medianNs: number;
  readonly p95Ns: number;
  readonly maxNs: number;
}

/** Null for no delays. */
export function spread(delaysNs: readonly number[]): Spread | null {
  if (delaysNs.length === 0) return null;
  const sorted = delaysNs.toSorted((a, b) => a - b);
  const minNs = sorted[0]!;
  // Summed above the minimum, so that the mean of equal delays is that delay and no mean leaves the range.
  const excess = delaysNs.reduce((sum, delay) => sum + (delay - minNs), 0);
  return {
    meanNs: minNs + excess / delaysNs.length,
    minNs,
    medianNs: nearestRank(sorted, 0.5),
    p95Ns: nearestRank(sorted, 0.95),
    maxNs: sorted.at(-1)!,
  };
}

/** Mean deviation from the mean; 0 for fewer than two. */
export function meanDeviationNs(delaysNs: readonly number[]): number {
  const mean = spread(delaysNs)?.meanNs ?? 0;
  return delaysNs.reduce((sum, delay) => sum + Math.abs(delay - mean), 0) / Math.max(1, delaysNs.length);
}

/** The 95th percentile (nearest rank) of D(i) − D(min): PDV of RFC 5481 §4.2; 0 for no delays. */
export function pdv95Ns(delaysNs: readonly number[]): number {
  const figures = spread(delaysNs);
  return figures === null ? 0 : figures.p95Ns - figures.minNs;
}

/** The interarrival jitter of RFC 3550 §6.4.1, J += (|D| − J) / 16, over delays in order of arrival; starts at 0. */
export function rfc3550JitterNs(delaysNs: readonly number[]): number {
  let jitter = 0;
  for (let i = 1; i < delaysNs.length; i++)
    jitter += (Math.abs(delaysNs[i]! - delaysNs[i - 1]!) - jitter) / 16;
  return jitter;
}

/** The least value that at least this share of all do not exceed (RFC 2330 §11.3); of at least one value, in order. */
export function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1]!;
}

// The few statistics that the truth and the measurements are compared by.

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** Mean deviation from the mean. */
export function meanDeviation(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((each) => Math.abs(each - middle)));
}

/** The mean of what two that follow each other differ by (IRTT's IPDV). */
export function meanStep(values: readonly number[]): number {
  return mean(values.slice(1).map((each, i) => Math.abs(each - values[i]!)));
}

/** `median 8.1, p95 20.4` of the magnitudes. */
export function spreadText(valuesNs: readonly number[]): string {
  if (valuesNs.length === 0) return 'nothing';
  const magnitudes = valuesNs.map(Math.abs);
  const at = (share: number) => (quantile(magnitudes, share) / 1000).toFixed(1);
  return `median ${at(0.5)}, p95 ${at(0.95)}`;
}

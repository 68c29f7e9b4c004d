// When a figure is good, doubtful or bad.

import type { Metric } from '../timeline/metric.ts';

export type Health = 'good' | 'warn' | 'bad' | 'unknown';

export interface Thresholds {
  /** From here on doubtful, and bad; of throughput from here down. */
  readonly warn: number;
  readonly bad: number;
}

/** What telephony bears is where doubt begins (ITU-T G.114: 150 ms one way), what it does not bear is bad. */
export const defaultThresholds: Record<Metric, Thresholds> = {
  loss: { warn: 1, bad: 5 },
  latency: { warn: 150, bad: 400 },
  'round-trip': { warn: 300, bad: 800 },
  jitter: { warn: 20, bad: 50 },
  throughput: { warn: 10, bad: 1 },
};

/** A hop has a red ring beyond this loss, percent; a link is red beyond this delay. */
export const defaultHopLoss = 10;
export const defaultLinkDelayMs = 100;

export function healthOf(metric: Metric, value: number | null, { warn, bad }: Thresholds): Health {
  if (value === null) return 'unknown';
  const reaches = (limit: number) => (metric === 'throughput' ? value <= limit : value >= limit);
  if (reaches(bad)) return 'bad';
  return reaches(warn) ? 'warn' : 'good';
}

const severity: Record<Health, number> = { unknown: 0, good: 1, warn: 2, bad: 3 };

/** Unknown of none. */
export function worstHealth(all: readonly Health[]): Health {
  return all.reduce<Health>((worst, each) => (severity[each] > severity[worst] ? each : worst), 'unknown');
}

export const healthWords: Record<Health, string> = {
  good: 'good',
  warn: 'doubtful',
  bad: 'bad',
  unknown: 'unknown',
};

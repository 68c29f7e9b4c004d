// What can be seen over time, and what the timeline says of it.

import type { TimelineSeries } from '@pinhole/contract';

export const metrics = ['loss', 'latency', 'round-trip', 'jitter', 'throughput'] as const;
export type Metric = (typeof metrics)[number];

export const metricLabels: Record<Metric, string> = {
  loss: 'Loss',
  latency: 'Latency',
  'round-trip': 'Round trip',
  jitter: 'Jitter',
  throughput: 'Throughput',
};

export const metricUnits: Record<Metric, string> = {
  loss: '%',
  latency: 'ms',
  'round-trip': 'ms',
  jitter: 'ms',
  throughput: 'Mbit/s',
};

type Figures = readonly (number | null)[];

interface MetricColumns {
  readonly value: Figures;
  /** Of the band around the value; null where there is none. */
  readonly low: Figures | null;
  readonly high: Figures | null;
}

/** In words, what the band around a metric's line is. */
export const bandWords: Record<Metric, string | null> = {
  loss: 'band: up to the greatest of a point’s rounds',
  latency: 'band: error bound of the one-way delay',
  'round-trip': null,
  jitter: 'band: up to the greatest of a point’s rounds',
  throughput: 'band: down to the least of a point’s rounds',
};

export function metricColumns(series: TimelineSeries, metric: Metric): MetricColumns {
  switch (metric) {
    case 'loss':
      return { value: series.lossMean, low: series.lossMean, high: series.lossMax };
    case 'latency': {
      const bound = (sign: 1 | -1) =>
        series.latencyMean.map((mean, i) => {
          const width = series.latencyBound[i] ?? null;
          return mean === null || width === null ? mean : Math.max(0, mean + sign * width);
        });
      return { value: series.latencyMean, low: bound(-1), high: bound(1) };
    }
    case 'round-trip':
      return { value: series.roundTripMean, low: null, high: null };
    case 'jitter':
      return { value: series.jitterMean, low: series.jitterMean, high: series.jitterMax };
    case 'throughput':
      return { value: series.throughputMean, low: series.throughputMin, high: series.throughputMean };
  }
}

/**
 * The round of a point that a person means who picks it: the worst one, as that is what stands out. Failed ones first, then
 * by the metric; of equals the latest. Null of a series without rounds.
 */
export function worstRound(series: readonly TimelineSeries[], metric: Metric): number | null {
  let worst: { roundId: number; badness: number } | null = null;
  for (const each of series) {
    const { value } = metricColumns(each, metric);
    each.startS.forEach((roundId, i) => {
      const known = value[i] ?? 0;
      const badness =
        each.failed[i]! > 0 ? Number.POSITIVE_INFINITY : metric === 'throughput' ? -known : known;
      const isWorse = worst === null || badness > worst.badness;
      if (isWorse || (badness === worst?.badness && roundId > worst.roundId)) worst = { roundId, badness };
    });
  }
  return (worst as { roundId: number } | null)?.roundId ?? null;
}

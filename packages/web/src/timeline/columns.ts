// A timeline as the chart takes it: one row of times, and of each direction a row of figures for each time.

import type { OneDirection, Timeline, TimelineSeries } from '@pinhole/contract';
import { type Metric, metricColumns } from './metric.ts';

/** Null: nothing was measured, the line has a gap. Undefined: this direction has no point here, the line goes through. */
type Figure = number | null | undefined;

export interface DirectionColumns {
  readonly direction: OneDirection;
  readonly value: readonly Figure[];
  readonly low: readonly Figure[] | null;
  readonly high: readonly Figure[] | null;
  /** Of the times, in which results are failures. */
  readonly failed: readonly boolean[];
}

export interface TimelineColumns {
  /** Epoch seconds, ascending. */
  readonly startS: readonly number[];
  readonly directions: readonly DirectionColumns[];
}

/** Times further apart than so many usual distances have a gap between them: rounds are missing. */
const gapFactor = 2.5;

export function timelineColumns(
  timeline: Timeline,
  metric: Metric,
  directions: readonly OneDirection[],
): TimelineColumns {
  const shown = seriesOf(timeline, directions);
  const known = [...new Set(shown.flatMap(({ series }) => series.startS))].sort((a, b) => a - b);
  const startS = withGaps(known, timeline.bucketS);
  const place = new Map(startS.map((time, i) => [time, i]));
  const isGap = new Set(startS);
  for (const time of known) isGap.delete(time);
  return {
    startS,
    directions: shown.map(({ direction, series }) => {
      const columns = metricColumns(series, metric);
      const spread = (figures: readonly (number | null)[]): Figure[] => {
        const row: Figure[] = startS.map((time) => (isGap.has(time) ? null : undefined));
        series.startS.forEach((time, i) => {
          row[place.get(time)!] = figures[i] ?? null;
        });
        return row;
      };
      const failed = startS.map(() => false);
      series.startS.forEach((time, i) => {
        failed[place.get(time)!] = series.failed[i]! > 0;
      });
      return {
        direction,
        value: spread(columns.value),
        low: columns.low === null ? null : spread(columns.low),
        high: columns.high === null ? null : spread(columns.high),
        failed,
      };
    }),
  };
}

export function seriesOf(
  { toTarget, fromTarget }: Timeline,
  directions: readonly OneDirection[],
): { direction: OneDirection; series: TimelineSeries }[] {
  return directions.flatMap((direction) => {
    const series = direction === 'to-target' ? toTarget : fromTarget;
    return series === null ? [] : [{ direction, series }];
  });
}

/** The times, and one more behind each after which rounds are missing. */
function withGaps(times: readonly number[], bucketS: number): number[] {
  const distances = times.slice(1).map((time, i) => time - times[i]!);
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? bucketS;
  const gapS = gapFactor * Math.max(usual, bucketS);
  return times.flatMap((time, i) => {
    const next = times[i + 1];
    return next !== undefined && next - time > gapS ? [time, time + 1] : [time];
  });
}

/** Of ascending times the place of the nearest one; null of none. */
export function nearestIndex(times: readonly number[], time: number): number | null {
  if (times.length === 0) return null;
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - times[low - 1]! <= times[low]! - time ? low - 1 : low;
}

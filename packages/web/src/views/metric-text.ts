// A figure of a metric in words.

import type { DirectionColumns } from '../timeline/columns.ts';
import type { Metric } from '../timeline/metric.ts';
import { megabits, milliseconds, none, percent } from './format.ts';

export function metricFigure(metric: Metric, value: number | null | undefined): string {
  if (metric === 'loss') return percent(value);
  return metric === 'throughput' ? megabits(value) : milliseconds(value);
}

/** One point of one direction: `34.5 ms ± 0.210 ms`, `failed`. */
export function metricText(metric: Metric, columns: DirectionColumns, index: number): string {
  const value = columns.value[index];
  const isFailed = columns.failed[index] ?? false;
  if (value == null) return isFailed ? 'failed' : none;
  const figure = metricFigure(metric, value) + bandText(metric, columns, index, value);
  return isFailed ? `${figure}, some failed` : figure;
}

function bandText(metric: Metric, { low, high }: DirectionColumns, index: number, value: number): string {
  const [least, most] = [low?.[index], high?.[index]];
  if (least == null || most == null) return '';
  switch (metric) {
    case 'latency':
      return most > value ? ` ± ${milliseconds(most - value)}` : '';
    case 'throughput':
      return least < value ? `, least ${megabits(least)}` : '';
    default:
      return most > value ? `, greatest ${metricFigure(metric, most)}` : '';
  }
}

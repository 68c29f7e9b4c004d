// What uPlot is told of a timeline: its lines, bands, axes and marks.

import uPlot from 'uplot';
import { formatted } from '../app/time.ts';
import type { DirectionColumns, TimelineColumns } from './columns.ts';
import { colourOf, fadedColour } from './theme-colours.ts';

export const directionColours = {
  'to-target': '--color-to-target',
  'from-target': '--color-from-target',
} as const;
/** Colour alone does not tell them apart. */
export const directionDashes = { 'to-target': [], 'from-target': [6, 3] } as const;

const font = '11px system-ui, sans-serif';
const dayS = 86_400;

export function plotData({ startS, directions }: TimelineColumns): uPlot.AlignedData {
  const rows = directions.flatMap(({ value, low, high }) => [value, ...(low && high ? [low, high] : [])]);
  return [startS, ...rows] as unknown as uPlot.AlignedData;
}

/** Lines and bands of the directions; they change with the directions and the metric, not with the data. */
export function plotSeries(directions: readonly DirectionColumns[]): Pick<uPlot.Options, 'series' | 'bands'> {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const { direction, low, high } of directions) {
    const name = directionColours[direction];
    series.push({
      stroke: colourOf(name),
      width: 1.5,
      dash: [...directionDashes[direction]],
      points: { size: 5, fill: colourOf('--color-surface') },
    });
    if (low === null || high === null) continue;
    const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
    series.push(edge, { ...edge });
    bands.push({ series: [series.length - 1, series.length - 2], fill: fadedColour(name, 0.16) });
  }
  return { series, bands };
}

export function plotAxes(unit: string): uPlot.Axis[] {
  const look: Partial<uPlot.Axis> = {
    stroke: colourOf('--color-muted'),
    grid: { stroke: colourOf('--color-line'), width: 1 },
    ticks: { stroke: colourOf('--color-line'), width: 1, size: 4 },
    font,
  };
  return [
    { ...look, values: (_, splits, _axis, _space, increment) => timeLabels(splits, increment), space: 80 },
    {
      ...look,
      size: 62,
      values: (_, splits) => splits.map((split) => `${Number(split.toPrecision(6))} ${unit}`),
    },
  ];
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const hourFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const secondFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** Hours and minutes, with the day below where it begins. */
function timeLabels(splits: readonly number[], increment: number): string[] {
  let day = '';
  return splits.map((split) => {
    const date = formatted(dayFormat, split * 1000);
    const isNew = date !== day;
    day = date;
    if (increment >= dayS) return date;
    const time = formatted(increment < 60 ? secondFormat : hourFormat, split * 1000);
    return isNew ? `${time}\n${date}` : time;
  });
}

/** From nothing to a little above what there is; loss has room for some percent even where nothing is lost. */
export function valueRange(most: number | null, unit: string): uPlot.Range.MinMax {
  if (unit === '%') return [0, Math.min(100, Math.max(5, (most ?? 0) * 1.08))];
  return [0, most === null || most <= 0 ? 1 : most * 1.08];
}

/** Crosses at the foot where rounds have failed, a row for each direction, and a line at the round that is picked. */
export function drawMarks(
  plot: uPlot,
  { startS, directions }: TimelineColumns,
  pickedS: number | null,
): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  if (pickedS !== null) {
    const x = plot.valToPos(pickedS, 'x', true);
    if (x >= bbox.left && x <= bbox.left + bbox.width) {
      ctx.strokeStyle = colourOf('--color-ink');
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillStyle = colourOf('--color-ink');
      ctx.beginPath();
      ctx.moveTo(x - 5 * ratio, bbox.top);
      ctx.lineTo(x + 5 * ratio, bbox.top);
      ctx.lineTo(x, bbox.top + 7 * ratio);
      ctx.fill();
    }
  }
  ctx.strokeStyle = colourOf('--color-bad');
  ctx.lineWidth = 1.5 * ratio;
  const size = 3 * ratio;
  directions.forEach(({ failed }, row) => {
    const y = bbox.top + bbox.height - (directions.length - row) * 10 * ratio + 4 * ratio;
    let last = Number.NEGATIVE_INFINITY;
    ctx.beginPath();
    failed.forEach((isFailed, i) => {
      if (!isFailed) return;
      const x = plot.valToPos(startS[i]!, 'x', true);
      // Crosses on top of each other are one.
      if (x < bbox.left || x > bbox.left + bbox.width || x - last < 2 * ratio) return;
      last = x;
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x + size, y - size);
      ctx.lineTo(x - size, y + size);
    });
    ctx.stroke();
  });
  ctx.restore();
}

// uPlot, and nothing else of the page knows of it: a timeline that is pointed at, dragged over, and walked by keys.

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useWidth, useZoomWheel } from '../views/element-hooks.ts';
import { nearestIndex, type TimelineColumns } from './columns.ts';
import { drawMarks, plotAxes, plotData, plotSeries, valueRange } from './plot.ts';
import { moveRange, type Range, zoomRange } from './range.ts';
import { useThemeName } from './theme-colours.ts';

interface ChartProps {
  label: string;
  columns: TimelineColumns;
  unit: string;
  range: Range;
  nowS: number;
  pickedS: number | null;
  onRange: (range: Range) => void;
  /** Back to the span. */
  onReset: () => void;
  /** The begin of a point. */
  onPick: (startS: number) => void;
  /** The place among the times that is pointed at. */
  onPoint: (index: number | null, isByKey: boolean) => void;
}

const height = 232;

export function TimelineChart(props: ChartProps) {
  const { label, columns, unit, range, nowS, onRange, onReset, onPick, onPoint } = props;
  const boxRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const width = useWidth(boxRef);
  const theme = useThemeName();
  const [cursor, setCursor] = useState<number | null>(null);
  const shape = columns.directions.map(({ direction, low }) => `${direction} ${low !== null}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is not named here is told to the plot, or read from `latest`
  useLayoutEffect(() => {
    const plot = new uPlot(
      {
        width,
        height,
        ...plotSeries(latest.current.columns.directions),
        axes: plotAxes(unit),
        scales: {
          x: { time: true, range: () => [latest.current.range.fromS, latest.current.range.toS] },
          y: { range: (_, __, most) => valueRange(most, unit) },
        },
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false, dist: 5 }, y: false, points: { size: 7 } },
        padding: [8, 12, 0, 0],
        hooks: {
          draw: [(drawn) => drawMarks(drawn, latest.current.columns, latest.current.pickedS)],
          setCursor: [(drawn) => latest.current.onPoint(drawn.cursor.idx ?? null, false)],
          setSelect: [
            (drawn) => {
              if (drawn.select.width < 5) return;
              const at = (x: number) => Math.round(drawn.posToVal(x, 'x'));
              latest.current.onRange({
                fromS: at(drawn.select.left),
                toS: at(drawn.select.left + drawn.select.width),
              });
              drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      plotData(latest.current.columns),
      boxRef.current!,
    );
    plot.over.addEventListener('click', () => pickAt(plot));
    plot.over.addEventListener('dblclick', () => latest.current.onReset());
    plotRef.current = plot;
    return () => plot.destroy();
  }, [shape, theme, unit]);

  useEffect(() => plotRef.current?.setData(plotData(columns)), [columns]);
  useEffect(() => plotRef.current?.setSize({ width, height }), [width]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what is drawn
  useEffect(() => {
    plotRef.current?.batch(() => plotRef.current?.setScale('x', { min: range.fromS, max: range.toS }));
    plotRef.current?.redraw(false);
  }, [range.fromS, range.toS, props.pickedS]);

  function pickAt(plot: uPlot) {
    const time = plot.posToVal(plot.cursor.left ?? -1, 'x');
    const index = nearestIndex(latest.current.columns.startS, time);
    if (index !== null) latest.current.onPick(latest.current.columns.startS[index]!);
  }

  useZoomWheel(boxRef, (event) => {
    const plot = plotRef.current;
    if (plot === null) return;
    const about = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x');
    onRange(zoomRange(range, Math.exp(event.deltaY / 300), about, nowS));
  });

  const moveTo = (index: number) => {
    const time = columns.startS[index];
    const plot = plotRef.current;
    if (time === undefined || plot === null) return;
    setCursor(index);
    plot.setCursor({ left: plot.valToPos(time, 'x'), top: 0 }, false);
    onPoint(index, true);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { startS } = columns;
    const here = Math.min(cursor ?? startS.length, startS.length - 1);
    const middle = startS[here] ?? (range.fromS + range.toS) / 2;
    const stride = event.shiftKey ? 10 : 1;
    const move = (by: number) =>
      moveTo(Math.max(0, Math.min(startS.length - 1, cursor === null ? startS.length - 1 : here + by)));
    const half = (range.toS - range.fromS) / 2;
    const zoom = (factor: number) => onRange(zoomRange(range, factor, middle, nowS));
    const last = startS.length - 1;
    const actions = new Map<string, () => void>([
      ['ArrowLeft', () => move(-stride)],
      ['ArrowRight', () => move(stride)],
      ['Home', () => moveTo(0)],
      ['End', () => moveTo(last)],
      ['PageUp', () => onRange(moveRange(range, -half, nowS))],
      ['PageDown', () => onRange(moveRange(range, half, nowS))],
      ['+', () => zoom(0.5)],
      ['=', () => zoom(0.5)],
      ['-', () => zoom(2)],
      ['Escape', onReset],
      ['Enter', () => cursor !== null && startS[here] !== undefined && onPick(startS[here])],
    ]);
    const action = actions.get(event.key);
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      ref={boxRef}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is walked by keys
      tabIndex={0}
      role="application"
      aria-label={label}
      aria-description="Arrow keys move from point to point, Enter picks the round, plus and minus zoom, Page Up and Page Down move in time, Escape shows the whole span. The table of points has the same figures."
      className="cursor-crosshair rounded-md"
      style={{ height }}
      onKeyDown={onKeyDown}
      onPointerLeave={() => onPoint(null, false)}
    />
  );
}

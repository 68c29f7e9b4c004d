// Fourteen days at a glance, and which part of them is in view: a brush that is dragged, or moved by keys.

import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useWidth } from '../views/element-hooks.ts';
import { shortDateTime } from '../views/format.ts';
import type { TimelineColumns } from './columns.ts';
import { drawMarks, plotData, plotSeries, valueRange } from './plot.ts';
import { clampRange, moveRange, type Range } from './range.ts';
import { useThemeName } from './theme-colours.ts';

const height = 44;
const [hourS, dayS] = [3600, 86_400];

type Grip = 'begin' | 'end' | 'whole' | 'new';

interface OverviewProps {
  columns: TimelineColumns;
  unit: string;
  whole: Range;
  range: Range;
  nowS: number;
  onRange: (range: Range) => void;
}

export function Overview({ columns, unit, whole, range, nowS, onRange }: OverviewProps) {
  const boxRef = useRef<HTMLDivElement>(null);
  const width = useWidth(boxRef);
  const theme = useThemeName();
  const latest = useRef({ columns, whole });
  latest.current = { columns, whole };
  const plotRef = useRef<uPlot | null>(null);
  const shape = columns.directions.map(({ direction, low }) => `${direction} ${low !== null}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is not named here is told to the plot, or read from `latest`
  useLayoutEffect(() => {
    const plot = new uPlot(
      {
        width,
        height,
        ...plotSeries(latest.current.columns.directions),
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: true, range: () => [latest.current.whole.fromS, latest.current.whole.toS] },
          y: { range: (_, __, most) => valueRange(most, unit) },
        },
        legend: { show: false },
        cursor: { show: false },
        padding: [2, 0, 0, 0],
        hooks: { draw: [(drawn) => drawMarks(drawn, latest.current.columns, null)] },
      },
      plotData(latest.current.columns),
      boxRef.current!,
    );
    plotRef.current = plot;
    return () => plot.destroy();
  }, [shape, theme, unit]);
  useEffect(() => plotRef.current?.setData(plotData(columns)), [columns]);
  useEffect(() => plotRef.current?.setSize({ width, height }), [width]);
  useEffect(() => {
    plotRef.current?.setScale('x', { min: whole.fromS, max: whole.toS });
  }, [whole.fromS, whole.toS]);

  const [draft, setDraft] = useState<Range | null>(null);
  const drag = useRef<{ grip: Grip; beginS: number; from: Range } | null>(null);
  const shown = draft ?? range;
  const wholeS = whole.toS - whole.fromS;
  const share = (atS: number) => Math.min(1, Math.max(0, (atS - whole.fromS) / wholeS));
  const timeAt = (event: PointerEvent) => {
    const box = boxRef.current!.getBoundingClientRect();
    return whole.fromS + ((event.clientX - box.left) / box.width) * wholeS;
  };

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    const grip = ((event.target as Element).closest('[data-grip]')?.getAttribute('data-grip') ??
      'new') as Grip;
    drag.current = { grip, beginS: timeAt(event), from: range };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (drag.current !== null) setDraft(dragged(drag.current, timeAt(event), nowS));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (drag.current === null) return;
    const { grip, beginS, from } = drag.current;
    const isClick = Math.abs(timeAt(event) - beginS) < wholeS / 500;
    // A click beside the brush brings it there.
    const around = moveRange(from, beginS - (from.fromS + from.toS) / 2, nowS);
    if (!isClick) onRange(dragged(drag.current, timeAt(event), nowS));
    else if (grip === 'new') onRange(around);
    drag.current = null;
    setDraft(null);
  };
  const onKeyDown = (grip: 'begin' | 'end') => (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -24, PageUp: 24 }[
      event.key
    ];
    if (by === undefined) return;
    event.preventDefault();
    const moved = by * (event.shiftKey ? dayS : hourS);
    const next =
      grip === 'begin'
        ? { fromS: Math.min(range.fromS + moved, range.toS - hourS), toS: range.toS }
        : { fromS: range.fromS, toS: Math.min(nowS, Math.max(range.toS + moved, range.fromS + hourS)) };
    onRange(clampRange(next, nowS));
  };
  const handle = (grip: 'begin' | 'end', atS: number) => (
    <div
      data-grip={grip}
      role="slider"
      tabIndex={0}
      aria-label={grip === 'begin' ? 'Begin of what is in view' : 'End of what is in view'}
      aria-valuemin={whole.fromS}
      aria-valuemax={whole.toS}
      aria-valuenow={Math.min(whole.toS, Math.max(whole.fromS, atS))}
      aria-valuetext={shortDateTime(atS)}
      onKeyDown={onKeyDown(grip)}
      className="absolute top-0 h-full w-2 -translate-x-1/2 cursor-ew-resize rounded-sm border border-accent bg-surface"
      style={{ left: `${share(atS) * 100}%` }}
    />
  );
  return (
    <div
      className="relative mx-3 cursor-crosshair touch-pan-y rounded-sm border border-line bg-sunken select-none"
      style={{ height: height + 2 }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => {
        drag.current = null;
        setDraft(null);
      }}
    >
      <div ref={boxRef} className="pointer-events-none" aria-hidden="true" />
      <div
        data-grip="whole"
        className="absolute top-0 h-full cursor-grab border-y border-accent bg-accent/12"
        style={{
          left: `${share(shown.fromS) * 100}%`,
          width: `${(share(shown.toS) - share(shown.fromS)) * 100}%`,
        }}
      />
      {handle('begin', shown.fromS)}
      {handle('end', shown.toS)}
    </div>
  );
}

function dragged(
  { grip, beginS, from }: { grip: Grip; beginS: number; from: Range },
  atS: number,
  nowS: number,
): Range {
  switch (grip) {
    case 'begin':
      return clampRange({ fromS: Math.min(atS, from.toS - 600), toS: from.toS }, nowS);
    case 'end':
      return clampRange({ fromS: from.fromS, toS: Math.max(atS, from.fromS + 600) }, nowS);
    case 'whole':
      return moveRange(from, atS - beginS, nowS);
    case 'new':
      return clampRange({ fromS: Math.min(beginS, atS), toS: Math.max(beginS, atS) }, nowS);
  }
}

// The timeline with its pickers, the strip of fourteen days, and the table that says the same.

import type { OneDirection, Test, Timeline } from '@pinhole/contract';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react';
import { TimelineChart } from '../timeline/chart.tsx';
import { seriesOf, type TimelineColumns, timelineColumns } from '../timeline/columns.ts';
import {
  bandWords,
  type Metric,
  metricLabels,
  metrics,
  metricUnits,
  worstRound,
} from '../timeline/metric.ts';
import { Overview } from '../timeline/overview.tsx';
import { type Range, type Span, spans } from '../timeline/range.ts';
import { PointTable } from '../timeline/table.tsx';
import { Button, Disclosure, ErrorState, Panel, Segments } from '../ui/index.ts';
import { useWidth } from './element-hooks.ts';
import { dateTime, directionArrows, directionLabels, shortDateTime } from './format.ts';
import { metricText } from './metric-text.ts';
import { timelineQuery } from './queries.ts';
import { viewsDefaults } from './search.ts';
import { useView } from './use-view.ts';

interface TimelinePanelProps {
  test: Test;
  directions: readonly OneDirection[];
  overview: Timeline;
  whole: Range;
  range: Range;
  nowS: number;
  roundId: number | null;
  sourceAgentId: string | undefined;
}

export function TimelinePanel(props: TimelinePanelProps) {
  const { test, directions, overview, whole, range, nowS, roundId, sourceAgentId } = props;
  const { search, change } = useView();
  const queries = useQueryClient();
  const metric = search.metric ?? viewsDefaults.metric;
  const unit = metricUnits[metric];
  const boxRef = useRef<HTMLDivElement>(null);
  // A point for each pixel, in steps, so that not each change of the width asks anew.
  const points = Math.min(5000, Math.ceil(useWidth(boxRef) / 200) * 200);
  const timeline = useQuery(timelineQuery(test.testId, range, points, sourceAgentId));
  const data = timeline.data ?? overview;
  const columns = useMemo(() => timelineColumns(data, metric, directions), [data, metric, directions]);
  const strip = useMemo(() => timelineColumns(overview, metric, directions), [overview, metric, directions]);
  const [pointed, setPointed] = useState<{ index: number; isByKey: boolean } | null>(null);
  const onPoint = useCallback(
    (index: number | null, isByKey: boolean) => setPointed(index === null ? null : { index, isByKey }),
    [],
  );

  const onRange = (next: Range) => change({ from: next.fromS, to: next.toS }, true);
  const onReset = () => change({ from: undefined, to: undefined });
  const onPick = async (startS: number) => {
    const { bucketS } = data;
    if (bucketS <= (test.interval ?? 1)) return change({ round: startS }, true);
    // A point of several rounds: the worst of them is what stands out.
    const within = { fromS: startS, toS: startS + bucketS - 1 };
    const rounds = await queries.fetchQuery(timelineQuery(test.testId, within, 5000, sourceAgentId));
    const shown = seriesOf(rounds, directions).map(({ series }) => series);
    change({ round: worstRound(shown, metric) ?? startS }, true);
  };
  const isFixed = search.from !== undefined && search.to !== undefined;

  return (
    <Panel>
      <section aria-labelledby="timeline" className="flex flex-col">
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 id="timeline" className="text-lg font-semibold">
            Timeline
          </h2>
          <Strip>
            <Segments
              label="Metric"
              value={metric}
              options={metrics
                .filter(
                  (each) => each !== 'throughput' || test.throughputMeasurements || metric === 'throughput',
                )
                .map((each) => ({ value: each, label: metricLabels[each] }))}
              onChange={(next) => change({ metric: next, warn: undefined, bad: undefined })}
            />
          </Strip>
          {test.direction === 'bidirectional' && (
            <Strip>
              <Segments
                label="Direction"
                value={search.direction ?? 'bidirectional'}
                options={(['bidirectional', 'to-target', 'from-target'] as const).map((value) => ({
                  value,
                  label: directionLabels[value],
                }))}
                onChange={(next) => change({ direction: next === 'bidirectional' ? undefined : next })}
              />
            </Strip>
          )}
          <div className="ml-auto flex items-center gap-2">
            <Segments
              label="Span"
              value={(isFixed ? 'none' : (search.span ?? viewsDefaults.span)) as Span}
              options={spans.map((value) => ({ value, label: value.replace(/(\d+)/, '$1 ') }))}
              onChange={(span) => change({ span, from: undefined, to: undefined })}
            />
          </div>
        </header>
        <div className="px-4 pt-3" ref={boxRef}>
          <Readout columns={columns} metric={metric} pointed={pointed} bucketS={data.bucketS} range={range} />
          {timeline.error !== null && timeline.data === undefined ? (
            <ErrorState error={timeline.error} onRetry={() => void timeline.refetch()} />
          ) : (
            <TimelineChart
              label={`Timeline of ${metricLabels[metric].toLowerCase()}`}
              columns={columns}
              unit={unit}
              range={range}
              nowS={nowS}
              pickedS={roundId}
              onRange={onRange}
              onReset={onReset}
              onPick={(startS) => void onPick(startS)}
              onPoint={onPoint}
            />
          )}
        </div>
        <div className="pt-2 pb-1">
          <Overview columns={strip} unit={unit} whole={whole} range={range} nowS={nowS} onRange={onRange} />
        </div>
        <footer className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1 px-4 pt-1 pb-3 text-sm text-muted">
          <span>
            {shortDateTime(whole.fromS)} to {shortDateTime(whole.toS)}: drag over the chart or the strip to
            zoom, Ctrl and wheel as well. Click a point to pick its round.
          </span>
          {isFixed && (
            <Button size="s" icon="refresh" onClick={onReset}>
              Back to the last {(search.span ?? viewsDefaults.span).replace(/(\d+)/, '$1 ')}
            </Button>
          )}
          <Disclosure summary="Table of the points in view" className="w-full">
            <PointTable
              columns={columns}
              metric={metric}
              bucketS={data.bucketS}
              onPick={(startS) => void onPick(startS)}
            />
          </Disclosure>
        </footer>
      </section>
    </Panel>
  );
}

/** What is wider than a small screen is moved sideways. */
function Strip({ children }: { children: ReactNode }) {
  return <div className="-m-0.5 max-w-full overflow-x-auto p-0.5 whitespace-nowrap">{children}</div>;
}

/** Which line is which, and what the point says that is pointed at. */
function Readout({
  columns,
  metric,
  pointed,
  bucketS,
  range,
}: {
  columns: TimelineColumns;
  metric: Metric;
  pointed: { index: number; isByKey: boolean } | null;
  bucketS: number;
  range: Range;
}) {
  const time = pointed === null ? undefined : columns.startS[pointed.index];
  const words = columns.directions.map((direction) => ({
    direction: direction.direction,
    text: time === undefined ? '' : metricText(metric, direction, pointed!.index),
  }));
  const band = columns.directions.some(({ low }) => low !== null) ? bandWords[metric] : null;
  return (
    <div className="mb-1 flex min-h-5 flex-wrap items-center gap-x-5 gap-y-1 text-sm">
      {words.map(({ direction, text }) => (
        <span key={direction} className="flex items-center gap-2">
          <svg width="26" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="26"
              y1="4"
              y2="4"
              strokeWidth="2"
              stroke={`var(--color-${direction})`}
              strokeDasharray={direction === 'from-target' ? '6 3' : undefined}
            />
          </svg>
          <span>{directionArrows[direction]}</span>
          <span className="font-medium">{text}</span>
        </span>
      ))}
      {columns.directions.some(({ failed }) => failed.includes(true)) && (
        <span className="flex items-center gap-1.5 text-bad">
          <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
            <path d="m1 1 6 6m0-6-6 6" stroke="currentColor" strokeWidth="1.5" />
          </svg>
          failed rounds
        </span>
      )}
      <span className="ml-auto text-muted">
        {time === undefined
          ? `${shortDateTime(range.fromS)} to ${shortDateTime(range.toS)}${band === null ? '' : `, ${band}`}`
          : dateTime(time)}
        {time !== undefined && bucketS > 60 ? `, ${Math.round(bucketS / 60)} min` : ''}
      </span>
      <span role="status" className="sr-only">
        {time !== undefined && pointed?.isByKey
          ? `${dateTime(time)}: ${words.map(({ direction, text }) => `${directionLabels[direction]} ${text}`).join(', ')}`
          : ''}
      </span>
    </div>
  );
}

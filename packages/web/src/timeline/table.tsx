// The points in view as a table: what the chart shows to those who see it.

import { useState } from 'react';
import { Button, Table, Td, Th } from '../ui/index.ts';
import { dateTime, directionLabels } from '../views/format.ts';
import { metricText } from '../views/metric-text.ts';
import type { TimelineColumns } from './columns.ts';
import { type Metric, metricLabels } from './metric.ts';

const pageRows = 60;

export function PointTable({
  columns,
  metric,
  bucketS,
  onPick,
}: {
  columns: TimelineColumns;
  metric: Metric;
  bucketS: number;
  onPick: (startS: number) => void;
}) {
  const [page, setPage] = useState(0);
  // Newest first; the times that stand for gaps have nothing to say.
  const rows = columns.startS
    .map((startS, index) => ({ startS, index }))
    .filter(({ index }) =>
      columns.directions.some(({ value, failed }) => value[index] != null || failed[index]),
    )
    .reverse();
  const pages = Math.max(1, Math.ceil(rows.length / pageRows));
  const here = Math.min(page, pages - 1);
  return (
    <div className="text-ink">
      <Table
        caption={`${metricLabels[metric]} at each point in view`}
        className="max-h-96 overflow-y-auto rounded-md border border-line"
      >
        <thead>
          <tr>
            <Th>{bucketS > 60 ? `From, for ${Math.round(bucketS / 60)} minutes` : 'Round'}</Th>
            {columns.directions.map(({ direction }) => (
              <Th key={direction} align="right">
                {directionLabels[direction]}
              </Th>
            ))}
            <Th>Round</Th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(here * pageRows, (here + 1) * pageRows).map(({ startS, index }) => (
            <tr key={startS} className="hover:bg-hover">
              <Td isRowHeader>{dateTime(startS)}</Td>
              {columns.directions.map((direction) => (
                <Td
                  key={direction.direction}
                  align="right"
                  className={direction.failed[index] ? 'text-bad' : undefined}
                >
                  {metricText(metric, direction, index)}
                </Td>
              ))}
              <Td>
                <Button
                  size="s"
                  onClick={() => onPick(startS)}
                  aria-label={`Pick the round of ${dateTime(startS)}`}
                >
                  Pick
                </Button>
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {pages > 1 && (
        <div className="mt-2 flex items-center gap-2">
          <Button size="s" disabled={here === 0} onClick={() => setPage(here - 1)}>
            Newer
          </Button>
          <span>
            Page {here + 1} of {pages}
          </span>
          <Button size="s" disabled={here === pages - 1} onClick={() => setPage(here + 1)}>
            Older
          </Button>
        </div>
      )}
    </div>
  );
}

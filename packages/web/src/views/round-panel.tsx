// The agents at one round: what was measured in each direction, or why not.

import type { NetworkResult, OneDirection, Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { metricLabels } from '../timeline/metric.ts';
import {
  Button,
  EmptyState,
  ErrorState,
  IconButton,
  Loading,
  Panel,
  Status,
  Switch,
  Table,
  Td,
  Th,
  type Tone,
} from '../ui/index.ts';
import { bound, dateTime, directionArrows, megabits, milliseconds, percent } from './format.ts';
import { type Health, healthWords, type Thresholds } from './health.ts';
import { roundResultsQuery } from './queries.ts';
import { ResultDetails, RoundError } from './result-details.tsx';
import { type PairRow, pairRows, resultHealth } from './rows.ts';
import { viewsDefaults } from './search.ts';
import { useThresholds } from './thresholds.tsx';
import { useView } from './use-view.ts';

interface RoundPanelProps {
  test: Test;
  roundId: number;
  firstRoundId: number | null;
  lastRoundId: number | null;
  isOpen: boolean;
  isFollowing: boolean;
  directions: readonly OneDirection[];
  /** Undefined: the latest one from now on. */
  onRound: (roundId: number | undefined) => void;
}

const tones: Record<Health, Tone> = { good: 'good', warn: 'warn', bad: 'bad', unknown: 'neutral' };

export function RoundPanel(props: RoundPanelProps) {
  const { test, roundId, firstRoundId, lastRoundId, isOpen, isFollowing, directions, onRound } = props;
  const { search } = useView();
  const metric = search.metric ?? viewsDefaults.metric;
  const { agent: thresholds } = useThresholds();
  const results = useQuery(roundResultsQuery(test.testId, roundId, isOpen));
  const { interval } = test;
  const all = pairRows(results.data ?? []);
  const rows = all.filter(({ sourceAgentId }) => search.agents?.includes(sourceAgentId) ?? true);
  return (
    <Panel>
      <section aria-labelledby="round">
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 id="round" className="text-lg font-semibold">
            Round of {dateTime(roundId)}
          </h2>
          {interval !== undefined && (
            <div className="flex">
              <IconButton
                icon="chevron-left"
                label="The round before"
                disabled={firstRoundId === null || roundId - interval < firstRoundId}
                onClick={() => onRound(roundId - interval)}
              />
              <IconButton
                icon="chevron-right"
                label="The round after"
                disabled={lastRoundId === null || roundId + interval > lastRoundId}
                onClick={() => onRound(roundId + interval)}
              />
            </div>
          )}
          <div className="ml-auto flex items-center gap-2">
            <span aria-hidden="true">Follow the latest round</span>
            <Switch
              label="Follow the latest round"
              checked={isFollowing}
              onChange={(next) => onRound(next ? undefined : roundId)}
            />
          </div>
        </header>
        {results.data === undefined ? (
          results.error === null ? (
            <Loading what="Loading the round" />
          ) : (
            <ErrorState error={results.error} onRetry={() => void results.refetch()} />
          )
        ) : rows.length === 0 ? (
          <EmptyState
            icon="waiting"
            title="No result of this round"
            action={<Button onClick={() => onRound(undefined)}>Go to the latest round</Button>}
          >
            {isOpen
              ? 'It is not over yet, or its results are on their way: they show as they come.'
              : 'No agent has handed in a result of it: they may have been off, or the test disabled.'}
          </EmptyState>
        ) : (
          <ResultTable
            test={test}
            rows={rows}
            directions={directions}
            thresholds={thresholds}
            metric={metric}
          />
        )}
      </section>
    </Panel>
  );
}

function ResultTable({
  test,
  rows,
  directions,
  thresholds,
  metric,
}: {
  test: Test;
  rows: readonly PairRow[];
  directions: readonly OneDirection[];
  thresholds: Thresholds;
  metric: keyof typeof metricLabels;
}) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setOpen(new Set(open.has(id) ? [...open].filter((each) => each !== id) : [...open, id]));
  const columns = 5 + (test.throughputMeasurements ? 1 : 0);
  return (
    <Table caption="Source agents with the results of each direction">
      <thead>
        <tr>
          <th
            scope="col"
            rowSpan={2}
            className="border-b border-line px-3 py-2 text-left text-xs font-medium text-muted"
          >
            Source
          </th>
          {directions.map((direction) => (
            <th
              key={direction}
              scope="colgroup"
              colSpan={columns}
              className="border-l border-line px-3 pt-2 text-left font-medium"
            >
              <span className="inline-flex items-center gap-2">
                <span
                  className={`h-2.5 w-1 rounded-full ${direction === 'to-target' ? 'bg-to-target' : 'bg-from-target'}`}
                />
                {directionArrows[direction]}
              </span>
            </th>
          ))}
        </tr>
        <tr>
          {directions.map((direction) => (
            <Fragment key={direction}>
              <Th className="border-l">{metricLabels[metric]} is</Th>
              <Th align="right">Loss</Th>
              <Th align="right">Latency</Th>
              <Th align="right">Jitter</Th>
              <Th align="right">Round trip</Th>
              {test.throughputMeasurements && <Th align="right">Throughput</Th>}
            </Fragment>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const id = `details-${row.sourceAgentId}`;
          const isOpen = open.has(row.sourceAgentId);
          return (
            <Fragment key={row.sourceAgentId}>
              <tr className="hover:bg-hover">
                <Td isRowHeader className="whitespace-nowrap">
                  <Button
                    size="s"
                    variant="quiet"
                    className="-ml-2"
                    icon={isOpen ? 'chevron-down' : 'chevron-right'}
                    aria-expanded={isOpen}
                    aria-controls={id}
                    title={`Details of ${row.sourceName}`}
                    onClick={() => toggle(row.sourceAgentId)}
                  >
                    {row.sourceName}
                  </Button>
                </Td>
                {directions.map((direction) => (
                  <Cells
                    key={direction}
                    test={test}
                    result={row.results[direction]}
                    health={resultHealth(row.results[direction], metric, thresholds)}
                    columns={columns}
                  />
                ))}
              </tr>
              <tr id={id} hidden={!isOpen}>
                <td
                  colSpan={1 + columns * directions.length}
                  className="border-b border-line bg-sunken px-3 py-3"
                >
                  {isOpen && (
                    <div className={`grid gap-4 ${directions.length > 1 ? 'lg:grid-cols-2' : ''}`}>
                      {directions.map((direction) => (
                        <ResultDetails key={direction} row={row} direction={direction} />
                      ))}
                    </div>
                  )}
                </td>
              </tr>
            </Fragment>
          );
        })}
      </tbody>
    </Table>
  );
}

function Cells({
  test,
  result,
  health,
  columns,
}: {
  test: Test;
  result: NetworkResult | null;
  health: Health;
  columns: number;
}) {
  if (result === null)
    return (
      <Td colSpan={columns} className="border-l text-muted">
        No result
      </Td>
    );
  if (result.errorCode !== undefined)
    return (
      <Td colSpan={columns} className="max-w-96 min-w-72 border-l">
        <RoundError result={result} />
      </Td>
    );
  return (
    <>
      <Td className="border-l whitespace-nowrap">
        <Status tone={tones[health]}>{healthWords[health]}</Status>
      </Td>
      <Td align="right" className="whitespace-nowrap">
        {percent(result.loss)}
      </Td>
      <Td align="right" className="whitespace-nowrap">
        {milliseconds(result.avgLatency)}
        <span className="block text-xs text-muted">{bound(result.latencyErrorBound)}</span>
      </Td>
      <Td align="right" className="whitespace-nowrap">
        {milliseconds(result.jitter)}
      </Td>
      <Td align="right" className="whitespace-nowrap">
        {milliseconds(result.avgRoundTrip)}
      </Td>
      {test.throughputMeasurements && (
        <Td align="right" className="whitespace-nowrap">
          {megabits(result.throughput)}
        </Td>
      )}
    </>
  );
}

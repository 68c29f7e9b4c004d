// The path of a round in both directions: drawn, as a table of hops, and as traceroute prints it.

import type { OneDirection, RoundPath, Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ApiError } from '../api/errors.ts';
import { Button, EmptyState, ErrorState, Loading, Notice, Panel, Segments, Select } from '../ui/index.ts';
import { directionArrows, hopCount, milliseconds, percent } from '../views/format.ts';
import { roundPathQuery, roundResultsQuery } from '../views/queries.ts';
import { agentHealth, laneFigures, pairRows } from '../views/rows.ts';
import { splitIds, viewsDefaults } from '../views/search.ts';
import { ThresholdFields, useThresholds } from '../views/thresholds.tsx';
import { useView } from '../views/use-view.ts';
import { collapseRuns } from './collapse.ts';
import { exportJson } from './export.ts';
import { agentNames, isLossy, isSlow } from './facts.ts';
import { isFound } from './find.ts';
import { GraphView } from './graph-view.tsx';
import { groupings } from './grouping.ts';
import { HopTables } from './hop-table.tsx';
import { buildLane, type Lane } from './lanes.ts';
import { TraceTexts } from './trace-texts.tsx';

const groupingLabels = {
  interface: 'Each interface',
  network: 'By network (ASN)',
  prefix: 'By prefix (/24)',
  location: 'By location',
} as const;

interface PathPanelProps {
  test: Test;
  roundId: number;
  isOpen: boolean;
  directions: readonly OneDirection[];
}

export function PathPanel({ test, roundId, isOpen, directions }: PathPanelProps) {
  const { search, change } = useView();
  const path = useQuery(roundPathQuery(test.testId, roundId, isOpen));
  const kind = search.path ?? viewsDefaults.path;
  return (
    <Panel>
      <section aria-labelledby="path">
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 id="path" className="text-lg font-semibold">
            Path
          </h2>
          <Segments
            label="Show the path as"
            value={kind}
            options={[
              { value: 'graph', label: 'Drawing' },
              { value: 'table', label: 'Table of hops' },
              { value: 'text', label: 'Traceroute text' },
            ]}
            onChange={(next) => change({ path: next })}
          />
          {kind !== 'text' && (
            <Select
              aria-label="Group hops"
              className="w-44"
              value={search.group ?? viewsDefaults.group}
              options={groupings.map((value) => ({ value, label: groupingLabels[value] }))}
              onChange={(group) => change({ group, select: undefined, open: undefined })}
            />
          )}
          {path.data !== undefined && (
            <Button className="ml-auto" icon="download" onClick={() => exportJson(path.data)}>
              JSON
            </Button>
          )}
        </header>
        {path.data !== undefined ? (
          <Content test={test} path={path.data} roundId={roundId} isOpen={isOpen} directions={directions} />
        ) : path.error === null ? (
          <Loading what="Loading the path" />
        ) : path.error instanceof ApiError && path.error.code === 'not-found' ? (
          <NoPath isOpen={isOpen} />
        ) : (
          <ErrorState error={path.error} onRetry={() => void path.refetch()} />
        )}
      </section>
    </Panel>
  );
}

function NoPath({ isOpen, limitations = [] }: { isOpen: boolean; limitations?: readonly string[] }) {
  return (
    <EmptyState icon="test" title="No path of this round">
      {isOpen
        ? 'The path is traced after loss and latency are measured; it shows as it comes.'
        : 'Nothing was traced: the agents did not come together in this round, or none of them could trace. Pick another round, or see what the round says.'}
      {limitations.length > 0 && (
        <ul className="mt-2">
          {limitations.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
    </EmptyState>
  );
}

function Content({ test, path, roundId, isOpen, directions }: PathPanelProps & { path: RoundPath }) {
  const { search, change } = useView();
  const { agent, hopLoss, linkDelayMs } = useThresholds();
  const results = useQuery(roundResultsQuery(test.testId, roundId, isOpen));
  const kind = search.path ?? viewsDefaults.path;
  const grouping = search.group ?? viewsDefaults.group;
  const metric = search.metric ?? viewsDefaults.metric;
  const thresholds = useMemo(() => ({ hopLoss, linkDelayMs }), [hopLoss, linkDelayMs]);
  const nameOf = useMemo(() => agentNames(path), [path]);
  const agentIds = search.agents;
  const lanes = useMemo(
    () =>
      directions
        .map((direction) => buildLane(path, direction, { grouping, sourceAgentIds: agentIds ?? null }))
        .filter(({ nodes }) => nodes.length > 0),
    [path, directions, grouping, agentIds],
  );
  const selectedIds = useMemo(() => splitIds(search.select), [search.select]);
  const find = search.find ?? '';
  const shown = useMemo(() => {
    if (search.collapse !== true) return lanes;
    const keep = {
      isKept: (node: Lane['nodes'][number]) =>
        isLossy(node, thresholds) || selectedIds.includes(node.id) || isFound(node, find),
      isKeptLink: (link: Lane['links'][number]) => isSlow(link, thresholds),
      expanded: splitIds(search.open),
    };
    return lanes.map((lane) => collapseRuns(lane, keep));
  }, [lanes, search.collapse, search.open, thresholds, selectedIds, find]);
  const rows = useMemo(
    () =>
      pairRows(results.data ?? []).filter(({ sourceAgentId }) => agentIds?.includes(sourceAgentId) ?? true),
    [results.data, agentIds],
  );
  const health = useMemo(
    () => agentHealth(rows, directions, metric, { warn: agent.warn, bad: agent.bad }),
    [rows, directions, metric, agent.warn, agent.bad],
  );
  const titles = useMemo(
    () => new Map(lanes.map((lane) => [lane.direction, laneTitle(lane, laneFigures(rows, lane.direction))])),
    [lanes, rows],
  );
  if (lanes.length === 0) return <NoPath isOpen={isOpen} limitations={path.limitations} />;
  return (
    <>
      {path.limitations.length > 0 && (
        <div className="px-4 pt-3">
          <Notice tone="neutral" icon="info" title="Not all could be traced">
            <ul>
              {path.limitations.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      {kind === 'graph' && (
        <GraphView
          path={path}
          lanes={shown}
          thresholds={thresholds}
          health={health}
          titles={titles}
          nameOf={nameOf}
          selectedIds={selectedIds}
        />
      )}
      {kind === 'table' && (
        <HopTables
          lanes={lanes}
          titles={titles}
          thresholds={thresholds}
          nameOf={nameOf}
          selectedIds={selectedIds}
          onShow={(id) => change({ path: 'graph', select: id })}
        />
      )}
      {kind === 'text' && (
        <TraceTexts path={path} directions={directions} agentIds={search.agents} nameOf={nameOf} />
      )}
      {kind !== 'text' && (
        <footer className="border-t border-line px-4 py-3">
          <details>
            <summary className="w-fit cursor-pointer rounded-sm text-accent">Thresholds</summary>
            <div className="pt-3">
              <ThresholdFields />
            </div>
          </details>
        </footer>
      )}
    </>
  );
}

/** `Source → Target · 8 hops · 1.2 % loss · 31 ms` */
function laneTitle(lane: Lane, { failed, loss, latency }: ReturnType<typeof laneFigures>): string {
  return [
    directionArrows[lane.direction],
    hopCount(lane.hops),
    ...(loss === null ? [] : [`${percent(loss)} loss`]),
    ...(latency === null ? [] : [milliseconds(latency)]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(' · ');
}

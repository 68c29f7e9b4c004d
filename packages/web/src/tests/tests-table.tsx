import type { SimpleAgent, Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { alertsQuery } from '../api/alerts.ts';
import { recentRoundsQuery } from '../api/tests.ts';
import { nowS, useNow } from '../app/clock.ts';
import { useOnScreen } from '../app/on-screen.ts';
import { dateAndTime, durationInWords, relativeTime } from '../app/time.ts';
import { type Column, DataTable, type Sort, Status } from '../ui/index.ts';
import { DeleteTestDialog } from './delete-test-dialog.tsx';
import { type LastRound, lastRound } from './last-round.ts';
import type { ListedTest } from './list.ts';
import type { TestSortKey } from './search.ts';
import { EnabledSwitch, TestActions } from './test-actions.tsx';
import { directionWords, protocolWords } from './words.ts';

interface TestsTableProps {
  tests: readonly ListedTest[];
  mayWrite: boolean;
  sort: Sort<TestSortKey>;
  onSort: (sort: Sort<TestSortKey>) => void;
}

export function TestsTable({ tests, mayWrite, sort, onSort }: TestsTableProps) {
  const [deleting, setDeleting] = useState<Test | null>(null);
  const alerts = useQuery(alertsQuery(undefined));
  const active = Map.groupBy(alerts.data ?? [], ({ testId }) => testId);
  const columns: Column<ListedTest, TestSortKey>[] = [
    {
      id: 'name',
      header: 'Test',
      sortKey: 'name',
      isRowHeader: true,
      className: 'min-w-40',
      cell: ({ test }) => (
        <>
          <Link to="/views/$testId" params={{ testId: test.testId }} className="text-link font-medium">
            {test.testName}
          </Link>
          {test.description !== undefined && test.description !== '' && (
            <span className="line-clamp-2 text-muted">{test.description}</span>
          )}
        </>
      ),
    },
    {
      id: 'last',
      header: 'Last round',
      className: 'whitespace-nowrap',
      cell: ({ test }) => <LastRoundCell test={test} />,
    },
    {
      id: 'agents',
      header: 'Sources and target',
      sortKey: 'target',
      className: 'min-w-52',
      cell: ({ sources, targetName }) => <Ends sources={sources} targetName={targetName} />,
    },
    {
      id: 'direction',
      header: 'Direction',
      sortKey: 'direction',
      className: 'whitespace-nowrap',
      cell: ({ test }) => directionWords[test.direction],
    },
    {
      id: 'protocol',
      header: 'Protocol',
      sortKey: 'protocol',
      cell: ({ test }) => protocolWords[test.protocol],
    },
    {
      id: 'interval',
      header: 'Interval',
      sortKey: 'interval',
      className: 'whitespace-nowrap',
      cell: ({ test }) => durationInWords(test.interval ?? 0),
    },
    ...(alerts.data === undefined
      ? []
      : [
          {
            id: 'alerts',
            header: 'Alerts',
            className: 'whitespace-nowrap',
            cell: ({ test }: ListedTest) => (
              <AlertsCell test={test} active={active.get(test.testId)?.length ?? 0} />
            ),
          },
        ]),
    {
      id: 'enabled',
      header: 'Enabled',
      sortKey: 'enabled',
      cell: ({ test }) => (mayWrite ? <EnabledSwitch test={test} /> : test.enabled ? 'Yes' : 'No'),
    },
    ...(mayWrite
      ? [
          {
            id: 'actions',
            header: <span className="sr-only">Actions</span>,
            align: 'right' as const,
            className: 'whitespace-nowrap py-1!',
            cell: ({ test }: ListedTest) => <TestActions test={test} onDelete={() => setDeleting(test)} />,
          },
        ]
      : []),
  ];
  return (
    <>
      <DataTable
        caption="Tests"
        columns={columns}
        rows={tests}
        rowKey={({ test }) => test.testId}
        sort={sort}
        onSort={onSort}
      />
      {deleting !== null && <DeleteTestDialog test={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function Ends({ sources, targetName }: { sources: readonly SimpleAgent[]; targetName: string }) {
  const [first, ...others] = sources;
  return (
    <>
      <span title={sources.map(({ agentName }) => agentName).join(', ')}>
        {first?.agentName ?? 'No source'}
        {others.length > 0 && <span className="text-muted"> and {others.length} more</span>}
      </span>
      <span className="text-muted">
        {' '}
        <span aria-hidden="true">→</span>
        <span className="sr-only">to</span>{' '}
      </span>
      {targetName}
    </>
  );
}

function LastRoundCell({ test }: { test: Test }) {
  const cell = useRef<HTMLDivElement>(null);
  // A long list asks for what is looked at.
  const enabled = useOnScreen(cell);
  const recent = useQuery({ ...recentRoundsQuery(test.testId, test.interval ?? 300, nowS), enabled });
  return (
    <div ref={cell} className="min-h-9">
      {recent.data !== undefined ? (
        <LastRoundWords testId={test.testId} {...lastRound(recent.data)} />
      ) : (
        <span className="text-muted">{recent.error === null ? 'Loading' : 'Not known'}</span>
      )}
    </div>
  );
}

function LastRoundWords({ testId, tone, words, roundId }: LastRound & { testId: string }) {
  const nowMs = useNow(5000);
  return (
    <>
      <Status tone={tone}>{words}</Status>
      {roundId !== null && (
        <Link
          to="/views/$testId"
          params={{ testId }}
          search={{ round: roundId }}
          title={dateAndTime(roundId * 1000)}
          className="block text-xs text-muted hover:underline"
        >
          {relativeTime(roundId * 1000, nowMs)}
        </Link>
      )}
    </>
  );
}

function AlertsCell({ test, active }: { test: Test; active: number }) {
  if (active > 0) {
    return (
      <Link to="/alerts">
        <Status tone="bad" icon="bell" className="hover:underline">
          {active} active
        </Status>
      </Link>
    );
  }
  return <span className="text-muted">{test.alertsEnabled ? 'None' : 'Off'}</span>;
}

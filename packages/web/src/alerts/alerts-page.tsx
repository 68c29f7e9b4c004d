import type { AlertBody } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { alertsQuery } from '../api/alerts.ts';
import { useNow } from '../app/clock.ts';
import { counted, dateAndTime, durationInWords, relativeTime } from '../app/time.ts';
import { useTitle } from '../app/title.ts';
import { directionWords } from '../tests/words.ts';
import {
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  Loading,
  PageHeader,
  Panel,
  Segments,
  Status,
} from '../ui/index.ts';
import { severityWords } from './words.ts';

const periods = [
  { value: 'active', label: 'Active' },
  { value: '24h', label: '24 h' },
  { value: '7d', label: '7 d' },
  { value: '14d', label: '14 d' },
] as const;

export function AlertsPage() {
  const { window } = useSearch({ from: '/signed-in/alerts' });
  const navigate = useNavigate();
  const alerts = useQuery(alertsQuery(window));
  useTitle('Alerts');
  return (
    <>
      <PageHeader
        title="Alerts"
        description="Where a test meets an alert rule, and where it did."
        actions={
          <>
            <Segments
              label="Which alerts"
              value={window ?? 'active'}
              options={periods}
              onChange={(period) =>
                void navigate({
                  to: '/alerts',
                  search: { window: period === 'active' ? undefined : period },
                  replace: true,
                })
              }
            />
            <ButtonLink to="/alerts/rules" icon="bell">
              Alert rules
            </ButtonLink>
          </>
        }
      />
      <Panel>
        {alerts.data === undefined ? (
          alerts.error === null ? (
            <Loading what="Loading alerts" />
          ) : (
            <ErrorState error={alerts.error} onRetry={() => void alerts.refetch()} />
          )
        ) : alerts.data.length === 0 ? (
          <EmptyState
            icon="bell"
            title={window === undefined ? 'No alert is active' : 'No alert in this time'}
            action={<ButtonLink to="/alerts/rules">Alert rules</ButtonLink>}
          >
            An alert begins when the rounds of a test meet one of its rules.
          </EmptyState>
        ) : (
          <AlertsTable alerts={alerts.data} />
        )}
      </Panel>
    </>
  );
}

function AlertsTable({ alerts }: { alerts: readonly AlertBody[] }) {
  const nowMs = useNow(10_000);
  const columns: Column<AlertBody>[] = [
    {
      id: 'test',
      header: 'Test',
      isRowHeader: true,
      className: 'min-w-40',
      cell: ({ testId, testName, startDate }) => (
        <Link
          to="/views/$testId"
          params={{ testId }}
          search={{ from: Date.parse(startDate) / 1000 - 3600, to: Date.parse(startDate) / 1000 + 3600 }}
          className="text-link font-medium"
        >
          {testName}
        </Link>
      ),
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ alertState }) =>
        alertState === 'trigger' ? (
          <Status tone="bad" icon="bell">
            Active
          </Status>
        ) : (
          <Status tone="good">Cleared</Status>
        ),
    },
    {
      id: 'severity',
      header: 'Severity',
      cell: ({ alertSeverity }) => {
        const { tone, word } = severityWords[alertSeverity];
        return <Badge tone={tone}>{word}</Badge>;
      },
    },
    {
      id: 'rule',
      header: 'Rule',
      className: 'min-w-44',
      cell: ({ ruleName, ruleExpression, alertRuleId }) => (
        <>
          <Link to="/alerts/rules" search={{ rule: alertRuleId }} className="text-link">
            {ruleName}
          </Link>
          <span className="block font-mono text-xs text-muted">{ruleExpression}</span>
        </>
      ),
    },
    { id: 'direction', header: 'Direction', cell: ({ direction }) => directionWords[direction] },
    {
      id: 'agents',
      header: 'Agents',
      align: 'right',
      cell: ({ violationCount }) => counted(violationCount, 'agent'),
    },
    {
      id: 'start',
      header: 'Began',
      className: 'whitespace-nowrap',
      cell: ({ startDate }) => (
        <time dateTime={startDate} title={relativeTime(Date.parse(startDate), nowMs)}>
          {dateAndTime(Date.parse(startDate))}
        </time>
      ),
    },
    {
      id: 'duration',
      header: 'Lasted',
      className: 'whitespace-nowrap',
      cell: ({ startDate, endDate }) =>
        durationInWords(
          Math.max(0, ((endDate === undefined ? nowMs : Date.parse(endDate)) - Date.parse(startDate)) / 1000),
        ),
    },
  ];
  return <DataTable caption="Alerts" columns={columns} rows={alerts} rowKey={({ id }) => id} />;
}

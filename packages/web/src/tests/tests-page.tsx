import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { agentsQuery } from '../api/agents.ts';
import { testsQuery } from '../api/tests.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { counted } from '../app/time.ts';
import { useTitle } from '../app/title.ts';
import {
  Button,
  ButtonLink,
  EmptyState,
  ErrorState,
  Loading,
  PageHeader,
  Panel,
  SearchInput,
  Select,
} from '../ui/index.ts';
import { shownTests } from './list.ts';
import type { TestsSearch } from './search.ts';
import { TestsTable } from './tests-table.tsx';

export function TestsPage() {
  const mayWrite = useMayWrite();
  useTitle('Tests');
  const create = mayWrite && (
    <ButtonLink to="/tests/new" variant="primary" icon="plus">
      Create a test
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title="Tests"
        description="Agent to Agent tests: what is measured between which agents, and how often."
        actions={create}
      />
      {!mayWrite && (
        <div className="mb-4">
          <ReadOnlyNotice what="make, change or run tests" />
        </div>
      )}
      <Panel>
        <Content mayWrite={mayWrite} create={create} />
      </Panel>
    </>
  );
}

function Content({ mayWrite, create }: { mayWrite: boolean; create: React.ReactNode }) {
  const search = useSearch({ from: '/signed-in/tests' });
  const navigate = useNavigate();
  const tests = useQuery(testsQuery);
  const agents = useQuery(agentsQuery);
  if (tests.data === undefined) {
    return tests.error === null ? (
      <Loading what="Loading tests" />
    ) : (
      <ErrorState error={tests.error} onRetry={() => void tests.refetch()} />
    );
  }
  if (tests.data.length === 0) {
    const few = agents.data !== undefined && agents.data.length < 2;
    return few ? (
      <EmptyState
        icon="agent"
        title="A test needs two agents"
        action={
          <ButtonLink to="/agents" search={{ add: true }} variant="primary" icon="plus">
            Add an agent
          </ButtonLink>
        }
      >
        There {agents.data.length === 1 ? 'is one so far' : 'is none yet'}. Each is one command on a machine
        of yours.
      </EmptyState>
    ) : (
      <EmptyState icon="test" title="No test yet" action={create}>
        A test measures loss, latency, jitter and the path between two of your agents, in one direction or in
        both.
      </EmptyState>
    );
  }
  const change = (next: TestsSearch) =>
    void navigate({ to: '/tests', search: { ...search, ...next }, replace: true, resetScroll: false });
  const names = new Map((agents.data ?? []).map(({ agentId, agentName }) => [agentId, agentName]));
  const shown = shownTests(tests.data, names, search);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
        <SearchInput
          aria-label="Find by name, agent, protocol or direction"
          placeholder="Name, agent or direction"
          className="w-64 max-w-full"
          value={search.q ?? ''}
          onChange={(q) => change({ q })}
        />
        <Select
          aria-label="Show tests of an agent"
          className="w-60"
          value={search.agent ?? 'all'}
          options={[
            { value: 'all', label: 'All agents' },
            ...[...names].map(([value, label]) => ({ value, label })),
          ]}
          onChange={(agent) => change({ agent: agent === 'all' ? undefined : agent })}
        />
        <p role="status" className="ml-auto text-sm text-muted">
          {shown.length === tests.data.length
            ? counted(tests.data.length, 'test')
            : `${shown.length} of ${counted(tests.data.length, 'test')}`}
        </p>
      </div>
      {shown.length === 0 ? (
        <EmptyState
          icon="search"
          title="No test is like this"
          action={<Button onClick={() => change({ q: undefined, agent: undefined })}>Show all tests</Button>}
        >
          Nothing matches what is searched for.
        </EmptyState>
      ) : (
        <TestsTable
          tests={shown}
          mayWrite={mayWrite}
          sort={{ key: search.sort ?? 'name', descending: search.desc ?? false }}
          onSort={({ key, descending }) => change({ sort: key, desc: descending })}
        />
      )}
    </>
  );
}

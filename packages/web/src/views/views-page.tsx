// The screen "Views": which test, and what it has measured.

import type { Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ApiError } from '../api/errors.ts';
import { testQuery, testsQuery } from '../api/tests.ts';
import { useTitle } from '../app/title.ts';
import {
  Button,
  ButtonLink,
  EmptyState,
  ErrorState,
  Loading,
  PageHeader,
  Panel,
  Select,
} from '../ui/index.ts';
import { shownSearch, type ViewsSearch } from './search.ts';
import { SourcePicker } from './source-picker.tsx';
import { TestView } from './test-view.tsx';

export function ViewsPage() {
  const { testId } = useParams({ strict: false });
  const search: ViewsSearch = useSearch({ strict: false });
  const tests = useQuery(testsQuery);
  const single = useQuery({ ...testQuery(testId ?? ''), enabled: testId !== undefined });
  const listed = tests.data?.find((test) => test.testId === testId);
  const test = listed ?? single.data;
  useTitle(test === undefined ? 'Views' : `${test.testName} – Views`);

  const [first] = tests.data ?? [];
  const wanted = search.test ?? first?.testId;
  if (testId === undefined && wanted !== undefined)
    return (
      <Navigate
        to="/views/$testId"
        params={{ testId: wanted }}
        search={shownSearch({ ...search, test: undefined })}
        replace
      />
    );

  return (
    <>
      <PageHeader
        title="Views"
        actions={tests.data !== undefined && <TestPicker tests={tests.data} test={test} />}
      />
      {content()}
    </>
  );

  function content() {
    if (test !== undefined) return <TestView key={test.testId} test={test} />;
    if (testId === undefined) {
      if (tests.error !== null)
        return <ErrorState error={tests.error} onRetry={() => void tests.refetch()} />;
      if (tests.data === undefined) return <Loading what="Loading tests" />;
      return <NoTests />;
    }
    if (single.error instanceof ApiError && single.error.code === 'not-found') return <NoSuchTest />;
    if (single.error !== null)
      return <ErrorState error={single.error} onRetry={() => void single.refetch()} />;
    return <Loading what="Loading the test" />;
  }
}

function TestPicker({ tests, test }: { tests: readonly Test[]; test: Test | undefined }) {
  const navigate = useNavigate();
  const search: ViewsSearch = useSearch({ strict: false });
  const options = tests.map(({ testId, testName, enabled }) => ({
    value: testId,
    label: testName,
    ...(enabled ? {} : { hint: 'Disabled' }),
  }));
  // An instant test is in no list.
  if (test !== undefined && !tests.some(({ testId }) => testId === test.testId))
    options.unshift({ value: test.testId, label: test.testName, hint: 'Run once' });
  if (options.length === 0) return null;
  return (
    <div className="flex w-full min-w-0 flex-wrap items-center gap-2">
      <span className="text-muted max-sm:hidden" aria-hidden="true">
        Test
      </span>
      <Select
        aria-label="Test"
        className="w-72 min-w-0 shrink"
        value={test?.testId ?? null}
        options={options}
        onChange={(testId) => {
          // Rounds, hops and agents are the other test's; what is looked at stays.
          const { direction, metric, span, from, to, path, group, collapse } = search;
          const kept = { direction, metric, span, from, to, path, group, collapse };
          void navigate({ to: '/views/$testId', params: { testId }, search: shownSearch(kept) });
        }}
      />
      {test !== undefined && <SourcePicker test={test} />}
      {test !== undefined && (
        <ButtonLink to="/tests/$testId/edit" params={{ testId: test.testId }} icon="edit">
          Edit
        </ButtonLink>
      )}
    </div>
  );
}

function NoTests() {
  return (
    <Panel>
      <EmptyState
        icon="view"
        title="There is no test yet"
        action={
          <ButtonLink to="/tests/new" variant="primary" icon="plus">
            New test
          </ButtonLink>
        }
      >
        An Agent to Agent test measures loss, latency and jitter between two Enterprise Agents, and traces the
        path in both directions. Its rounds are shown here.
      </EmptyState>
    </Panel>
  );
}

function NoSuchTest() {
  const navigate = useNavigate();
  return (
    <Panel>
      <EmptyState
        icon="off"
        title="This test does not exist any more"
        action={<Button onClick={() => void navigate({ to: '/views' })}>Look at another test</Button>}
      >
        It was deleted, and its results with it; or the link to it is not whole.
      </EmptyState>
    </Panel>
  );
}

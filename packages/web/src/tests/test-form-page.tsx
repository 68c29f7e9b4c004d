import type { Agent, Test } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { agentsQuery } from '../api/agents.ts';
import { ApiError } from '../api/errors.ts';
import { testQuery, testsQuery } from '../api/tests.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { useTitle } from '../app/title.ts';
import { ButtonLink, EmptyState, ErrorState, Loading, PageHeader, Panel } from '../ui/index.ts';
import { copyName, emptyForm, formOf, type TestForm } from './form.ts';
import { TestFormView } from './test-form.tsx';

export function NewTestPage() {
  const { copy, source, target } = useSearch({ from: '/signed-in/tests/new' });
  const original = useQuery({ ...testQuery(copy ?? ''), enabled: copy !== undefined });
  const tests = useQuery(testsQuery);
  const title = copy === undefined ? 'Create a test' : 'Copy a test';
  useTitle(title);
  return (
    <Page title={title}>
      {(agents) => {
        if (copy === undefined) {
          const begun: TestForm = {
            ...emptyForm,
            sourceIds: source === undefined ? [] : [source],
            targetAgentId: target ?? null,
          };
          return <TestFormView agents={agents} initial={begun} />;
        }
        if (original.error !== null)
          return <TestError error={original.error} retry={() => void original.refetch()} />;
        if (original.data === undefined || tests.data === undefined)
          return <Loading what="Loading the test" />;
        const taken = new Set(tests.data.map(({ testName }) => testName));
        const { testName } = original.data;
        const initial = { ...formOf(original.data), testName: copyName(testName, taken) };
        return <TestFormView agents={agents} initial={initial} />;
      }}
    </Page>
  );
}

export function EditTestPage() {
  const { testId } = useParams({ from: '/signed-in/tests/$testId/edit' });
  const test = useQuery(testQuery(testId));
  const title = test.data === undefined ? 'Edit a test' : `Edit ${test.data.testName}`;
  useTitle(title);
  return (
    <Page title={title}>
      {(agents) => {
        if (test.data === undefined)
          return test.error === null ? (
            <Loading what="Loading the test" />
          ) : (
            <TestError error={test.error} retry={() => void test.refetch()} />
          );
        if (test.data.interval === undefined) return <InstantTest test={test.data} />;
        return <TestFormView key={testId} agents={agents} initial={formOf(test.data)} test={test.data} />;
      }}
    </Page>
  );
}

/** The head, and what every form needs first: the agents, and the right to write. */
function Page({ title, children }: { title: string; children: (agents: readonly Agent[]) => ReactNode }) {
  const mayWrite = useMayWrite();
  const agents = useQuery(agentsQuery);
  return (
    <>
      <PageHeader title={title} />
      {!mayWrite ? (
        <ReadOnlyNotice what="make or change tests" />
      ) : agents.data === undefined ? (
        <Panel>
          {agents.error === null ? (
            <Loading what="Loading agents" />
          ) : (
            <ErrorState error={agents.error} onRetry={() => void agents.refetch()} />
          )}
        </Panel>
      ) : (
        children(agents.data)
      )}
    </>
  );
}

function TestError({ error, retry }: { error: Error; retry: () => void }) {
  const isGone = error instanceof ApiError && error.code === 'not-found';
  return (
    <Panel>
      <ErrorState
        title={isGone ? 'This test is not there any more' : 'The test could not be loaded'}
        error={isGone ? 'It was deleted, or the link is of another collector.' : error}
        {...(isGone ? {} : { onRetry: retry })}
        action={<ButtonLink to="/tests">Show all tests</ButtonLink>}
      />
    </Panel>
  );
}

function InstantTest({ test }: { test: Test }) {
  return (
    <Panel>
      <EmptyState
        icon="play"
        title="A test that was run once cannot be changed"
        action={
          <ButtonLink to="/tests/new" search={{ copy: test.testId }} variant="primary" icon="copy">
            Make a test from it
          </ButtonLink>
        }
      >
        A copy of it can have a schedule and other settings.
      </EmptyState>
    </Panel>
  );
}

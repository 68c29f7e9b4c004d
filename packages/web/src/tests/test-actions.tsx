import type { Test } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { changeTest, runOnce, testsQuery } from '../api/tests.ts';
import { Button, IconButton, Menu, MenuItem, MenuSeparator, Switch, useToast } from '../ui/index.ts';
import { instantOf } from './form.ts';

export function EnabledSwitch({ test }: { test: Test }) {
  const queries = useQueryClient();
  const toast = useToast();
  const change = useMutation({
    mutationFn: (enabled: boolean) => changeTest(test.testId, { enabled }),
    onSuccess: async (changed) => {
      await queries.cancelQueries({ queryKey: testsQuery.queryKey, exact: true });
      queries.setQueryData(testsQuery.queryKey, (tests) =>
        tests?.map((each) => (each.testId === changed.testId ? changed : each)),
      );
    },
    onError: (error) => toast.failed(`${test.testName} not changed`, error.message),
  });
  return (
    <Switch
      label={`Enabled: ${test.testName}`}
      checked={change.isPending ? change.variables : test.enabled}
      onChange={(enabled) => change.mutate(enabled)}
      showState
    />
  );
}

export function TestActions({ test, onDelete }: { test: Test; onDelete: () => void }) {
  const navigate = useNavigate();
  const toast = useToast();
  const run = useMutation({
    mutationFn: () => runOnce(instantOf(test)),
    onSuccess: ({ testId }) => navigate({ to: '/views/$testId', params: { testId } }),
    onError: (error) => toast.failed(`${test.testName} not run`, error.message),
  });
  return (
    <span className="inline-flex items-center gap-1">
      <Button
        size="s"
        icon="play"
        busy={run.isPending}
        onClick={() => run.mutate()}
        aria-label={`Run once: ${test.testName}`}
      >
        Run once
      </Button>
      <Menu trigger={<IconButton icon="more" size="s" label={`More for ${test.testName}`} />}>
        <MenuItem
          icon="edit"
          onClick={() => void navigate({ to: '/tests/$testId/edit', params: { testId: test.testId } })}
        >
          Edit
        </MenuItem>
        <MenuItem
          icon="copy"
          onClick={() => void navigate({ to: '/tests/new', search: { copy: test.testId } })}
        >
          Copy
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon="trash" danger onClick={onDelete}>
          Delete
        </MenuItem>
      </Menu>
    </span>
  );
}

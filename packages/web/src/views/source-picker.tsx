// Which of a test's sources are looked at: all screens of the view follow.

import type { Test } from '@pinhole/contract';
import { Select } from '../ui/index.ts';
import { useView } from './use-view.ts';

export function SourcePicker({ test }: { test: Test }) {
  const { search, change } = useView();
  const agents = test.agents ?? [];
  if (agents.length < 2) return null;
  const value = search.agents?.length === 1 ? search.agents[0]! : 'all';
  return (
    <Select
      aria-label="Source agents"
      className="w-44"
      value={value}
      options={[
        { value: 'all', label: `All ${agents.length} sources` },
        ...agents.map(({ agentId, agentName }) => ({ value: agentId, label: agentName })),
      ]}
      onChange={(next) => change({ agents: next === 'all' ? undefined : [next] })}
    />
  );
}

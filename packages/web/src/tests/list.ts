// Which tests the list shows, and in which order. Pure.

import type { SimpleAgent, Test } from '@pinhole/contract';
import type { TestSortKey, TestsSearch } from './search.ts';
import { directionWords } from './words.ts';

export interface ListedTest {
  readonly test: Test;
  readonly sources: readonly SimpleAgent[];
  /** Its name, or its id where it is gone. */
  readonly targetName: string;
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function shownTests(
  tests: readonly Test[],
  agentNames: ReadonlyMap<string, string>,
  search: TestsSearch,
): ListedTest[] {
  const key = search.sort ?? 'name';
  const turn = search.desc ? -1 : 1;
  return tests
    .map((test) => ({
      test,
      sources: test.agents ?? [],
      targetName: agentNames.get(test.targetAgentId) ?? test.targetAgentId,
    }))
    .filter((listed) => hasAgent(listed, search.agent) && hasText(listed, search.q ?? ''))
    .sort(
      (a, b) =>
        turn * byName.compare(sortText(a, key), sortText(b, key)) ||
        byName.compare(a.test.testName, b.test.testName),
    );
}

function hasAgent({ test, sources }: ListedTest, agentId: string | undefined): boolean {
  if (agentId === undefined) return true;
  return test.targetAgentId === agentId || sources.some((source) => source.agentId === agentId);
}

function hasText({ test, sources, targetName }: ListedTest, text: string): boolean {
  const searched = [
    test.testName,
    test.description ?? '',
    test.protocol,
    directionWords[test.direction],
    targetName,
    ...sources.map(({ agentName }) => agentName),
  ]
    .join('\n')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

function sortText({ test, targetName }: ListedTest, key: TestSortKey): string {
  switch (key) {
    case 'name':
      return test.testName;
    case 'protocol':
      return test.protocol;
    case 'direction':
      return directionWords[test.direction];
    case 'target':
      return targetName;
    case 'interval':
      return String(test.interval ?? 0);
    case 'enabled':
      return test.enabled ? '0' : '1';
  }
}

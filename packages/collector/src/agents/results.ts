// Which of the results that an agent hands in are kept.

import { type RoundResult, roundResultSchema } from '@pinhole/contract';
import type { TestRecord } from '../store/tests.ts';

/** A round cannot have begun in the future; clocks may differ by this much. */
const clockToleranceMs = 3_600_000;

export interface SortedResults {
  readonly kept: readonly RoundResult[];
  /** How many will never be kept, by the reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The results that are well-formed, so far as this version knows the form. */
export function readResults(given: readonly unknown[]): RoundResult[] {
  return given
    .map((item) => roundResultSchema.safeParse(item))
    .flatMap((read) => (read.success ? [read.data] : []));
}

/** `tests`: those that the results name, as far as they exist, by id. */
export function sortResults(
  given: readonly unknown[],
  reporterId: string,
  tests: ReadonlyMap<string, TestRecord>,
  nowMs: number,
): SortedResults {
  const kept: RoundResult[] = [];
  const dropped: Record<string, number> = {};
  const read = readResults(given);
  if (read.length < given.length) dropped.malformed = given.length - read.length;
  for (const result of read) {
    const reason = reasonToDrop(result, reporterId, tests.get(result.testId), nowMs);
    if (reason === null) kept.push(result);
    else dropped[reason] = (dropped[reason] ?? 0) + 1;
  }
  return { kept, dropped };
}

function reasonToDrop(
  result: RoundResult,
  reporterId: string,
  test: TestRecord | undefined,
  nowMs: number,
): string | null {
  if (test === undefined) return 'unknown-test';
  const { sourceAgentId, targetAgentId } = result;
  if (reporterId !== sourceAgentId && reporterId !== targetAgentId) return 'not-a-member';
  if (targetAgentId !== test.targetAgentId || !test.sourceAgentIds.includes(sourceAgentId))
    return 'unknown-pair';
  if (result.roundId * 1000 > nowMs + clockToleranceMs) return 'in-the-future';
  return null;
}

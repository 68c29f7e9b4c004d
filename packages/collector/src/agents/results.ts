// Which of the results that an agent hands in are kept.

import { type AgentResult, agentResultSchema, type RoundResult, type TracedResult } from '@pinhole/contract';
import { type IpAddress, parseIpAddress } from '@pinhole/wire';
import type { TestRecord } from '../store/tests.ts';

/** A round cannot have begun in the future; clocks may differ by this much. */
const clockToleranceMs = 3_600_000;

export interface SortedResults {
  readonly rounds: readonly RoundResult[];
  readonly paths: readonly TracedResult[];
  /** How many will never be kept, by the reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The results that are well-formed, so far as this version knows the form. */
export function readResults(given: readonly unknown[]): AgentResult[] {
  return given
    .map((item) => agentResultSchema.safeParse(item))
    .flatMap((read) => (read.success ? [read.data] : []));
}

/** `read`: as readResults gives them, of `given` results. `tests`: those that they name, as far as they exist, by id. */
export function sortResults(
  read: readonly AgentResult[],
  given: number,
  reporterId: string,
  tests: ReadonlyMap<string, TestRecord>,
  nowMs: number,
): SortedResults {
  const rounds: RoundResult[] = [];
  const paths: TracedResult[] = [];
  const dropped: Record<string, number> = {};
  if (read.length < given) dropped.malformed = given - read.length;
  for (const result of read) {
    const reason = reasonToDrop(result, reporterId, tests.get(result.testId), nowMs);
    if (reason !== null) dropped[reason] = (dropped[reason] ?? 0) + 1;
    else if (result.outcome === 'traced') paths.push(result);
    else rounds.push(result);
  }
  return { rounds, paths, dropped };
}

function reasonToDrop(
  result: AgentResult,
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

/** Each once. */
export function hopAddresses(paths: readonly TracedResult[]): IpAddress[] {
  const texts = paths.flatMap(({ traces }) =>
    traces.flatMap(({ hops }) => hops.map(({ address }) => address)),
  );
  return [...new Set(texts)].map((text) => parseIpAddress(text ?? '')).filter((address) => address !== null);
}

import type { RoundResult } from '@pinhole/contract';
import { idNumber } from '../../store/ids.ts';
import type { Store } from '../../store/schema.ts';
import type { TestRecord } from '../../store/tests.ts';

/** What is older says nothing of how things are now. */
const staleIntervals = 3;

/** The last round of each pair and direction of these tests, as far as it is not stale. */
export async function lastRounds(
  db: Store,
  tests: readonly TestRecord[],
  nowMs: number,
): Promise<RoundResult[]> {
  const found: RoundResult[] = [];
  for (const { testId, intervalS, targetAgentId, sourceAgentIds } of tests) {
    if (intervalS === null) continue;
    const rows = await db
      .selectFrom('result')
      .select('result_json')
      .where('test_id', '=', idNumber(testId))
      .where('round_id', '>=', Math.ceil(nowMs / 1000 - staleIntervals * intervalS))
      .where('target_agent_id', '=', idNumber(targetAgentId))
      .orderBy('round_id', 'desc')
      .execute();
    const sources = new Set(sourceAgentIds);
    const seen = new Set<string>();
    for (const row of rows) {
      const result = JSON.parse(row.result_json) as RoundResult;
      const name = `${result.sourceAgentId}|${result.direction}`;
      if (seen.has(name) || !sources.has(result.sourceAgentId)) continue;
      seen.add(name);
      found.push(result);
    }
  }
  return found;
}

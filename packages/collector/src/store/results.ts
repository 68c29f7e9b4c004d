// What was measured. The primary key keeps each (test, round, source, target, direction) once.

import type { OneDirection, RoundResult } from '@pinhole/contract';
import { sql } from 'kysely';
import { idNumber } from './ids.ts';
import type { Store } from './schema.ts';
import { runLifetimeMs } from './tests.ts';

/** Takes the same result twice without harm; what was measured replaces a failure, never the reverse. */
export async function keepResults(db: Store, results: readonly RoundResult[]): Promise<void> {
  if (results.length === 0) return;
  await db
    .insertInto('result')
    .values(
      results.map((result) => ({
        test_id: idNumber(result.testId),
        round_id: result.roundId,
        source_agent_id: idNumber(result.sourceAgentId),
        target_agent_id: idNumber(result.targetAgentId),
        direction: result.direction,
        outcome: result.outcome,
        result_json: JSON.stringify(result),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['test_id', 'round_id', 'source_agent_id', 'target_agent_id', 'direction'])
        .doUpdateSet((update) => ({
          outcome: update.ref('excluded.outcome'),
          result_json: update.ref('excluded.result_json'),
        }))
        .where('result.outcome', '=', 'failed')
        .where(sql.ref('excluded.outcome'), '=', 'measured'),
    )
    .execute();
}

/** How many directions of each pair's recent instant runs are in, by `roundOfPair`. */
export async function countResultsOfRuns(
  db: Store,
  testIds: readonly string[],
  nowMs: number,
): Promise<Map<string, number>> {
  if (testIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('result')
    .innerJoin('instant_run as run', (join) =>
      join.onRef('run.test_id', '=', 'result.test_id').onRef('run.round_id', '=', 'result.round_id'),
    )
    .select(['result.test_id', 'result.round_id', 'source_agent_id', 'target_agent_id'])
    .select((select) => select.fn.countAll<number>().as('directions'))
    .where('run.test_id', 'in', testIds.map(idNumber))
    .where('run.requested_at_ms', '>', nowMs - runLifetimeMs)
    .groupBy(['result.test_id', 'result.round_id', 'source_agent_id', 'target_agent_id'])
    .execute();
  return new Map(
    rows.map((row) => [
      roundOfPair(
        String(row.test_id),
        row.round_id,
        String(row.source_agent_id),
        String(row.target_agent_id),
      ),
      row.directions,
    ]),
  );
}

/** A map key for one pair's round. */
export function roundOfPair(
  testId: string,
  roundId: number,
  sourceAgentId: string,
  targetAgentId: string,
): string {
  return `${testId}|${roundId}|${sourceAgentId}|${targetAgentId}`;
}

export async function latestRound(
  db: Store,
  testId: string,
  directions: readonly OneDirection[],
): Promise<number | null> {
  const row = await db
    .selectFrom('result')
    .select('round_id')
    .where('test_id', '=', idNumber(testId))
    .where('direction', 'in', directions)
    .orderBy('round_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.round_id ?? null;
}

/** Where in a test's results a page begins: behind this pair's round. */
export interface ResultPosition {
  readonly roundId: number;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
}

export interface ResultRange {
  readonly testId: string;
  readonly directions: readonly OneDirection[];
  /** Epoch seconds, both included. */
  readonly fromRoundId: number;
  readonly toRoundId: number;
  readonly after: ResultPosition | null;
  readonly limit: number;
}

/** Newest round first; a pair's directions follow one another. */
export async function readResults(db: Store, range: ResultRange): Promise<RoundResult[]> {
  let query = db
    .selectFrom('result')
    .select('result_json')
    .where('test_id', '=', idNumber(range.testId))
    .where('round_id', '>=', range.fromRoundId)
    .where('round_id', '<=', range.toRoundId)
    .where('direction', 'in', range.directions);
  if (range.after !== null) {
    const { roundId, sourceAgentId, targetAgentId } = range.after;
    const position = sql`(${-roundId}, ${idNumber(sourceAgentId)}, ${idNumber(targetAgentId)})`;
    query = query
      .where('round_id', '<=', roundId)
      .where(sql<boolean>`(-round_id, source_agent_id, target_agent_id) > ${position}`);
  }
  const rows = await query
    .orderBy('round_id', 'desc')
    .orderBy('source_agent_id')
    .orderBy('target_agent_id')
    .orderBy('direction', 'desc')
    .limit(range.limit)
    .execute();
  return rows.map((row) => JSON.parse(row.result_json) as RoundResult);
}

// What was measured. The primary key keeps each (test, round, source, target, direction) once.

import type { RoundResult } from '@pinhole/contract';
import { sql } from 'kysely';
import { keepFigures } from './figures.ts';
import { idNumber } from './ids.ts';
import { keyColumns, keyOf, type RoundKey, type RoundRange, rowsInRange } from './rounds.ts';
import type { Store } from './schema.ts';
import { runLifetimeMs } from './tests.ts';

/**
 * Takes the same result twice without harm; what was measured replaces a failure, never the reverse. Returns those that
 * were new, or have replaced a failure.
 */
export async function keepResults(db: Store, results: readonly RoundResult[]): Promise<RoundResult[]> {
  if (results.length === 0) return [];
  const kept = await db
    .insertInto('result')
    .values(
      results.map((result) => ({
        ...keyOf(result),
        outcome: result.outcome,
        result_json: JSON.stringify(result),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(keyColumns)
        .doUpdateSet((update) => ({
          outcome: update.ref('excluded.outcome'),
          result_json: update.ref('excluded.result_json'),
        }))
        .where('result.outcome', '=', 'failed')
        .where(sql.ref('excluded.outcome'), '=', 'measured'),
    )
    .returning('result_json')
    .execute();
  await keepFigures(db, results);
  return kept.map((row) => JSON.parse(row.result_json) as RoundResult);
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

/** Both directions of a pair's round, as far as they are in. */
export async function resultsOfPair(
  db: Store,
  { testId, roundId, sourceAgentId, targetAgentId }: Omit<RoundKey, 'direction'>,
): Promise<RoundResult[]> {
  const rows = await db
    .selectFrom('result')
    .select('result_json')
    .where('test_id', '=', idNumber(testId))
    .where('round_id', '=', roundId)
    .where('source_agent_id', '=', idNumber(sourceAgentId))
    .where('target_agent_id', '=', idNumber(targetAgentId))
    .execute();
  return rows.map((row) => JSON.parse(row.result_json) as RoundResult);
}

/** Newest round first; a pair's directions follow one another. */
export async function readResults(db: Store, range: RoundRange): Promise<RoundResult[]> {
  const rows = await rowsInRange(db.selectFrom('result').select('result_json'), range).execute();
  return rows.map((row) => JSON.parse(row.result_json) as RoundResult);
}

// The paths that were traced, one row for each direction of each pair's round.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { TracedResult } from '@pinhole/contract';
import { sql } from 'kysely';
import { idNumber } from './ids.ts';
import { keyColumns, keyOf, type RoundRange, rowsInRange } from './rounds.ts';
import type { Store } from './schema.ts';

/** Takes the same traces twice without harm; those that have reached the peer more often replace the others. */
export async function keepPaths(db: Store, results: readonly TracedResult[]): Promise<void> {
  if (results.length === 0) return;
  await db
    .insertInto('path')
    .values(
      results.map((result) => ({
        ...keyOf(result),
        reached: result.traces.filter(({ end }) => end === 'reached').length,
        result_deflated: deflateRawSync(JSON.stringify(result)),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(keyColumns)
        .doUpdateSet((update) => ({
          reached: update.ref('excluded.reached'),
          result_deflated: update.ref('excluded.result_deflated'),
        }))
        .where(sql.ref('excluded.reached'), '>', sql.ref('path.reached')),
    )
    .execute();
}

/** Newest round first; a pair's directions follow one another. */
export async function readPaths(db: Store, range: RoundRange): Promise<TracedResult[]> {
  const rows = await rowsInRange(db.selectFrom('path').select('result_deflated'), range).execute();
  return rows.map((row) => decode(row.result_deflated));
}

/** All that a source's round has, whoever its target was then. */
export async function readPathsOfRound(
  db: Store,
  range: Pick<RoundRange, 'testId' | 'directions'> & {
    readonly sourceAgentId: string;
    readonly roundId: number;
  },
): Promise<TracedResult[]> {
  const rows = await db
    .selectFrom('path')
    .select('result_deflated')
    .where('test_id', '=', idNumber(range.testId))
    .where('round_id', '=', range.roundId)
    .where('source_agent_id', '=', idNumber(range.sourceAgentId))
    .where('direction', 'in', range.directions)
    .orderBy('target_agent_id')
    .orderBy('direction', 'desc')
    .execute();
  return rows.map((row) => decode(row.result_deflated));
}

function decode(deflated: Uint8Array): TracedResult {
  return JSON.parse(inflateRawSync(deflated).toString()) as TracedResult;
}

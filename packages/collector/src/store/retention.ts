// Deletes what is older than anybody wants to keep, a little at a time.

import { type RawBuilder, sql } from 'kysely';
import type { Store } from './schema.ts';

const key = sql.raw('test_id, round_id, source_agent_id, target_agent_id, direction');

/** How each table's rows are named and found by a test's time, by its own order. */
const tables = {
  result: { name: sql.raw('result'), row: key, order: sql.raw('round_id') },
  figure: { name: sql.raw('figure'), row: key, order: sql.raw('direction, round_id') },
  path: { name: sql.raw('path'), row: sql.raw('path_id'), order: sql.raw('round_id') },
} as const satisfies Record<string, Record<string, RawBuilder<unknown>>>;

export type AgingTable = keyof typeof tables;
export const agingTables = Object.keys(tables) as AgingTable[];

/** Up to `limit` rows of a test's rounds that began before; returns how many there were. */
export async function deleteOld(
  db: Store,
  table: AgingTable,
  {
    testId,
    beforeRoundId,
    limit,
  }: { readonly testId: number; readonly beforeRoundId: number; readonly limit: number },
): Promise<number> {
  const { name, row, order } = tables[table];
  const { numAffectedRows } = await sql`
    DELETE FROM ${name} WHERE (${row}) IN (
      SELECT ${row} FROM ${name}
      WHERE test_id = ${testId} AND direction IN ('to-target', 'from-target') AND round_id < ${beforeRoundId}
      ORDER BY ${order} LIMIT ${limit}
    )`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

export async function testNumbers(db: Store): Promise<number[]> {
  const rows = await db.selectFrom('test').select('test_id').orderBy('test_id').execute();
  return rows.map((row) => row.test_id);
}

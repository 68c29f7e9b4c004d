// What the tables of results and of paths have in common: once for each (test, round, source, target, direction), and
// read page by page from a position on.

import type { OneDirection } from '@pinhole/contract';
import { type SelectQueryBuilder, sql } from 'kysely';
import { idNumber } from './ids.ts';
import type { RoundTable, Store, Tables } from './schema.ts';

export interface RoundKey {
  readonly testId: string;
  readonly roundId: number;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  readonly direction: OneDirection;
}

export const keyColumns = ['test_id', 'round_id', 'source_agent_id', 'target_agent_id', 'direction'] as const;

export function keyOf(key: RoundKey): RoundTable {
  return {
    test_id: idNumber(key.testId),
    round_id: key.roundId,
    source_agent_id: idNumber(key.sourceAgentId),
    target_agent_id: idNumber(key.targetAgentId),
    direction: key.direction,
  };
}

/** Where a page begins: behind this pair's round. */
export type RoundPosition = Pick<RoundKey, 'roundId' | 'sourceAgentId' | 'targetAgentId'>;

export interface RoundRange {
  readonly testId: string;
  readonly directions: readonly OneDirection[];
  /** Epoch seconds, both included. */
  readonly fromRoundId: number;
  readonly toRoundId: number;
  readonly after: RoundPosition | null;
  readonly limit: number;
}

type RoundTableName = 'result' | 'path';

/** Narrows a question to a range: newest round first; a pair's directions follow one another. */
export function rowsInRange<T extends RoundTableName, O>(
  query: SelectQueryBuilder<Tables, T, O>,
  range: RoundRange,
): SelectQueryBuilder<Tables, T, O> {
  const narrowed = query
    .where(sql<boolean>`test_id = ${idNumber(range.testId)}`)
    .where(sql<boolean>`round_id BETWEEN ${range.fromRoundId} AND ${upperBound(range)}`)
    .where(sql<boolean>`direction IN (${sql.join([...range.directions])})`)
    .orderBy(sql`round_id DESC, source_agent_id, target_agent_id, direction DESC`)
    .limit(range.limit);
  if (range.after === null) return narrowed;
  const { roundId, sourceAgentId, targetAgentId } = range.after;
  const position = sql`(${-roundId}, ${idNumber(sourceAgentId)}, ${idNumber(targetAgentId)})`;
  return narrowed.where(sql<boolean>`(-round_id, source_agent_id, target_agent_id) > ${position}`);
}

/** Lets the index begin at the position. */
function upperBound({ toRoundId, after }: RoundRange): number {
  return after === null ? toRoundId : Math.min(toRoundId, after.roundId);
}

export async function latestRound(
  db: Store,
  table: RoundTableName,
  testId: string,
  directions: readonly OneDirection[],
): Promise<number | null> {
  const row = await db
    .selectFrom(table)
    .select('round_id')
    .where('test_id', '=', idNumber(testId))
    .where('direction', 'in', directions)
    .orderBy('round_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.round_id ?? null;
}

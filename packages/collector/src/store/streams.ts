// The streams, and the results that each has not sent yet.

import type { RoundResult, StreamBody } from '@pinhole/contract';
import { type Selectable, sql } from 'kysely';
import { keyOf } from './rounds.ts';
import type { Store, StreamTable } from './schema.ts';

export interface StreamSettings {
  readonly enabled: boolean;
  readonly streamEndpointUrl: string;
  /** With their values: they have to be sent. */
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly testMatch: StreamBody['testMatch'];
  /** Null: all. */
  readonly testTypes: readonly string[] | null;
}

export interface StreamRecord {
  /** A UUID. */
  readonly streamId: string;
  readonly settings: StreamSettings;
  readonly createdAtMs: number;
  readonly updatedAtMs: number | null;
  readonly lastSuccessAtMs: number | null;
  readonly lastFailureAtMs: number | null;
  readonly lastError: string | null;
  /** Results that were given up. */
  readonly lost: number;
}

export async function listStreams(db: Store): Promise<StreamRecord[]> {
  const rows = await db
    .selectFrom('stream')
    .selectAll()
    .orderBy('created_at_ms')
    .orderBy('stream_id')
    .execute();
  return rows.map(record);
}

export async function findStream(db: Store, streamId: string): Promise<StreamRecord | null> {
  const row = await db.selectFrom('stream').selectAll().where('stream_id', '=', streamId).executeTakeFirst();
  return row === undefined ? null : record(row);
}

export async function addStream(
  db: Store,
  streamId: string,
  settings: StreamSettings,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto('stream')
    .values({
      stream_id: streamId,
      settings_json: JSON.stringify(settings),
      created_at_ms: nowMs,
      updated_at_ms: null,
      last_success_at_ms: null,
      last_failure_at_ms: null,
      last_error: null,
      lost: 0,
    })
    .execute();
}

export async function changeStream(
  db: Store,
  streamId: string,
  settings: StreamSettings,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('stream')
    .set({ settings_json: JSON.stringify(settings), updated_at_ms: nowMs })
    .where('stream_id', '=', streamId)
    .execute();
}

/** With what waits. */
export async function deleteStream(db: Store, streamId: string): Promise<void> {
  await db.deleteFrom('stream').where('stream_id', '=', streamId).execute();
}

export async function keepSuccess(db: Store, streamId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('stream')
    .set({ last_success_at_ms: nowMs })
    .where('stream_id', '=', streamId)
    .execute();
}

export async function keepFailure(
  db: Store,
  streamId: string,
  failure: { readonly error: string; readonly lost: number; readonly nowMs: number },
): Promise<void> {
  await db
    .updateTable('stream')
    .set((update) => ({
      last_failure_at_ms: failure.nowMs,
      last_error: failure.error,
      lost: update('lost', '+', failure.lost),
    }))
    .where('stream_id', '=', streamId)
    .execute();
}

// ---- the queue ---------------------------------------------------------------------------------------------------

export async function enqueue(db: Store, streamId: string, results: readonly RoundResult[]): Promise<void> {
  if (results.length === 0) return;
  await db
    .insertInto('stream_queue')
    .values(results.map((result) => ({ stream_id: streamId, ...keyOf(result) })))
    .execute();
}

export interface Queued {
  readonly queueId: number;
  /** Null where it is gone: its test was deleted, or it was kept for long enough. */
  readonly result: RoundResult | null;
}

/** The oldest first. */
export async function readQueue(db: Store, streamId: string, limit: number): Promise<Queued[]> {
  const rows = await db
    .selectFrom('stream_queue as queue')
    .leftJoin('result', (join) =>
      join
        .onRef('result.test_id', '=', 'queue.test_id')
        .onRef('result.round_id', '=', 'queue.round_id')
        .onRef('result.source_agent_id', '=', 'queue.source_agent_id')
        .onRef('result.target_agent_id', '=', 'queue.target_agent_id')
        .on('result.direction', '=', sql.ref('queue.direction')),
    )
    .select(['queue.queue_id', 'result.result_json'])
    .where('queue.stream_id', '=', streamId)
    .orderBy('queue.queue_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    queueId: row.queue_id,
    result: row.result_json === null ? null : (JSON.parse(row.result_json) as RoundResult),
  }));
}

/** All up to this one. */
export async function dequeue(db: Store, streamId: string, toQueueId: number): Promise<void> {
  await db
    .deleteFrom('stream_queue')
    .where('stream_id', '=', streamId)
    .where('queue_id', '<=', toQueueId)
    .execute();
}

/** How many results wait, by the streams' ids; streams for which none does are left out. */
export async function countQueued(db: Store): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('stream_queue')
    .select('stream_id')
    .select((select) => select.fn.countAll<number>().as('waiting'))
    .groupBy('stream_id')
    .execute();
  return new Map(rows.map((row) => [row.stream_id, row.waiting]));
}

/** Keeps the newest `limit`; returns how many it has dropped. */
export async function trimQueue(db: Store, streamId: string, limit: number): Promise<number> {
  const oldest = await db
    .selectFrom('stream_queue')
    .select('queue_id')
    .where('stream_id', '=', streamId)
    .orderBy('queue_id', 'desc')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return 0;
  const { numDeletedRows } = await db
    .deleteFrom('stream_queue')
    .where('stream_id', '=', streamId)
    .where('queue_id', '<=', oldest.queue_id)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function record(row: Selectable<StreamTable>): StreamRecord {
  return {
    streamId: row.stream_id,
    settings: JSON.parse(row.settings_json) as StreamSettings,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    lastSuccessAtMs: row.last_success_at_ms,
    lastFailureAtMs: row.last_failure_at_ms,
    lastError: row.last_error,
    lost: row.lost,
  };
}

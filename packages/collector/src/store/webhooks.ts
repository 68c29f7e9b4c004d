// Notifications that are to be posted, until they are delivered or given up.

import { sql } from 'kysely';
import type { Store } from './schema.ts';

export interface Delivery {
  readonly deliveryId: number;
  readonly alertId: string;
  readonly target: string;
  /** JSON */
  readonly body: string;
  readonly createdAtMs: number;
  /** Those that have failed. */
  readonly attempts: number;
}

export async function addDeliveries(
  db: Store,
  deliveries: readonly Pick<Delivery, 'alertId' | 'target' | 'body'>[],
  nowMs: number,
): Promise<void> {
  if (deliveries.length === 0) return;
  await db
    .insertInto('webhook_delivery')
    .values(
      deliveries.map(({ alertId, target, body }) => ({
        alert_id: alertId,
        target,
        body_json: body,
        created_at_ms: nowMs,
        next_at_ms: nowMs,
        attempts: 0,
      })),
    )
    .execute();
}

/** One at most for each alert and target, the oldest: that an alert is over is not told before that it began. */
export async function dueDeliveries(db: Store, nowMs: number, limit: number): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('webhook_delivery as delivery')
    .selectAll()
    .where('next_at_ms', '<=', nowMs)
    .where(isFirst)
    .orderBy('delivery_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    alertId: row.alert_id,
    target: row.target,
    body: row.body_json,
    createdAtMs: row.created_at_ms,
    attempts: row.attempts,
  }));
}

const isFirst = sql<boolean>`NOT EXISTS (
  SELECT 1 FROM webhook_delivery AS earlier
  WHERE earlier.alert_id = delivery.alert_id AND earlier.target = delivery.target
    AND earlier.delivery_id < delivery.delivery_id)`;

/** When the next is due; null where there is none. */
export async function nextDeliveryAtMs(db: Store): Promise<number | null> {
  const row = await db
    .selectFrom('webhook_delivery as delivery')
    .select((select) => select.fn.min('next_at_ms').as('next_at_ms'))
    .where(isFirst)
    .executeTakeFirst();
  return row?.next_at_ms ?? null;
}

export async function postponeDelivery(db: Store, deliveryId: number, nextAtMs: number): Promise<void> {
  await db
    .updateTable('webhook_delivery')
    .set((update) => ({ next_at_ms: nextAtMs, attempts: update('attempts', '+', 1) }))
    .where('delivery_id', '=', deliveryId)
    .execute();
}

export async function endDelivery(db: Store, deliveryId: number): Promise<void> {
  await db.deleteFrom('webhook_delivery').where('delivery_id', '=', deliveryId).execute();
}

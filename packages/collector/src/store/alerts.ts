// The alerts, active and cleared, and the series of rounds that rules look back to.

import type { AlertSeverity, Direction } from '@pinhole/contract';
import { type Selectable, sql } from 'kysely';
import type { AlertSource, Entry, Series } from '../alerts/machine.ts';
import { idNumber } from './ids.ts';
import type { AlertTable, Store } from './schema.ts';

/** What an alert is about, as it was when it began. */
export interface AlertSubject {
  readonly ruleName: string;
  readonly expression: string;
  readonly direction: Direction;
  readonly severity: AlertSeverity;
  readonly testName: string;
}

export interface AlertRecord extends AlertSubject {
  /** A UUID. */
  readonly alertId: string;
  readonly ruleId: string;
  readonly testId: string;
  readonly startRoundId: number;
  readonly startedAtMs: number;
  /** Null while it is active. */
  readonly endedAtMs: number | null;
  readonly sources: readonly AlertSource[];
}

export async function addAlert(db: Store, alert: AlertRecord): Promise<void> {
  await db
    .insertInto('alert')
    .values({
      alert_id: alert.alertId,
      rule_id: idNumber(alert.ruleId),
      test_id: idNumber(alert.testId),
      started_at_ms: alert.startedAtMs,
      ended_at_ms: alert.endedAtMs,
      alert_json: content(alert),
    })
    .execute();
}

export async function changeAlert(db: Store, alert: AlertRecord): Promise<void> {
  await db
    .updateTable('alert')
    .set({ ended_at_ms: alert.endedAtMs, alert_json: content(alert) })
    .where('alert_id', '=', alert.alertId)
    .execute();
}

export async function findAlert(db: Store, alertId: string): Promise<AlertRecord | null> {
  const row = await db.selectFrom('alert').selectAll().where('alert_id', '=', alertId).executeTakeFirst();
  return row === undefined ? null : record(row);
}

export async function activeAlert(db: Store, ruleId: string, testId: string): Promise<AlertRecord | null> {
  const row = await db
    .selectFrom('alert')
    .selectAll()
    .where('rule_id', '=', idNumber(ruleId))
    .where('test_id', '=', idNumber(testId))
    .where('ended_at_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? null : record(row);
}

export async function activeAlerts(db: Store): Promise<AlertRecord[]> {
  const rows = await db.selectFrom('alert').selectAll().where('ended_at_ms', 'is', null).execute();
  return rows.map(record);
}

/** Where a page begins: behind this alert. */
export interface AlertPosition {
  readonly startedAtMs: number;
  readonly alertId: string;
}

export interface AlertQuestion {
  /** `trigger`: that are active; `clear`: that are over; null: both. */
  readonly state: 'trigger' | 'clear' | null;
  /** Of the start of those that are active, and the end of those that are over. Null: no matter when. */
  readonly range: { readonly fromMs: number; readonly toMs: number } | null;
  readonly after: AlertPosition | null;
  readonly limit: number;
}

/**
 * The newest first. With a range and no state, active alerts are those that began before its end, however long ago, as
 * v7 has it.
 */
export async function listAlerts(db: Store, question: AlertQuestion): Promise<AlertRecord[]> {
  const { state, range, after, limit } = question;
  const fromMs = range?.fromMs ?? 0;
  const toMs = range?.toMs ?? Number.MAX_SAFE_INTEGER;
  const active = sql<boolean>`(ended_at_ms IS NULL AND started_at_ms <= ${toMs}
    AND started_at_ms >= ${state === 'trigger' ? fromMs : 0})`;
  const cleared = sql<boolean>`(ended_at_ms BETWEEN ${fromMs} AND ${toMs})`;
  let query = db.selectFrom('alert').selectAll();
  if (state === 'trigger') query = query.where(active);
  else if (state === 'clear') query = query.where(cleared);
  else query = query.where(sql<boolean>`(${active} OR ${cleared})`);
  if (after !== null)
    query = query.where(sql<boolean>`(started_at_ms, alert_id) < (${after.startedAtMs}, ${after.alertId})`);
  const rows = await query
    .orderBy('started_at_ms', 'desc')
    .orderBy('alert_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(record);
}

export async function deleteAlertsBefore(db: Store, endedBeforeMs: number): Promise<void> {
  await db.deleteFrom('alert').where('ended_at_ms', '<', endedBeforeMs).execute();
}

// ---- series ------------------------------------------------------------------------------------------------------

export async function readSeries(db: Store, ruleId: string, testId: string): Promise<Series[]> {
  const rows = await db
    .selectFrom('alert_series')
    .select(['source_agent_id', 'direction', 'entries_json'])
    .where('rule_id', '=', idNumber(ruleId))
    .where('test_id', '=', idNumber(testId))
    .execute();
  return rows.map((row) => ({
    sourceAgentId: String(row.source_agent_id),
    direction: row.direction,
    entries: JSON.parse(row.entries_json) as Entry[],
  }));
}

export async function keepSeries(
  db: Store,
  ruleId: string,
  testId: string,
  series: readonly Series[],
): Promise<void> {
  if (series.length === 0) return;
  await db
    .insertInto('alert_series')
    .values(
      series.map(({ sourceAgentId, direction, entries }) => ({
        rule_id: idNumber(ruleId),
        test_id: idNumber(testId),
        source_agent_id: idNumber(sourceAgentId),
        direction,
        entries_json: JSON.stringify(entries),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['rule_id', 'test_id', 'source_agent_id', 'direction'])
        .doUpdateSet((update) => ({ entries_json: update.ref('excluded.entries_json') })),
    )
    .execute();
}

/** `testId` null: of all tests. */
export async function forgetSeries(db: Store, ruleId: string, testId: string | null): Promise<void> {
  let query = db.deleteFrom('alert_series').where('rule_id', '=', idNumber(ruleId));
  if (testId !== null) query = query.where('test_id', '=', idNumber(testId));
  await query.execute();
}

/** The rules and tests that have series. */
export async function listWatched(db: Store): Promise<{ ruleId: string; testId: string }[]> {
  const rows = await db.selectFrom('alert_series').select(['rule_id', 'test_id']).distinct().execute();
  return rows.map((row) => ({ ruleId: String(row.rule_id), testId: String(row.test_id) }));
}

type Content = AlertSubject & Pick<AlertRecord, 'startRoundId' | 'sources'>;

function content({
  ruleName,
  expression,
  direction,
  severity,
  testName,
  startRoundId,
  sources,
}: AlertRecord): string {
  const kept: Content = { ruleName, expression, direction, severity, testName, startRoundId, sources };
  return JSON.stringify(kept);
}

function record(row: Selectable<AlertTable>): AlertRecord {
  return {
    ...(JSON.parse(row.alert_json) as Content),
    alertId: row.alert_id,
    ruleId: String(row.rule_id),
    testId: String(row.test_id),
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

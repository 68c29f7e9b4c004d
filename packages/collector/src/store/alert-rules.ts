// The alert rules, and which tests they are at. That stands in the tests: `alertRules` of their settings.

import type { AlertNotifications, AlertSeverity, Direction } from '@pinhole/contract';
import { type Selectable, sql } from 'kysely';
import { idNumber } from './ids.ts';
import type { AlertRuleTable, Store } from './schema.ts';
import type { TestRecord } from './tests.ts';

/** What a person decides about a rule, beside whether it is the default. */
export interface AlertRuleDefinition {
  readonly ruleName: string;
  readonly expression: string;
  readonly description: string | null;
  readonly direction: Direction;
  readonly notifyOnClear: boolean;
  /** One of the two is null. */
  readonly minimumSources: number | null;
  readonly minimumSourcesPct: number | null;
  readonly roundsViolatingMode: 'exact' | 'any';
  readonly roundsViolatingRequired: number;
  readonly roundsViolatingOutOf: number;
  readonly severity: AlertSeverity;
  readonly notifications: AlertNotifications;
}

export interface AlertRule extends AlertRuleDefinition {
  readonly ruleId: string;
  readonly isDefault: boolean;
}

export async function listAlertRules(db: Store): Promise<AlertRule[]> {
  const rows = await db.selectFrom('alert_rule').selectAll().orderBy('rule_id').execute();
  return rows.map(record);
}

export async function findAlertRule(db: Store, ruleId: string): Promise<AlertRule | null> {
  return (await findAlertRules(db, [ruleId])).get(ruleId) ?? null;
}

/** By id; those that do not exist are left out. */
export async function findAlertRules(db: Store, ruleIds: readonly string[]): Promise<Map<string, AlertRule>> {
  if (ruleIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('alert_rule')
    .selectAll()
    .where('rule_id', 'in', ruleIds.map(idNumber))
    .execute();
  return new Map(rows.map((row) => [String(row.rule_id), record(row)]));
}

/** Those that apply to tests which name none. */
export async function defaultAlertRules(db: Store): Promise<AlertRule[]> {
  return (await listAlertRules(db)).filter(({ isDefault }) => isDefault);
}

export async function addAlertRule(
  db: Store,
  definition: AlertRuleDefinition,
  isDefault: boolean,
): Promise<string> {
  if (isDefault) await forgetDefault(db);
  const { rule_id } = await db
    .insertInto('alert_rule')
    .values({ is_default: Number(isDefault), rule_json: JSON.stringify(definition) })
    .returning('rule_id')
    .executeTakeFirstOrThrow();
  return String(rule_id);
}

export async function changeAlertRule(
  db: Store,
  ruleId: string,
  definition: AlertRuleDefinition,
  isDefault: boolean,
): Promise<void> {
  if (isDefault) await forgetDefault(db);
  await db
    .updateTable('alert_rule')
    .set({ is_default: Number(isDefault), rule_json: JSON.stringify(definition) })
    .where('rule_id', '=', idNumber(ruleId))
    .execute();
}

/** There is one default at most. */
async function forgetDefault(db: Store): Promise<void> {
  await db.updateTable('alert_rule').set({ is_default: 0 }).where('is_default', '=', 1).execute();
}

export async function deleteAlertRule(db: Store, ruleId: string): Promise<void> {
  await db.deleteFrom('alert_rule').where('rule_id', '=', idNumber(ruleId)).execute();
}

/** The rules that watch a test now. */
export function rulesAt(test: TestRecord, all: readonly AlertRule[]): AlertRule[] {
  const { alertsEnabled, alertRules } = test.settings;
  if (!test.enabled || test.intervalS === null || alertsEnabled !== true) return [];
  return linkedRules(alertRules ?? null, all);
}

/** The rules that a test names, or else the default ones, whether or not it wants alerts now. */
export function linkedRules(alertRules: readonly string[] | null, all: readonly AlertRule[]): AlertRule[] {
  return all.filter(({ ruleId, isDefault }) =>
    alertRules === null ? isDefault : alertRules.includes(ruleId),
  );
}

export async function nameRulesOfTest(db: Store, testId: string, ruleIds: readonly string[]): Promise<void> {
  const named = sql<string>`json_set(settings_json, '$.alertRules', json(${JSON.stringify(ruleIds)}))`;
  await db
    .updateTable('test')
    .set({ settings_json: named })
    .where('test_id', '=', idNumber(testId))
    .execute();
}

function record({ rule_id, is_default, rule_json }: Selectable<AlertRuleTable>): AlertRule {
  const definition = JSON.parse(rule_json) as AlertRuleDefinition;
  return { ...definition, ruleId: String(rule_id), isDefault: is_default === 1 };
}

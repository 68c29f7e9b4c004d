// The tests with their sources, and the runs of instant tests.

import type { DscpId, TestRequest } from '@pinhole/contract';
import { type Direction, measuredDirections, type Protocol } from '@pinhole/contract';
import { type Selectable, sql } from 'kysely';
import { idNumber } from './ids.ts';
import type { Store, TestTable } from './schema.ts';
import { keepVersion } from './test-versions.ts';

/** An instant test's run is over when its results are in, at the latest after this time. */
export const runLifetimeMs = 300_000;

export type IntervalS = TestRequest['interval'];

export interface TestSettings {
  readonly description: string | null;
  readonly direction: Direction;
  readonly protocol: Protocol;
  readonly dscpId: DscpId;
  readonly mss: number | null;
  /** 0: the agent's own pacing. */
  readonly fixedPacketRate: number | null;
  readonly numPathTraces: number;
  readonly pathTraceMode: TestRequest['pathTraceMode'];
  readonly randomizedStartTime: boolean;
  readonly throughputMeasurements: boolean;
  readonly throughputDuration: number;
  readonly throughputRate: number | null;
  readonly alertsEnabled: boolean;
  /** Ids; null where the default rules apply. */
  readonly alertRules: readonly string[] | null;
}

/** What a person decides about a test. */
export interface TestDefinition {
  readonly testName: string;
  readonly enabled: boolean;
  /** Null for instant tests. */
  readonly intervalS: IntervalS | null;
  readonly targetAgentId: string;
  readonly sourceAgentIds: readonly string[];
  readonly settings: TestSettings;
}

export interface TestRecord extends TestDefinition {
  readonly testId: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** Since when it runs as it does now: its creation, last enabling or last change of the interval. */
  readonly activeSinceMs: number;
}

export interface LiveRun {
  readonly testId: string;
  readonly roundId: number;
}

/** `by`: whose request it is. */
export async function addTest(
  db: Store,
  definition: TestDefinition,
  nowMs: number,
  by: string | null,
): Promise<string> {
  const { test_id } = await db
    .insertInto('test')
    .values({
      kind: definition.intervalS === null ? 'instant' : 'scheduled',
      ...columns(definition),
      created_at_ms: nowMs,
      modified_at_ms: nowMs,
      active_since_ms: nowMs,
    })
    .returning('test_id')
    .executeTakeFirstOrThrow();
  await writeSources(db, test_id, definition.sourceAgentIds);
  await keepVersion(db, String(test_id), definition, nowMs, by);
  return String(test_id);
}

export async function changeTest(
  db: Store,
  before: TestRecord,
  definition: TestDefinition,
  nowMs: number,
  by: string | null,
): Promise<void> {
  const testId = idNumber(before.testId);
  const restarted = (definition.enabled && !before.enabled) || definition.intervalS !== before.intervalS;
  await db
    .updateTable('test')
    .set({
      ...columns(definition),
      modified_at_ms: nowMs,
      active_since_ms: restarted ? nowMs : before.activeSinceMs,
    })
    .where('test_id', '=', testId)
    .execute();
  await db.deleteFrom('test_source').where('test_id', '=', testId).execute();
  await writeSources(db, testId, definition.sourceAgentIds);
  await keepVersion(db, before.testId, definition, nowMs, by);
}

/** With its results. */
export async function deleteTest(db: Store, testId: string): Promise<void> {
  await db.deleteFrom('test').where('test_id', '=', idNumber(testId)).execute();
}

export async function findTest(db: Store, testId: string): Promise<TestRecord | null> {
  return (await findTests(db, [testId]))[0] ?? null;
}

export async function findTests(db: Store, testIds: readonly string[]): Promise<TestRecord[]> {
  if (testIds.length === 0) return [];
  const rows = await db
    .selectFrom('test')
    .selectAll()
    .where('test_id', 'in', testIds.map(idNumber))
    .execute();
  return await records(db, rows);
}

export async function listScheduledTests(db: Store): Promise<TestRecord[]> {
  const rows = await db
    .selectFrom('test')
    .selectAll()
    .where('kind', '=', 'scheduled')
    .orderBy('test_id')
    .execute();
  return await records(db, rows);
}

/** Tests in which an agent is a source or the target; of instant tests, those that were run lately. */
export async function findTestsOfAgent(db: Store, agentId: string, nowMs: number): Promise<TestRecord[]> {
  const id = idNumber(agentId);
  const rows = await db
    .selectFrom('test')
    .selectAll()
    .where((where) =>
      where.or([
        where('target_agent_id', '=', id),
        where('test_id', 'in', where.selectFrom('test_source').select('test_id').where('agent_id', '=', id)),
      ]),
    )
    .where((where) =>
      where.or([
        where('kind', '=', 'scheduled'),
        where(
          'test_id',
          'in',
          where
            .selectFrom('instant_run')
            .select('test_id')
            .where('requested_at_ms', '>', nowMs - runLifetimeMs),
        ),
      ]),
    )
    .orderBy('test_id')
    .execute();
  return await records(db, rows);
}

/** Of all kinds of tests in which an agent is a source or the target. */
export async function listTestIdsOfAgent(db: Store, agentId: string): Promise<string[]> {
  const id = idNumber(agentId);
  const rows = await db
    .selectFrom('test')
    .select('test_id')
    .where('target_agent_id', '=', id)
    .union(db.selectFrom('test_source').select('test_id').where('agent_id', '=', id))
    .execute();
  return rows.map((row) => String(row.test_id));
}

export async function isTestNameTaken(
  db: Store,
  name: string,
  exceptTestId: string | null,
): Promise<boolean> {
  const row = await db
    .selectFrom('test')
    .select('test_id')
    .where('kind', '=', 'scheduled')
    .where('name', '=', name)
    .where('test_id', '!=', exceptTestId === null ? -1 : idNumber(exceptTestId))
    .executeTakeFirst();
  return row !== undefined;
}

/** Asks for one more round of an instant test. Returns its id: now in epoch seconds, or the next that is free. */
export async function addRun(db: Store, testId: string, nowMs: number): Promise<number> {
  const last = await db
    .selectFrom('instant_run')
    .select((select) => select.fn.max('round_id').as('round_id'))
    .where('test_id', '=', idNumber(testId))
    .executeTakeFirst();
  const roundId = Math.max(Math.floor(nowMs / 1000), (last?.round_id ?? 0) + 1);
  await db
    .insertInto('instant_run')
    .values({ test_id: idNumber(testId), round_id: roundId, requested_at_ms: nowMs })
    .execute();
  return roundId;
}

/** The runs asked for within the last runLifetimeMs, oldest first. */
export async function recentRuns(db: Store, testIds: readonly string[], nowMs: number): Promise<LiveRun[]> {
  if (testIds.length === 0) return [];
  const rows = await db
    .selectFrom('instant_run')
    .select(['test_id', 'round_id'])
    .where('test_id', 'in', testIds.map(idNumber))
    .where('requested_at_ms', '>', nowMs - runLifetimeMs)
    .orderBy('round_id')
    .execute();
  return rows.map((row) => ({ testId: String(row.test_id), roundId: row.round_id }));
}

/** Whether a pair still owes results of a run. */
export function isRunOpen(test: TestRecord, resultsIn: number): boolean {
  return resultsIn < measuredDirections(test.settings.direction).length;
}

async function writeSources(db: Store, testId: number, sourceAgentIds: readonly string[]): Promise<void> {
  if (sourceAgentIds.length === 0) return;
  const rows = sourceAgentIds.map((agentId) => ({ test_id: testId, agent_id: idNumber(agentId) }));
  await db.insertInto('test_source').values(rows).execute();
}

function columns(definition: TestDefinition) {
  return {
    name: definition.testName,
    enabled: Number(definition.enabled),
    interval_s: definition.intervalS ?? 0,
    target_agent_id: idNumber(definition.targetAgentId),
    settings_json: JSON.stringify(definition.settings),
  };
}

async function records(db: Store, rows: Selectable<TestTable>[]): Promise<TestRecord[]> {
  if (rows.length === 0) return [];
  const sources = await db
    .selectFrom('test_source')
    .select(['test_id', sql<string>`CAST(agent_id AS TEXT)`.as('agentId')])
    .where(
      'test_id',
      'in',
      rows.map((row) => row.test_id),
    )
    .orderBy('agent_id')
    .execute();
  const byTest = Map.groupBy(sources, (source) => source.test_id);
  return rows.map((row) => ({
    testId: String(row.test_id),
    testName: row.name,
    enabled: row.enabled === 1,
    intervalS: row.kind === 'instant' ? null : (row.interval_s as IntervalS),
    targetAgentId: String(row.target_agent_id),
    sourceAgentIds: (byTest.get(row.test_id) ?? []).map((source) => source.agentId),
    settings: JSON.parse(row.settings_json) as TestSettings,
    createdAtMs: row.created_at_ms,
    modifiedAtMs: row.modified_at_ms,
    activeSinceMs: row.active_since_ms,
  }));
}

// What a test was like, each time that it was made or changed.

import { maxTestVersions } from '@pinhole/contract';
import { idNumber } from './ids.ts';
import type { Store } from './schema.ts';
import type { TestDefinition, TestRecord } from './tests.ts';

export interface TestVersion {
  readonly versionId: string;
  readonly testId: string;
  readonly createdAtMs: number;
  /** Whose request it was; null where that is not known. */
  readonly createdBy: string | null;
}

/** The oldest make room where there are too many. */
export async function keepVersion(
  db: Store,
  testId: string,
  definition: TestDefinition,
  nowMs: number,
  by: string | null,
): Promise<void> {
  const { testName, enabled, intervalS, targetAgentId, sourceAgentIds, settings } = definition;
  const kept: TestDefinition = { testName, enabled, intervalS, targetAgentId, sourceAgentIds, settings };
  const test_id = idNumber(testId);
  await db
    .insertInto('test_version')
    .values({ test_id, created_at_ms: nowMs, created_by: by, definition_json: JSON.stringify(kept) })
    .execute();
  await db
    .deleteFrom('test_version')
    .where('test_id', '=', test_id)
    .where('version_id', '<=', (select) =>
      select
        .selectFrom('test_version')
        .select('version_id')
        .where('test_id', '=', test_id)
        .orderBy('version_id', 'desc')
        .offset(maxTestVersions)
        .limit(1),
    )
    .execute();
}

/** Newest first. */
export async function listVersions(db: Store, testId: string, limit: number): Promise<TestVersion[]> {
  const rows = await db
    .selectFrom('test_version')
    .select(['version_id', 'test_id', 'created_at_ms', 'created_by'])
    .where('test_id', '=', idNumber(testId))
    .orderBy('version_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    versionId: String(row.version_id),
    testId: String(row.test_id),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
  }));
}

/** The test as it was then; null where it has no such version. */
export async function findVersion(
  db: Store,
  test: TestRecord,
  versionId: string,
): Promise<TestRecord | null> {
  const row = await db
    .selectFrom('test_version')
    .select(['definition_json', 'created_at_ms'])
    .where('test_id', '=', idNumber(test.testId))
    .where('version_id', '=', idNumber(versionId))
    .executeTakeFirst();
  if (row === undefined) return null;
  const definition = JSON.parse(row.definition_json) as TestDefinition;
  return { ...test, ...definition, modifiedAtMs: row.created_at_ms };
}

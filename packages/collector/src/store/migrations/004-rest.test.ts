import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Kysely, Migrator } from 'kysely';
import { temporaryFolder } from '../../../test/harness.ts';
import { openStore } from '../open.ts';
import { nodeSqliteDialect } from '../sqlite.ts';
import { findVersion, listVersions } from '../test-versions.ts';
import { findTest } from '../tests.ts';
import { migrations } from './index.ts';

test('tests from before have no alerts, and their history begins with what they are', async (t) => {
  const folder = temporaryFolder(t);
  const database = new DatabaseSync(join(folder, 'pinhole.sqlite'));
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(database) });
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '004'));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => before } });
  assert.equal((await migrator.migrateToLatest()).error, undefined);
  const settings = { description: null, direction: 'bidirectional', protocol: 'udp', mss: 100 };
  for (const name of ['first', 'second', 'third'])
    database
      .prepare(
        `INSERT INTO agent (name, secret_hash, enabled, behind_nat, facts_json, created_at_ms, last_seen_at_ms,
           config_version, config_digest) VALUES (?, ?, 1, 0, '{}', 5, 6, 7, '')`,
      )
      .run(name, name);
  for (const [kind, intervalS] of [
    ['scheduled', 300],
    ['instant', 0],
  ] as const) {
    const { test_id } = database
      .prepare(
        `INSERT INTO test (kind, name, enabled, interval_s, target_agent_id, settings_json, created_at_ms,
           modified_at_ms, active_since_ms) VALUES (?, ?, ?, ?, 3, ?, 1000, 2000, 1000) RETURNING test_id`,
      )
      .get(kind, kind, Number(intervalS > 0), intervalS, JSON.stringify(settings))!;
    for (const agentId of [2, 1])
      database.prepare('INSERT INTO test_source VALUES (?, ?)').run(test_id!, agentId);
  }
  await db.destroy();

  const store = await openStore(folder);
  t.after(() => store.close());
  for (const [testId, testName, intervalS] of [
    ['1', 'scheduled', 300],
    ['2', 'instant', null],
  ] as const) {
    const found = (await findTest(store.db, testId))!;
    assert.deepEqual(found.settings, { ...settings, alertsEnabled: false, alertRules: null });
    const [version, ...others] = await listVersions(store.db, testId, 10);
    assert.deepEqual(others, []);
    assert.deepEqual([version!.testId, version!.createdAtMs, version!.createdBy], [testId, 2000, null]);
    const then = await findVersion(store.db, found, version!.versionId);
    assert.deepEqual(then, found);
    assert.deepEqual(
      [then!.testName, then!.intervalS, then!.enabled, then!.sourceAgentIds],
      [testName, intervalS, intervalS !== null, ['1', '2']],
    );
  }
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { RoundResult } from '@pinhole/contract';
import { Kysely, Migrator } from 'kysely';
import { failed, measured, temporaryFolder } from '../../../test/harness.ts';
import { readTimeline } from '../figures.ts';
import { openStore } from '../open.ts';
import { keepResults } from '../results.ts';
import { nodeSqliteDialect } from '../sqlite.ts';
import { migrations } from './index.ts';

/** More than one step of the migration. */
const rounds = 12_000;

test('a database from before has the same timeline afterwards as one that was written since', async (t) => {
  const results = Array.from({ length: rounds }, (_, at): RoundResult => {
    const direction = at % 3 === 0 ? 'from-target' : 'to-target';
    const key = { testId: '1', roundId: 60 * at, sourceAgentId: '1', targetAgentId: '2', direction } as const;
    if (at % 7 === 0) return failed(key);
    const result = measured(key, at % 50);
    const throughput = { durationMs: 1, receivedBytes: 1, lossPercent: null, bitsPerSecond: 1e6 + at };
    if (at % 5 === 0) return { ...result, throughput: { outcome: 'measured', ...throughput } };
    return at % 11 === 0
      ? { ...result, measurement: { ...result.measurement, delay: null, roundTrip: null } }
      : result;
  });

  const folder = temporaryFolder(t);
  const database = new DatabaseSync(join(folder, 'pinhole.sqlite'));
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(database) });
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '006'));
  const provider = { getMigrations: async () => before };
  assert.equal((await new Migrator({ db, provider }).migrateToLatest()).error, undefined);
  addTestRow(database);
  const insert = database.prepare('INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?)');
  database.exec('BEGIN');
  for (const result of results) {
    const { roundId, direction, outcome } = result;
    insert.run(1, roundId, 1, 2, direction, outcome, JSON.stringify(result));
  }
  database.exec('COMMIT');
  await db.destroy();
  const migrated = await openStore(folder);
  t.after(() => migrated.close());

  const other = temporaryFolder(t);
  const written = await openStore(other);
  t.after(() => written.close());
  const beside = new DatabaseSync(join(other, 'pinhole.sqlite'), { timeout: 5000 });
  addTestRow(beside);
  beside.close();
  for (let at = 0; at < results.length; at += 500) await keepResults(written.db, results.slice(at, at + 500));

  for (const direction of ['to-target', 'from-target'] as const) {
    const range = { testId: '1', direction, fromS: 0, toS: 60 * rounds, bucketS: 60, sourceAgentId: null };
    const series = await readTimeline(migrated.db, range, 1e9, async () => {});
    // The same, however it is cut into stretches.
    assert.deepEqual(series, await readTimeline(written.db, range, 7000, async () => {}));
    const all = direction === 'to-target' ? Math.floor((2 * rounds) / 3) : Math.ceil(rounds / 3);
    assert.equal(series.startS.length, all);
  }
});

function addTestRow(database: DatabaseSync): void {
  database.exec(
    "INSERT INTO test (kind, name, enabled, interval_s, target_agent_id, settings_json, created_at_ms, modified_at_ms, active_since_ms) VALUES ('scheduled', 'x', 1, 60, 2, '{}', 0, 0, 0)",
  );
}

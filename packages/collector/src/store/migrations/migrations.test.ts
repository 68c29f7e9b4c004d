import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Kysely, Migrator } from 'kysely';
import { temporaryFolder } from '../../../test/harness.ts';
import { findAgentByName } from '../agents.ts';
import { openStore } from '../open.ts';
import { nodeSqliteDialect } from '../sqlite.ts';
import { migrations } from './index.ts';

test('agents of a database from before compatibility checks keep what they were, and their ticks', async (t) => {
  const folder = temporaryFolder(t);
  const database = new DatabaseSync(join(folder, 'pinhole.sqlite'));
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(database) });
  const { '001-initial': initial } = migrations;
  assert.ok(initial !== undefined);
  const provider = { getMigrations: async () => ({ '001-initial': initial }) };
  assert.equal((await new Migrator({ db, provider }).migrateToLatest()).error, undefined);
  for (const [name, behindNat] of [
    ['ticked', 1],
    ['other', 0],
  ] as const) {
    database
      .prepare(
        `INSERT INTO agent (name, secret_hash, enabled, behind_nat, facts_json, created_at_ms, last_seen_at_ms,
           config_version, config_digest) VALUES (?, ?, 1, ?, '{}', 5, 6, 7, '')`,
      )
      .run(name, `hash of ${name}`, behindNat);
  }
  await db.destroy();

  const store = await openStore(folder);
  t.after(() => store.close());
  const [ticked, other] = [
    await findAgentByName(store.db, 'ticked'),
    await findAgentByName(store.db, 'other'),
  ];
  assert.deepEqual([ticked?.behindNat, ticked?.behindNatSinceMs, ticked?.configVersion], [true, 0, 7]);
  assert.deepEqual([other?.behindNat, other?.behindNatSinceMs], [false, null]);
});

// Opens the one database file, brings its schema up to date, and keeps a second collector out.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Kysely, Kysely as KyselyDatabase, Migrator } from 'kysely';
import { CollectorError, databaseError, isBusy } from '../errors.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './schema.ts';
import { nodeSqliteDialect } from './sqlite.ts';

/** A backup tool may hold the database for a moment. */
const busyTimeoutMs = 5000;

export interface OpenStore {
  readonly db: Kysely<Tables>;
  close(): Promise<void>;
}

/** Throws CollectorError. */
export async function openStore(dataDir: string): Promise<OpenStore> {
  const lock = lockFolder(dataDir);
  const path = join(dataDir, 'pinhole.sqlite');
  let db: Kysely<Tables> | null = null;
  try {
    const database = openDatabase(path);
    db = new KyselyDatabase<Tables>({ dialect: nodeSqliteDialect(database) });
    refuseNewerSchema(database, path);
    await migrate(db);
    const opened = db;
    return {
      db: opened,
      async close() {
        await opened.destroy();
        lock.close();
      },
    };
  } catch (error) {
    await db?.destroy();
    lock.close();
    throw databaseError(error, path);
  }
}

/**
 * Held as long as the process lives: an exclusive transaction on a file of its own, so that the kernel lets go of it
 * even after kill -9, and the database itself stays readable for backups.
 */
function lockFolder(dataDir: string): DatabaseSync {
  const path = join(dataDir, 'lock');
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) {
      const message = `Another collector is running on ${dataDir}. Stop it first, or give this one a folder of its own.`;
      throw new CollectorError('data-folder-in-use', message, { cause: error });
    }
    throw databaseError(error, path);
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    // synchronous=FULL: what was acknowledged to an agent is on the disk, also when the power fails.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function refuseNewerSchema(database: DatabaseSync, path: string): void {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'kysely_migration'").get();
  if (table === undefined) return;
  const unknown = database
    .prepare('SELECT name FROM kysely_migration')
    .all()
    .filter(({ name }) => !Object.hasOwn(migrations, String(name)));
  if (unknown.length === 0) return;
  throw new CollectorError(
    'database-newer',
    `${path} was written by a newer version of this program. Use that version, or restore a backup from before.`,
  );
}

async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

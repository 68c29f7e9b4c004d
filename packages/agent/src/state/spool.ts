// Results on disk until the collector has acknowledged them.

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AgentResult } from '@pinhole/contract';
import { AgentError } from '../errors.ts';

export interface SpooledResult {
  readonly id: number;
  readonly result: AgentResult;
}

/** A day of 60 s rounds of 70 bidirectional tests; about 100 MB. Beyond, the oldest go. */
const maxResults = 200_000;

export class Spool {
  readonly #database: DatabaseSync;
  readonly #insert;
  readonly #oldest;
  readonly #deleteUpTo;
  readonly #deleteOne;
  #count: number;

  /** Throws AgentError where the file cannot be used, or another process holds it. */
  constructor(file: string) {
    let database: DatabaseSync | undefined;
    try {
      makePrivate(file);
      database = new DatabaseSync(file, { timeout: 1000 });
      this.#database = database;
      // One agent a state folder: two would both be this agent.
      this.#database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY AUTOINCREMENT, result TEXT NOT NULL) STRICT;
        BEGIN IMMEDIATE; COMMIT`);
      this.#insert = this.#database.prepare('INSERT INTO results (result) VALUES (?)');
      this.#oldest = this.#database.prepare('SELECT id, result FROM results ORDER BY id LIMIT ?');
      this.#deleteUpTo = this.#database.prepare('DELETE FROM results WHERE id <= ?');
      this.#deleteOne = this.#database.prepare('DELETE FROM results WHERE id = ?');
      this.#count = Number(this.#database.prepare('SELECT count(*) AS n FROM results').get()?.n);
    } catch (error) {
      database?.close();
      const reason = error instanceof Error ? error.message : String(error);
      const inUse = /locked|busy/.test(reason);
      throw new AgentError(
        inUse ? 'state-folder-in-use' : 'state-folder-unusable',
        inUse ? `Another agent is using ${file}` : `${file} cannot be used: ${reason}`,
        { cause: error },
      );
    }
  }

  get size(): number {
    return this.#count;
  }

  /** On disk when it returns. Throws what SQLite throws on a full disk. Returns how many old results had to go. */
  add(results: readonly AgentResult[]): number {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const result of results) this.#insert.run(JSON.stringify(result));
      this.#database.exec('COMMIT');
    } catch (error) {
      // SQLite may have rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#count += results.length;
    const surplus = this.#count - maxResults;
    if (surplus > 0) this.remove(this.oldest(surplus));
    return Math.max(0, surplus);
  }

  oldest(limit: number): SpooledResult[] {
    return this.#oldest
      .all(limit)
      .map(({ id, result }) => ({ id: Number(id), result: JSON.parse(String(result)) }));
  }

  /** Results as `oldest` gave them, from the oldest on. After a crash of the machine they may be there again. */
  remove(results: readonly SpooledResult[]): void {
    const last = results.at(-1);
    if (last === undefined) return;
    // The collector takes a result twice, so nothing waits for the disk; the next `add` has it there.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      this.#count -= Number(this.#deleteUpTo.run(last.id).changes);
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  removeOne({ id }: SpooledResult): void {
    this.#count -= Number(this.#deleteOne.run(id).changes);
  }

  clear(): void {
    this.#database.exec('DELETE FROM results');
    this.#count = 0;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** SQLite would make a new file readable for all. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

import { type Kysely, type Migration, sql } from 'kysely';

export const people: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

const statements = [
  sql`CREATE TABLE person (
    person_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    created_at_ms INTEGER NOT NULL,
    last_sign_in_at_ms INTEGER
  ) STRICT`,

  sql`CREATE TABLE session (
    session_hash TEXT PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE INDEX session_by_person ON session (person_id)`,

  sql`CREATE TABLE api_token (
    token_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('person', 'file')),
    token_hash TEXT NOT NULL UNIQUE,
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER
  ) STRICT`,
];

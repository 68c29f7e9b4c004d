import { type Kysely, type Migration, sql } from 'kysely';

export const streams: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

// The queue names the results that a stream has not sent yet; they stand in the table of results.
const statements = [
  sql`CREATE TABLE stream (
    stream_id TEXT PRIMARY KEY,
    settings_json TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER,
    last_success_at_ms INTEGER,
    last_failure_at_ms INTEGER,
    last_error TEXT,
    lost INTEGER NOT NULL
  ) STRICT`,

  sql`CREATE TABLE stream_queue (
    queue_id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id TEXT NOT NULL REFERENCES stream ON DELETE CASCADE,
    test_id INTEGER NOT NULL,
    round_id INTEGER NOT NULL,
    source_agent_id INTEGER NOT NULL,
    target_agent_id INTEGER NOT NULL,
    direction TEXT NOT NULL
  ) STRICT`,
  sql`CREATE INDEX stream_queue_in_order ON stream_queue (stream_id, queue_id)`,
];

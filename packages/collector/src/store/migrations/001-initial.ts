import { type Kysely, type Migration, sql } from 'kysely';

export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

const statements = [
  sql`CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,

  sql`CREATE TABLE agent (
    agent_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL UNIQUE,
    enabled INTEGER NOT NULL,
    behind_nat INTEGER NOT NULL,
    target_for_tests TEXT,
    facts_json TEXT NOT NULL,
    registration_json TEXT,
    observed_address TEXT,
    created_at_ms INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,
    config_version INTEGER NOT NULL,
    config_digest TEXT NOT NULL
  ) STRICT`,

  sql`CREATE TABLE test (
    test_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('scheduled', 'instant')),
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    interval_s INTEGER NOT NULL,
    target_agent_id INTEGER NOT NULL,
    settings_json TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    modified_at_ms INTEGER NOT NULL,
    active_since_ms INTEGER NOT NULL
  ) STRICT`,
  sql`CREATE UNIQUE INDEX test_by_name ON test (name) WHERE kind = 'scheduled'`,
  sql`CREATE INDEX test_by_target ON test (target_agent_id)`,

  sql`CREATE TABLE test_source (
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE,
    PRIMARY KEY (test_id, agent_id)
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE INDEX test_source_by_agent ON test_source (agent_id)`,

  sql`CREATE TABLE instant_run (
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    round_id INTEGER NOT NULL,
    requested_at_ms INTEGER NOT NULL,
    PRIMARY KEY (test_id, round_id)
  ) STRICT, WITHOUT ROWID`,

  sql`CREATE TABLE result (
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    round_id INTEGER NOT NULL,
    source_agent_id INTEGER NOT NULL,
    target_agent_id INTEGER NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('to-target', 'from-target')),
    outcome TEXT NOT NULL CHECK (outcome IN ('measured', 'failed')),
    result_json TEXT NOT NULL,
    PRIMARY KEY (test_id, round_id, source_agent_id, target_agent_id, direction)
  ) STRICT, WITHOUT ROWID`,
];

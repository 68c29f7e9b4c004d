import { type Kysely, type Migration, sql } from 'kysely';

export const paths: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

// A row is some 1,000 octets, which WITHOUT ROWID would put into the index itself. The index is in the order in which
// paths are shown: newest round first.
const statements = [
  sql`CREATE TABLE path (
    path_id INTEGER PRIMARY KEY,
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    round_id INTEGER NOT NULL,
    source_agent_id INTEGER NOT NULL,
    target_agent_id INTEGER NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('to-target', 'from-target')),
    reached INTEGER NOT NULL,
    result_deflated BLOB NOT NULL
  ) STRICT`,
  sql`CREATE UNIQUE INDEX path_by_position
    ON path (test_id, round_id DESC, source_agent_id, target_agent_id, direction DESC)`,
];

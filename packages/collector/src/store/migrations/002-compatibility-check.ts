import { type Kysely, type Migration, sql } from 'kysely';

export const compatibilityCheck: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

const statements = [
  sql`ALTER TABLE agent ADD COLUMN behind_nat_since_ms INTEGER`,
  sql`UPDATE agent SET behind_nat_since_ms = 0 WHERE behind_nat = 1`,

  sql`CREATE TABLE compatibility_check (
    agent_id INTEGER PRIMARY KEY REFERENCES agent ON DELETE CASCADE,
    check_json TEXT NOT NULL
  ) STRICT`,
];

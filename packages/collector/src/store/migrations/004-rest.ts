import { type Kysely, type Migration, sql } from 'kysely';

export const rest: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

// Tests from before said of themselves that they raise no alerts, and go on so. Each begins its history as it is now.
const statements = [
  sql`UPDATE test SET settings_json =
    json_set(settings_json, '$.alertsEnabled', json('false'), '$.alertRules', json('null'))`,

  sql`CREATE TABLE test_version (
    version_id INTEGER PRIMARY KEY AUTOINCREMENT,
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    created_by TEXT,
    definition_json TEXT NOT NULL
  ) STRICT`,
  sql`CREATE INDEX test_version_by_test ON test_version (test_id, version_id)`,
  sql`INSERT INTO test_version (test_id, created_at_ms, definition_json)
    SELECT test_id, modified_at_ms, json_object(
      'testName', name,
      'enabled', json(iif(enabled = 1, 'true', 'false')),
      'intervalS', iif(kind = 'instant', NULL, interval_s),
      'targetAgentId', CAST(target_agent_id AS TEXT),
      'sourceAgentIds', json((
        SELECT json_group_array(CAST(agent_id AS TEXT) ORDER BY agent_id)
        FROM test_source WHERE test_source.test_id = test.test_id)),
      'settings', json(settings_json))
    FROM test`,
];

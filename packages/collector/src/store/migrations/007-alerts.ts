import { type Kysely, type Migration, sql } from 'kysely';

export const alerts: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db);
  },
};

/** The rule that everybody has from the first start, until somebody changes or deletes it. */
const defaultRule = {
  ruleName: 'Default Agent to Agent Alert Rule',
  expression: '((loss >= 20 %))',
  description: null,
  direction: 'bidirectional',
  notifyOnClear: true,
  minimumSources: 1,
  minimumSourcesPct: null,
  roundsViolatingMode: 'any',
  roundsViolatingRequired: 1,
  roundsViolatingOutOf: 1,
  severity: 'major',
  notifications: {},
};

// An alert keeps what it was about: rules are changed, tests deleted.
const statements = [
  sql`CREATE TABLE alert_rule (
    rule_id INTEGER PRIMARY KEY AUTOINCREMENT,
    is_default INTEGER NOT NULL,
    rule_json TEXT NOT NULL
  ) STRICT`,
  sql`CREATE UNIQUE INDEX alert_rule_default ON alert_rule (is_default) WHERE is_default = 1`,
  sql`INSERT INTO alert_rule (is_default, rule_json) VALUES (1, ${JSON.stringify(defaultRule)})`,

  sql`CREATE TABLE alert_series (
    rule_id INTEGER NOT NULL REFERENCES alert_rule ON DELETE CASCADE,
    test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
    source_agent_id INTEGER NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('to-target', 'from-target', 'bidirectional')),
    entries_json TEXT NOT NULL,
    PRIMARY KEY (rule_id, test_id, source_agent_id, direction)
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE INDEX alert_series_by_test ON alert_series (test_id)`,

  sql`CREATE TABLE alert (
    alert_id TEXT PRIMARY KEY,
    rule_id INTEGER NOT NULL,
    test_id INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER,
    alert_json TEXT NOT NULL
  ) STRICT`,
  sql`CREATE UNIQUE INDEX alert_active ON alert (rule_id, test_id) WHERE ended_at_ms IS NULL`,
  sql`CREATE INDEX alert_by_start ON alert (started_at_ms, alert_id)`,
  sql`CREATE INDEX alert_by_end ON alert (ended_at_ms, alert_id)`,

  sql`CREATE TABLE webhook_delivery (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL,
    target TEXT NOT NULL,
    body_json TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL
  ) STRICT`,
  sql`CREATE INDEX webhook_delivery_in_order ON webhook_delivery (alert_id, target, delivery_id)`,
];

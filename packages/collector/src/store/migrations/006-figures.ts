import { type Kysely, type Migration, sql } from 'kysely';

export const figures: Migration = {
  async up(db: Kysely<unknown>) {
    await table.execute(db);
    await fill(db);
  },
};

// In the order in which a timeline is read, so that it is one stretch of the table: a direction of a test, by time.
const table = sql`CREATE TABLE figure (
  test_id INTEGER NOT NULL REFERENCES test ON DELETE CASCADE,
  direction TEXT NOT NULL CHECK (direction IN ('to-target', 'from-target')),
  round_id INTEGER NOT NULL,
  source_agent_id INTEGER NOT NULL,
  target_agent_id INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  loss_percent REAL,
  latency_min_ms REAL,
  latency_mean_ms REAL,
  latency_max_ms REAL,
  latency_bound_ms REAL,
  round_trip_mean_ms REAL,
  jitter_ms REAL,
  throughput_bps REAL,
  PRIMARY KEY (test_id, direction, round_id, source_agent_id, target_agent_id)
) STRICT, WITHOUT ROWID`;

/** Of the results that are there already, so many at once: some 10 MB of JSON. */
const stepRows = 10_000;

interface Position {
  test_id: number;
  round_id: number;
  source_agent_id: number;
  target_agent_id: number;
  direction: string;
}

async function fill(db: Kysely<unknown>): Promise<void> {
  const key = sql`test_id, round_id, source_agent_id, target_agent_id, direction`;
  const tuple = (at: Position) =>
    sql`(${at.test_id}, ${at.round_id}, ${at.source_agent_id}, ${at.target_agent_id}, ${at.direction})`;
  let after: Position | null = {
    test_id: -1,
    round_id: 0,
    source_agent_id: 0,
    target_agent_id: 0,
    direction: '',
  };
  while (after !== null) {
    const last: Position | undefined = (
      await sql<Position>`SELECT ${key} FROM result WHERE (${key}) > ${tuple(after)}
        ORDER BY ${key} LIMIT 1 OFFSET ${stepRows - 1}`.execute(db)
    ).rows[0];
    const upTo = last === undefined ? sql`` : sql`AND (${key}) <= ${tuple(last)}`;
    await sql`INSERT INTO figure SELECT test_id, direction, round_id, source_agent_id, target_agent_id,
        outcome = 'failed',
        result_json ->> '$.measurement.lossPercent',
        result_json ->> '$.measurement.delay.minMs',
        result_json ->> '$.measurement.delay.meanMs',
        result_json ->> '$.measurement.delay.maxMs',
        result_json ->> '$.measurement.delay.errorBoundMs',
        result_json ->> '$.measurement.roundTrip.meanMs',
        result_json ->> '$.measurement.delay.jitterMs',
        result_json ->> '$.throughput.bitsPerSecond'
      FROM result WHERE (${key}) > ${tuple(after)} ${upTo}`.execute(db);
    after = last ?? null;
  }
}

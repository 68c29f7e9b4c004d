// The tables as Kysely sees them. migrations/ makes them. Ids are counted by SQLite (AUTOINCREMENT, so that none is
// used twice) and are decimal strings everywhere outside this folder. Columns that end in _json hold a JSON document,
// those that end in _deflated one that is compressed (RFC 1951).

import type { Generated, Kysely, Transaction } from 'kysely';

export interface Tables {
  setting: SettingTable;
  agent: AgentTable;
  compatibility_check: CompatibilityCheckTable;
  test: TestTable;
  test_source: TestSourceTable;
  test_version: TestVersionTable;
  instant_run: InstantRunTable;
  result: ResultTable;
  path: PathTable;
  figure: FigureTable;
  person: PersonTable;
  session: SessionTable;
  api_token: ApiTokenTable;
  alert_rule: AlertRuleTable;
  alert_series: AlertSeriesTable;
  alert: AlertTable;
  webhook_delivery: WebhookDeliveryTable;
  stream: StreamTable;
  stream_queue: StreamQueueTable;
}

export type Store = Kysely<Tables> | Transaction<Tables>;

export interface SettingTable {
  name: string;
  value: string;
}

export interface AgentTable {
  agent_id: Generated<number>;
  name: string;
  /** SHA-256 of the agent's secret, hexadecimal. */
  secret_hash: string;
  enabled: number;
  behind_nat: number;
  /** Null where it is not. */
  behind_nat_since_ms: number | null;
  target_for_tests: string | null;
  /** AgentFacts */
  facts_json: string;
  /** RegistrationState */
  registration_json: string | null;
  /** Where its requests come from. */
  observed_address: string | null;
  created_at_ms: number;
  last_seen_at_ms: number;
  config_version: number;
  /** Of the configuration that config_version names. */
  config_digest: string;
}

export interface CompatibilityCheckTable {
  agent_id: number;
  /** NatTraversal */
  check_json: string;
}

export interface TestTable {
  test_id: Generated<number>;
  kind: 'scheduled' | 'instant';
  name: string;
  enabled: number;
  /** 0 for instant tests. */
  interval_s: number;
  /** No foreign key: a test keeps the id of a target that was deleted, and is disabled. */
  target_agent_id: number;
  /** TestSettings */
  settings_json: string;
  created_at_ms: number;
  modified_at_ms: number;
  active_since_ms: number;
}

export interface TestSourceTable {
  test_id: number;
  agent_id: number;
}

export interface TestVersionTable {
  version_id: Generated<number>;
  test_id: number;
  created_at_ms: number;
  created_by: string | null;
  /** TestDefinition */
  definition_json: string;
}

export interface InstantRunTable {
  test_id: number;
  round_id: number;
  requested_at_ms: number;
}

/** What a test has brought forth of one direction of one pair's round, once. */
export interface RoundTable {
  test_id: number;
  round_id: number;
  source_agent_id: number;
  target_agent_id: number;
  direction: 'to-target' | 'from-target';
}

export interface ResultTable extends RoundTable {
  outcome: 'measured' | 'failed';
  /** RoundResult */
  result_json: string;
}

export interface PathTable extends RoundTable {
  path_id: Generated<number>;
  /** How many of the traces have found the peer. */
  reached: number;
  /** TracedResult */
  result_deflated: Uint8Array;
}

/** What the timeline shows of a result; 30 times smaller than that. Null where the round failed or has no such figure. */
export interface FigureTable extends RoundTable {
  failed: number;
  loss_percent: number | null;
  latency_min_ms: number | null;
  latency_mean_ms: number | null;
  latency_max_ms: number | null;
  latency_bound_ms: number | null;
  round_trip_mean_ms: number | null;
  jitter_ms: number | null;
  throughput_bps: number | null;
}

export interface PersonTable {
  person_id: Generated<number>;
  /** Once, whatever the capitals. */
  name: string;
  /** Argon2id, in the PHC string format. */
  password_hash: string;
  access: 'read' | 'write';
  created_at_ms: number;
  last_sign_in_at_ms: number | null;
}

export interface SessionTable {
  /** SHA-256 of the cookie's value, hexadecimal. */
  session_hash: string;
  person_id: number;
  created_at_ms: number;
  last_seen_at_ms: number;
}

export interface ApiTokenTable {
  token_id: Generated<number>;
  name: string;
  /** `file`: of the data folder's file `api-token`, or of the environment. */
  origin: 'person' | 'file';
  /** SHA-256 of the token, hexadecimal. */
  token_hash: string;
  access: 'read' | 'write';
  created_at_ms: number;
  last_used_at_ms: number | null;
}

export interface AlertRuleTable {
  rule_id: Generated<number>;
  /** 1 for one at most. */
  is_default: number;
  /** AlertRuleDefinition */
  rule_json: string;
}

/** The newest rounds of one source and direction, as a rule has judged them. */
export interface AlertSeriesTable {
  rule_id: number;
  test_id: number;
  source_agent_id: number;
  direction: 'to-target' | 'from-target' | 'bidirectional';
  /** Entry[] of alerts/machine.ts */
  entries_json: string;
}

export interface AlertTable {
  /** A UUID. */
  alert_id: string;
  /** No foreign keys: an alert outlives its rule and its test. */
  rule_id: number;
  test_id: number;
  started_at_ms: number;
  /** Null while it is active. */
  ended_at_ms: number | null;
  alert_json: string;
}

export interface WebhookDeliveryTable {
  delivery_id: Generated<number>;
  alert_id: string;
  target: string;
  body_json: string;
  created_at_ms: number;
  next_at_ms: number;
  attempts: number;
}

export interface StreamTable {
  /** A UUID. */
  stream_id: string;
  /** StreamSettings, with the values of its headers */
  settings_json: string;
  created_at_ms: number;
  updated_at_ms: number | null;
  last_success_at_ms: number | null;
  last_failure_at_ms: number | null;
  last_error: string | null;
  lost: number;
}

export interface StreamQueueTable extends RoundTable {
  queue_id: Generated<number>;
  stream_id: string;
}

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
  instant_run: InstantRunTable;
  result: ResultTable;
  path: PathTable;
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

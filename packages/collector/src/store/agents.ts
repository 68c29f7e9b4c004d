// The agents, as the rest of the program knows them.

import { createHash } from 'node:crypto';
import type { AgentFacts, RegistrationState } from '@pinhole/contract';
import type { IpAddress } from '@pinhole/wire';
import type { Selectable, Updateable } from 'kysely';
import { idNumber } from './ids.ts';
import type { AgentTable, Store } from './schema.ts';

export interface AgentRecord {
  readonly agentId: string;
  readonly agentName: string;
  readonly enabled: boolean;
  readonly behindNat: boolean;
  /** Null where it is not. */
  readonly behindNatSinceMs: number | null;
  readonly targetForTests: IpAddress | null;
  readonly facts: AgentFacts;
  /** Null before the first check-in. */
  readonly registration: RegistrationState | null;
  /** Where its requests come from. */
  readonly observedAddress: IpAddress | null;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  readonly configVersion: number;
  readonly configDigest: string;
}

export type AgentChange = Partial<Omit<AgentRecord, 'agentId' | 'createdAtMs'>>;

export interface NewAgent {
  readonly agentName: string;
  readonly agentSecret: string;
  readonly facts: AgentFacts;
  readonly observedAddress: IpAddress | null;
  readonly nowMs: number;
}

/** Takes the name with a number behind it when another agent has it: no two agents are called the same. */
export async function addAgent(db: Store, agent: NewAgent): Promise<string> {
  const { agent_id } = await db
    .insertInto('agent')
    .values({
      name: await freeName(db, agent.agentName),
      secret_hash: hashSecret(agent.agentSecret),
      enabled: 1,
      behind_nat: 0,
      behind_nat_since_ms: null,
      target_for_tests: null,
      facts_json: JSON.stringify(agent.facts),
      registration_json: null,
      observed_address: agent.observedAddress,
      created_at_ms: agent.nowMs,
      last_seen_at_ms: agent.nowMs,
      config_version: 0,
      config_digest: '',
    })
    .returning('agent_id')
    .executeTakeFirstOrThrow();
  return String(agent_id);
}

async function freeName(db: Store, wanted: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted} (${count})`;
    if ((await findAgentByName(db, name)) === null) return name;
  }
}

export async function listAgents(db: Store): Promise<AgentRecord[]> {
  const rows = await db.selectFrom('agent').selectAll().orderBy('agent_id').execute();
  return rows.map(record);
}

export async function findAgent(db: Store, agentId: string): Promise<AgentRecord | null> {
  return (await findAgents(db, [agentId])).get(agentId) ?? null;
}

/** By id; those that do not exist are left out. */
export async function findAgents(db: Store, agentIds: readonly string[]): Promise<Map<string, AgentRecord>> {
  if (agentIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('agent')
    .selectAll()
    .where('agent_id', 'in', agentIds.map(idNumber))
    .execute();
  return new Map(rows.map((row) => [String(row.agent_id), record(row)]));
}

export async function findAgentByName(db: Store, name: string): Promise<AgentRecord | null> {
  const row = await db.selectFrom('agent').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? null : record(row);
}

/** Found by the hash, so the time it takes says nothing about the secret. */
export async function findAgentBySecret(db: Store, secret: string): Promise<AgentRecord | null> {
  const row = await db
    .selectFrom('agent')
    .selectAll()
    .where('secret_hash', '=', hashSecret(secret))
    .executeTakeFirst();
  return row === undefined ? null : record(row);
}

/** Names of agents by id, for what was measured by agents that may be gone. */
export async function agentNames(db: Store): Promise<Map<string, string>> {
  const rows = await db.selectFrom('agent').select(['agent_id', 'name']).execute();
  return new Map(rows.map((row) => [String(row.agent_id), row.name]));
}

export async function changeAgent(db: Store, agentId: string, change: AgentChange): Promise<void> {
  const columns: Updateable<AgentTable> = {
    name: change.agentName,
    enabled: flag(change.enabled),
    behind_nat: flag(change.behindNat),
    behind_nat_since_ms: change.behindNatSinceMs,
    target_for_tests: change.targetForTests,
    facts_json: json(change.facts),
    registration_json: json(change.registration),
    observed_address: change.observedAddress,
    last_seen_at_ms: change.lastSeenAtMs,
    config_version: change.configVersion,
    config_digest: change.configDigest,
  };
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return;
  await db.updateTable('agent').set(given).where('agent_id', '=', idNumber(agentId)).execute();
}

/**
 * Its tests go on without it; one that has no source or no target left is disabled.
 */
export async function deleteAgent(db: Store, agentId: string, nowMs: number): Promise<void> {
  const id = idNumber(agentId);
  const concerned = await db
    .selectFrom('test')
    .leftJoin('test_source', 'test_source.test_id', 'test.test_id')
    .select('test.test_id')
    .distinct()
    .where((where) => where.or([where('target_agent_id', '=', id), where('agent_id', '=', id)]))
    .execute();
  await db.deleteFrom('agent').where('agent_id', '=', id).execute();
  if (concerned.length === 0) return;
  const testIds = concerned.map((row) => row.test_id);
  await db.updateTable('test').set({ modified_at_ms: nowMs }).where('test_id', 'in', testIds).execute();
  await db
    .updateTable('test')
    .set({ enabled: 0 })
    .where('test_id', 'in', testIds)
    .where((where) =>
      where.or([
        where('target_agent_id', '=', id),
        where.not(
          where.exists(
            where
              .selectFrom('test_source')
              .select('agent_id')
              .whereRef('test_source.test_id', '=', 'test.test_id'),
          ),
        ),
      ]),
    )
    .execute();
}

function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function record(row: Selectable<AgentTable>): AgentRecord {
  return {
    agentId: String(row.agent_id),
    agentName: row.name,
    enabled: row.enabled === 1,
    behindNat: row.behind_nat === 1,
    behindNatSinceMs: row.behind_nat_since_ms,
    targetForTests: row.target_for_tests as IpAddress | null,
    facts: JSON.parse(row.facts_json) as AgentFacts,
    registration:
      row.registration_json === null ? null : (JSON.parse(row.registration_json) as RegistrationState),
    observedAddress: row.observed_address as IpAddress | null,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    configVersion: row.config_version,
    configDigest: row.config_digest,
  };
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function json(value: object | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

// The last compatibility check of each agent, since "Behind a NAT" was ticked for it.

import type { NatTraversal } from '@pinhole/contract';
import { idNumber } from './ids.ts';
import type { Store } from './schema.ts';

export async function keepCheck(db: Store, agentId: string, check: NatTraversal): Promise<void> {
  const check_json = JSON.stringify(check);
  await db
    .insertInto('compatibility_check')
    .values({ agent_id: idNumber(agentId), check_json })
    .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ check_json }))
    .execute();
}

export async function forgetCheck(db: Store, agentId: string): Promise<void> {
  await db.deleteFrom('compatibility_check').where('agent_id', '=', idNumber(agentId)).execute();
}

/** By the agents' ids; those without a check are left out. */
export async function findChecks(db: Store, agentIds: readonly string[]): Promise<Map<string, NatTraversal>> {
  if (agentIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('compatibility_check')
    .selectAll()
    .where('agent_id', 'in', agentIds.map(idNumber))
    .execute();
  return new Map(rows.map((row) => [String(row.agent_id), JSON.parse(row.check_json) as NatTraversal]));
}

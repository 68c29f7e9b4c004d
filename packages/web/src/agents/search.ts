// What the address bar says of the list of agents and the drawer over it.

import { z } from 'zod';

export const problemFilters = ['any', 'nat', 'registration', 'offline', 'disabled'] as const;
export const agentSortKeys = ['name', 'state', 'address', 'nat', 'contact', 'version', 'tests'] as const;
export const agentTabs = ['general', 'advanced'] as const;

export const agentsSearchSchema = z.object({
  q: z.string().optional().catch(undefined),
  problem: z.enum(problemFilters).optional().catch(undefined),
  sort: z.enum(agentSortKeys).optional().catch(undefined),
  desc: z.stringbool().or(z.boolean()).optional().catch(undefined),
  tab: z.enum(agentTabs).optional().catch(undefined),
  /** The dialog that adds an agent. */
  add: z.stringbool().or(z.boolean()).optional().catch(undefined),
});
export type AgentsSearch = z.infer<typeof agentsSearchSchema>;

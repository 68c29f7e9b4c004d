import type { Agent, AgentRequest } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { agentQuery, agentsQuery, changeAgent } from '../api/agents.ts';

/** Changes an agent; what the collector answers is shown at once. */
export function useAgentChange(agentId: string) {
  const queries = useQueryClient();
  return useMutation<Agent, Error, AgentRequest>({
    mutationFn: (change) => changeAgent(agentId, change),
    onSuccess: async (agent) => {
      // What was asked for before the change must not be shown after it.
      await queries.cancelQueries({ queryKey: ['agents'] });
      queries.setQueryData(agentQuery(agentId).queryKey, agent);
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
      void queries.invalidateQueries({ queryKey: ['tests'] });
    },
  });
}

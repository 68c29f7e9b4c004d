import { type Agent, type AgentRequest, agentSchema, agentsSchema, enrolmentSchema } from '@pinhole/contract';
import { queryOptions } from '@tanstack/react-query';
import { get, nothing, send } from './client.ts';

/** How often a list looks for news: agents check in once a minute, and what changed is told within a second. */
export const listPollMs = 10_000;
/** While a compatibility check runs its verdict is waited for. */
const checkPollMs = 1000;

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: async ({ signal }) =>
    (await get('/v7/agents', agentsSchema, { query: { expand: 'test' }, signal })).agents,
  refetchInterval: ({ state }) =>
    state.data?.some(({ natTraversal }) => natTraversal.status === 'checking') ? 2000 : listPollMs,
});

/** With its tests and the whole report of its check. */
export function agentQuery(agentId: string) {
  return queryOptions({
    queryKey: ['agents', agentId],
    queryFn: ({ signal }) => get(agentPath(agentId), agentSchema, { query: { expand: 'test' }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.natTraversal.status === 'checking' ? checkPollMs : listPollMs,
  });
}

export async function changeAgent(agentId: string, change: AgentRequest): Promise<Agent> {
  return await send('PUT', agentPath(agentId), agentSchema, { query: { expand: 'test' }, body: change });
}

export async function deleteAgent(agentId: string): Promise<void> {
  await send('DELETE', agentPath(agentId), nothing);
}

export const enrolmentQuery = queryOptions({
  queryKey: ['enrolment'],
  queryFn: ({ signal }) => get('/page/enrolment', enrolmentSchema, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

function agentPath(agentId: string): string {
  return `/v7/agents/${encodeURIComponent(agentId)}`;
}

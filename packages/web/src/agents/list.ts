// Which agents the list shows, and in which order. Pure.

import type { Agent } from '@pinhole/contract';
import { agentProblems } from './problems.ts';
import type { AgentsSearch, agentSortKeys } from './search.ts';

export type AgentSortKey = (typeof agentSortKeys)[number];

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function shownAgents(agents: readonly Agent[], search: AgentsSearch): Agent[] {
  const key = search.sort ?? 'name';
  const turn = search.desc ? -1 : 1;
  return agents
    .filter((agent) => hasText(agent, search.q ?? '') && hasProblem(agent, search.problem))
    .sort(
      (a, b) =>
        turn * byName.compare(sortText(a, key), sortText(b, key)) || byName.compare(a.agentName, b.agentName),
    );
}

function hasText(agent: Agent, text: string): boolean {
  const searched = [
    agent.agentName,
    agent.hostname,
    agent.agentVersion,
    ...agent.ipAddresses,
    ...agent.publicIpAddresses,
    agent.targetForTests ?? '',
  ]
    .join('\n')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

function hasProblem(agent: Agent, wanted: AgentsSearch['problem']): boolean {
  if (wanted === undefined) return true;
  if (wanted === 'disabled') return agent.agentState === 'disabled';
  const problems = agentProblems(agent);
  return wanted === 'any' ? problems.length > 0 : problems.some(({ kind }) => kind === wanted);
}

function sortText(agent: Agent, key: AgentSortKey): string {
  switch (key) {
    case 'name':
      return agent.agentName;
    case 'state':
      return agent.agentState;
    case 'address':
      return agent.ipAddresses[0] ?? '';
    case 'nat':
      return `${agent.behindNat ? 1 : 0} ${agent.natTraversal.status}`;
    case 'contact':
      return agent.lastSeen;
    case 'version':
      return agent.agentVersion;
    case 'tests':
      return String(agent.tests?.length ?? 0);
  }
}

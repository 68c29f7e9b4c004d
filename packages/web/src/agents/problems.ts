// What is wrong with an agent, as far as the collector knows. Pure.

import type { Agent } from '@pinhole/contract';

export interface AgentProblem {
  readonly kind: 'nat' | 'registration' | 'offline';
  readonly tone: 'bad' | 'warn';
  /** A sentence. */
  readonly sentence: string;
}

/** The gravest first. */
export function agentProblems(agent: Agent): AgentProblem[] {
  const problems: AgentProblem[] = agent.errorDetails.map(({ description }) => ({
    kind: 'nat',
    tone: 'bad',
    sentence: description,
  }));
  const { registration } = agent;
  // While nobody hears from the agent, what it last said of its registration tells nothing.
  if (agent.agentState === 'online' && agent.behindNat && registration?.status === 'failed') {
    const reason = registration.detail === null ? '' : `: ${registration.detail}`;
    problems.push({
      kind: 'registration',
      tone: 'bad',
      sentence: `Not registered with the NAT traversal server${reason}`,
    });
  }
  if (agent.agentState === 'offline')
    problems.push({ kind: 'offline', tone: 'warn', sentence: 'No contact for more than 30 minutes' });
  return problems;
}

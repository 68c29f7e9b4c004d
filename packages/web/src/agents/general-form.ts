// The drawer's first form: what was typed, and what is asked of the collector. Pure.

import type { Agent, AgentRequest } from '@pinhole/contract';
import { agentRequestSchema } from '@pinhole/contract';

export interface GeneralForm {
  readonly agentName: string;
  readonly enabled: boolean;
  readonly targetForTests: string;
}

export function generalFormOf(agent: Agent): GeneralForm {
  return {
    agentName: agent.agentName,
    enabled: agent.enabled,
    targetForTests: agent.targetForTests ?? '',
  };
}

/** The members that differ from `agent`; none where nothing does. */
export function generalChange(form: GeneralForm, agent: Agent): AgentRequest {
  const before = generalFormOf(agent);
  const agentName = form.agentName.trim();
  const targetForTests = form.targetForTests.trim();
  return {
    ...(agentName === before.agentName ? {} : { agentName }),
    ...(form.enabled === before.enabled ? {} : { enabled: form.enabled }),
    ...(targetForTests === before.targetForTests ? {} : { targetForTests }),
  };
}

/** What is wrong with what was typed, by field; sentences. */
export function generalErrors(form: GeneralForm): Partial<Record<keyof GeneralForm, string>> {
  const { shape } = agentRequestSchema;
  return {
    ...(shape.agentName.safeParse(form.agentName).success
      ? {}
      : { agentName: 'A name has 1 to 120 characters.' }),
    ...(shape.targetForTests.safeParse(form.targetForTests.trim()).success
      ? {}
      : { targetForTests: 'This is no IPv4 or IPv6 address. Leave it empty to let the collector choose.' }),
  };
}

// Whether a test between two agents will need NAT traversal, and whether that can work, before the first round: from what
// agents report of their addresses, and what their compatibility checks have found. Pure.

import type { PreflightPair } from '@pinhole/contract';
import { directly } from './direct.ts';
import type { Judgement, PreflightAgent, PreflightTest, Reason } from './judgement.ts';
import { byTraversal } from './traversal.ts';

export function preflightPair(
  source: PreflightAgent,
  target: PreflightAgent,
  test: PreflightTest,
): PreflightPair {
  const { outcome, summary, reasons = [], advice = [] } = judge(source, target, test);
  return {
    sourceAgentId: source.agentId,
    targetAgentId: target.agentId,
    outcome,
    summary,
    reasons: [...[source, target].flatMap(absence), ...reasons],
    advice: [...new Set(advice)],
  };
}

function judge(source: PreflightAgent, target: PreflightAgent, test: PreflightTest): Judgement {
  if (source.agentId === target.agentId)
    return {
      outcome: 'cannot-work',
      summary: 'An agent cannot test itself: source and target are the same.',
    };
  return target.behindNat ? byTraversal(source, target, test) : directly(source, target, test);
}

/** What keeps rounds from being run at all, whatever lies between the agents. */
function absence({ agentId, agentName, state }: PreflightAgent): Reason[] {
  switch (state) {
    case 'online':
      return [];
    case 'offline':
      return [{ agentId, sentence: `${agentName} is offline: no round runs until it is back.` }];
    case 'disabled':
      return [{ agentId, sentence: `${agentName} is disabled: no round runs until it is enabled.` }];
  }
}

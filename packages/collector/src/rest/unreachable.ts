// Why nobody reaches an agent, as far as the collector can tell. Pure.

import { type Reachable, signsOfNat, sourceBegins } from '../agents/reach.ts';

/** Sentences, the surest first; they end with what to do. */
export function unreachableReasons(agent: Reachable & { readonly agentName: string }): string[] {
  const { agentName, behindNat, facts } = agent;
  return [
    ...signsOfNat(agent),
    `Nothing came back from its port ${facts.port}: inbound traffic to it is blocked, or it is not running.`,
    sourceBegins,
    ...(behindNat ? [] : [`NAT traversal is likely to be required: tick "Behind a NAT" for ${agentName}.`]),
  ];
}

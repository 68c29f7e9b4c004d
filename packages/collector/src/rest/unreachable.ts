// Why nobody reaches an agent, as far as the collector can tell. Pure.

import { isPrivateAddress } from '@pinhole/wire';
import { interfaceAddresses, type Reachable } from '../agents/reach.ts';

/** Sentences, the surest first; they end with what to do. */
export function unreachableReasons(agent: Reachable & { readonly agentName: string }): string[] {
  const { agentName, behindNat, observedAddress, facts } = agent;
  const own = interfaceAddresses(facts);
  const onlyPrivate = own.length > 0 && own.every(isPrivateAddress);
  const translated = observedAddress !== null && own.length > 0 && !own.includes(observedAddress);
  const reasons: string[] = [];
  if (onlyPrivate) reasons.push(`${agentName} has private addresses only: ${own.join(', ')}.`);
  if (translated && !isPrivateAddress(observedAddress)) {
    reasons.push(`Its requests come from ${observedAddress}, which it does not have: it is behind a NAT.`);
  }
  reasons.push(
    `Nothing came back from its port ${facts.port}: inbound traffic to it is blocked, or it is not running.`,
    'The source begins every session, so the target must let it in, whatever the direction of the test.',
  );
  if (!behindNat)
    reasons.push(`NAT traversal is likely to be required: tick "Behind a NAT" for ${agentName}.`);
  return reasons;
}

// A target that is not ticked as behind a NAT: whether the source reaches it. Pure.

import type { Direction } from '@pinhole/contract';
import { formatEndpoint, isPrivateAddress } from '@pinhole/wire';
import {
  endpointSeenFrom,
  interfaceAddresses,
  isLoopback,
  isTranslated,
  signsOfNat,
  sourceBegins,
} from '../../agents/reach.ts';
import type { Judgement, PreflightAgent, PreflightTest, Reason } from './judgement.ts';

export function directly(
  source: PreflightAgent,
  target: PreflightAgent,
  { direction }: PreflightTest,
): Judgement {
  const { agentName } = target;
  const about = (sentence: string): Reason => ({ agentId: target.agentId, sentence });
  const endpoint = endpointSeenFrom(source, target);
  if (endpoint === null) {
    return {
      outcome: 'unknown',
      summary: `Nobody knows an address at which ${agentName} could be reached.`,
      reasons: [about('It has not reported its interfaces yet, or has none but loopback.')],
      advice: [`Start ${agentName}, or set its "Target for tests" to the address that reaches it.`],
    };
  }
  const at = formatEndpoint(endpoint);
  const letIn = `Allow inbound traffic to port ${endpoint.port}, TCP and UDP, of ${agentName}.`;
  const reachedAt = (why: string): Judgement => ({
    outcome: 'direct',
    summary: `NAT traversal is not needed: ${agentName} is reached at ${at}.`,
    reasons: [about(why), ...sourcesNat(source, direction)],
    advice: [letIn],
  });
  if (target.targetForTests !== null)
    return reachedAt('Its settings name this address as the target for tests.');
  if (isLoopback(endpoint.address)) return reachedAt('Both agents are on the machine of the collector.');
  const own = interfaceAddresses(target.facts);
  if (own.length === 0) {
    return {
      outcome: 'unknown',
      summary: `It is not known whether ${agentName} lets anybody in at ${at}.`,
      reasons: [about('It reports no addresses of its own; this is where its requests come from.')],
      advice: [letIn, tick(target)],
    };
  }
  if (!isPrivateAddress(endpoint.address)) return reachedAt('It has this public address itself.');
  if (areInOneNetwork(source, target))
    return reachedAt(`It has this private address, and ${source.agentName} seems to be in the same network.`);
  return {
    outcome: 'likely-required',
    summary: `NAT traversal is likely to be required: nobody reaches ${agentName} from outside its network.`,
    reasons: [
      ...signsOfNat(target).map(about),
      about(`${source.agentName} would send to ${at}, which is private.`),
      { agentId: null, sentence: sourceBegins },
      ...sourcesNat(source, direction),
    ],
    advice: [
      tick(target),
      `Or forward port ${endpoint.port}, TCP and UDP, to ${agentName}, and set its "Target for tests" to the public address.`,
    ],
  };
}

/** Whoever reads that an agent behind a NAT needs NAT traversal may wonder why the source does not. */
function sourcesNat(source: PreflightAgent, direction: Direction): Reason[] {
  if (source.behindNat || signsOfNat(source).length === 0 || direction === 'to-target') return [];
  const { agentId, agentName } = source;
  return [
    {
      agentId,
      sentence: `${agentName} is behind a NAT as well, which does no harm: as the source it begins the session, and what comes back uses the same way.`,
    },
  ];
}

/** Behind one public address; or neither is translated on the way to the collector, which then is in their network. */
function areInOneNetwork(a: PreflightAgent, b: PreflightAgent): boolean {
  if (a.observedAddress === null || b.observedAddress === null) return false;
  if (a.observedAddress === b.observedAddress) return true;
  return [a, b].every(isBesideCollector);
}

function isBesideCollector(agent: PreflightAgent): boolean {
  const { observedAddress } = agent;
  if (observedAddress === null || isTranslated(agent)) return false;
  return isLoopback(observedAddress) || isPrivateAddress(observedAddress);
}

function tick({ agentName }: PreflightAgent): string {
  return `Tick "Behind a NAT" in the Advanced Settings of ${agentName}.`;
}

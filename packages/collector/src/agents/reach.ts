// Where an agent is reached without NAT traversal.

import type { AgentFacts } from '@pinhole/contract';
import { addressRange, type Endpoint, type IpAddress, isPrivateAddress, parseIpAddress } from '@pinhole/wire';

export interface Reachable {
  readonly behindNat: boolean;
  readonly targetForTests: IpAddress | null;
  readonly observedAddress: IpAddress | null;
  readonly facts: AgentFacts;
}

/**
 * The endpoint at which `viewer` sends to `peer`, or null where nobody knows one: what the peer's settings say; nothing
 * when it is behind a NAT; the address its requests come from when that is its own; its first public address; at last
 * the observed address whatever it is.
 */
export function endpointSeenFrom(viewer: Reachable, peer: Reachable): Endpoint | null {
  const { port } = peer.facts;
  if (peer.targetForTests !== null) return { address: peer.targetForTests, port };
  if (peer.behindNat) return null;
  const own = interfaceAddresses(peer.facts);
  const observed = peer.observedAddress;
  // Loopback means the collector's own machine, so it leads to the peer only from an agent that is there too.
  const usable =
    observed !== null && (isLoopback(observed) ? isOnLoopback(viewer) : own.includes(observed))
      ? observed
      : null;
  const address = usable ?? own.find(isPublic) ?? own.find(isRoutable) ?? observed;
  return address === null ? null : { address, port };
}

/** Why an agent seems to be where nobody can reach it, by its addresses; sentences, the surest first. */
export function signsOfNat(agent: Reachable & { readonly agentName: string }): string[] {
  const { agentName, observedAddress, facts } = agent;
  const own = interfaceAddresses(facts).filter(isRoutable);
  const signs: string[] = [];
  if (own.length > 0 && own.every(isPrivateAddress))
    signs.push(`${agentName} has private addresses only: ${own.join(', ')}.`);
  if (isTranslated(agent) && observedAddress !== null && !isPrivateAddress(observedAddress))
    signs.push(`Its requests come from ${observedAddress}, which it does not have: it is behind a NAT.`);
  return signs;
}

/** Why the source's own NAT does no harm, and why it does not matter in which direction is measured. */
export const sourceBegins =
  'The source begins every session, so the target must let it in, whatever the direction of the test.';

/** The collector sees another address than the agent has; loopback is everybody's. */
export function isTranslated({ observedAddress, facts }: Reachable): boolean {
  const own = interfaceAddresses(facts);
  if (observedAddress === null || isLoopback(observedAddress)) return false;
  return own.length > 0 && !own.includes(observedAddress);
}

/** Of all interfaces, in the agent's order. */
export function interfaceAddresses(facts: AgentFacts): IpAddress[] {
  return facts.interfaces
    .flatMap((entry) => entry.ipAddresses)
    .map(parseIpAddress)
    .filter((address) => address !== null);
}

function isOnLoopback(agent: Reachable): boolean {
  return agent.observedAddress !== null && isLoopback(agent.observedAddress);
}

export function isLoopback(address: IpAddress): boolean {
  return addressRange(address) === 'loopback';
}

function isRoutable(address: IpAddress): boolean {
  return !['loopback', 'linkLocal', 'unspecified', 'multicast', 'broadcast'].includes(addressRange(address));
}

function isPublic(address: IpAddress): boolean {
  return isRoutable(address) && !isPrivateAddress(address);
}

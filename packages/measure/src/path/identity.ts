// Which hops of different traces are one and the same.

import { isPeer, type PathTrace, type TracedHop } from './trace.ts';

/** A hop in its place: `distance` is its TTL. */
export interface Stop {
  readonly id: string;
  readonly distance: number;
  /** Null for the agent that the trace begins at. */
  readonly hop: TracedHop | null;
  /** Of the agent that it is; null for what lies between them. */
  readonly agentId: string | null;
}

/** The id of an agent's node. */
export function agentNodeId(agentId: string): string {
  return `agent ${agentId}`;
}

/**
 * The nodes that a trace passes, from one agent on; the other is the last of them where it was reached.
 *
 * An address names an interface, whoever has met it. Only a private address names another one at each end of the path, as
 * half of all homes have a 192.168.1.1: it belongs to the end whose agent is nearer, with public addresses in between.
 * A hop that is silent has no name; it is known by the neighbours that did answer, and its place between them.
 */
export function stopsOf(
  trace: PathTrace,
  fromAgentId: string,
  toAgentId: string,
  isPrivate: (address: string) => boolean,
): Stop[] {
  const { hops, target } = trace;
  const named = hops.map((hop) => hop.address !== null);
  const isPublic = hops.map((hop) => hop.address !== null && !isPeer(trace, hop) && !isPrivate(hop.address));
  const anyPublic = isPublic.includes(true);
  const nearEnd = anyPublic ? isPublic.indexOf(true) : isPrivate(target.address) ? 0 : hops.length;
  const farStart = anyPublic ? isPublic.lastIndexOf(true) : hops.length;
  const idOf = (i: number): string => {
    if (i < 0) return agentNodeId(fromAgentId);
    const hop = hops[i]!;
    if (isPeer(trace, hop)) return agentNodeId(toAgentId);
    const address = hop.address as string;
    if (!isPrivate(address)) return address;
    if (i < nearEnd) return `${address} at ${fromAgentId}`;
    return i > farStart ? `${address} at ${toAgentId}` : address;
  };
  const stops: Stop[] = [{ id: idOf(-1), distance: 0, hop: null, agentId: fromAgentId }];
  let before = -1;
  for (let i = 0; i < hops.length; i++) {
    if (!named[i]) continue;
    for (let silent = before + 1; silent < i; silent++) {
      const place = `${silent - before} of ${i - before - 1}`;
      const id = `silent ${place} between ${idOf(before)} and ${idOf(i)}`;
      stops.push({ id, distance: hops[silent]!.ttl, hop: hops[silent]!, agentId: null });
    }
    const hop = hops[i]!;
    stops.push({ id: idOf(i), distance: hop.ttl, hop, agentId: isPeer(trace, hop) ? toAgentId : null });
    before = i;
  }
  return stops;
}

// What a node or a link of the drawing says: by thresholds, and in words.

import type { OneDirection, PathGraphNode, RoundPath, TraceEnd } from '@pinhole/contract';
import { milliseconds, percent } from '../views/format.ts';
import { isPrivateAddress } from './address.ts';
import type { Lane, LaneLink, LaneNode } from './lanes.ts';

export interface PathThresholds {
  /** Percent. */
  readonly hopLoss: number;
  readonly linkDelayMs: number;
}

/** Of the members' the greatest; null where none is known. */
export function lossOf({ members }: LaneNode): number | null {
  const known = members.flatMap(({ lossPercent }) => lossPercent ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

export function isLossy(node: LaneNode, { hopLoss }: PathThresholds): boolean {
  return node.kind !== 'agent' && (lossOf(node) ?? 0) > hopLoss;
}

export function isSlow(link: LaneLink, { linkDelayMs }: PathThresholds): boolean {
  return (link.delayMs ?? 0) > linkDelayMs;
}

export function isPrivateNode({ kind, members }: LaneNode): boolean {
  return kind === 'hop' && members.every(({ address }) => address !== null && isPrivateAddress(address));
}

export function translates({ members }: LaneNode): boolean {
  return members.some(({ nat }) => nat.length > 0);
}

export const natWords: Record<PathGraphNode['nat'][number], string> = {
  'private-prefix-ends': 'behind this hop, private addresses come to an end',
  'quoted-source': 'it quotes another source address than was sent from',
  'peer-address': "it answers by the peer's public address without being the peer",
};

export const endWords: Record<TraceEnd, string> = {
  reached: 'reached the agent',
  silent: 'nobody answered further on',
  loop: 'the path is a loop',
  unreachable: 'a hop said that there is no way further on',
  far: 'no end of the path within 32 hops',
  time: 'there was no time to go further',
};

/** Least round trips as measured by each agent: `from Cape Town 12.1 ms`. */
export function roundTripWords(node: PathGraphNode, nameOf: (agentId: string) => string): string[] {
  return node.roundTrips.map(
    ({ fromAgentId, leastMs, medianMs }) =>
      `${milliseconds(leastMs)} least, ${milliseconds(medianMs)} median, from ${nameOf(fromAgentId)}`,
  );
}

/** The least round trip to any member from where the lane begins; null where there is none. */
export function leastRoundTrip(node: LaneNode, fromAgentIds: ReadonlySet<string>): number | null {
  const known = node.members.flatMap(({ roundTrips }) =>
    roundTrips.filter(({ fromAgentId }) => fromAgentIds.has(fromAgentId)).map(({ leastMs }) => leastMs),
  );
  return known.length === 0 ? null : Math.min(...known);
}

/** The agents that a lane's traces begin at. */
export function beginnings(lane: Lane): Set<string> {
  return new Set(
    lane.nodes
      .filter(({ kind, column }) => kind === 'agent' && column === 0)
      .flatMap(({ members }) => members.flatMap(({ agentId }) => agentId ?? [])),
  );
}

/** For readers, and the drawing's tips: what the node is, where it is, and what is wrong with it. */
export function nodeWords(
  node: LaneNode,
  direction: OneDirection | null,
  thresholds: PathThresholds,
): string {
  const names = node.members.flatMap(({ name }) => name ?? []);
  const place =
    direction === null ? '' : `hop ${node.column} ${direction === 'to-target' ? 'to target' : 'to source'}`;
  const loss = lossOf(node);
  return [
    node.kind === 'silent' ? 'No reply' : node.label,
    names.length === 1 ? names[0] : '',
    node.kind === 'run' || node.kind === 'group' ? `${node.members.length} interfaces` : '',
    place,
    loss === null ? '' : `loss ${percent(loss)}${isLossy(node, thresholds) ? ', over the threshold' : ''}`,
    translates(node) ? 'NAT' : '',
    ...node.endings.map((end) => `traces stop here: ${endWords[end]}`),
    `${node.traces} ${node.traces === 1 ? 'trace' : 'traces'}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** An agent's name by its id. */
export function agentNames(path: RoundPath): (agentId: string) => string {
  const names = new Map(path.agents.map(({ agentId, agentName }) => [agentId, agentName]));
  return (agentId) => names.get(agentId) ?? `agent ${agentId}`;
}

/** `2001:db8…d::1234`: as long as a column is wide. */
export function shortLabel(label: string): string {
  const most = 16;
  if (label.length <= most) return label;
  return label.includes(':') && !label.includes(' ')
    ? `${label.slice(0, 8)}…${label.slice(-7)}`
    : `${label.slice(0, most - 1)}…`;
}

// Traces become a graph: each is walked once, and what it says is added to the nodes and links that it passes.

import type { MplsLabel } from '@pinhole/wire';
import { nearestRank } from '../delay.ts';
import type { PathDirection, PathGraph, PathLink, PathNode } from './graph.ts';
import { agentNodeId, type Stop, stopsOf } from './identity.ts';
import { isPrivate, type NatReason, type PathTrace } from './trace.ts';

/** The traces of one direction, by the agent that it begins at. */
export interface TracedDirection {
  readonly direction: PathDirection;
  /** Of the test; the direction `from-target` begins at the target. */
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  readonly traces: readonly PathTrace[];
}

/** More stacks than this at one hop are a router's own affair. */
const maxStacks = 8;

interface NodeSums {
  readonly kind: PathNode['kind'];
  readonly agentId: string | null;
  /** Where it traces from itself, and who has answered: the first of several by the alphabet. */
  ownAddress: string | null;
  seenAddress: string | null;
  readonly columns: Map<PathDirection, number>;
  traces: number;
  sent: number;
  answered: number;
  /** Probes sent here while something further on answered, and of them those that were lost. */
  followed: number;
  lost: number;
  readonly roundTripsMs: Map<string, number[]>;
  readonly nat: Set<NatReason>;
  readonly mpls: Map<string, readonly MplsLabel[]>;
  mtu: number | null;
}

interface LinkSums {
  readonly from: string;
  readonly to: string;
  readonly directions: Set<PathDirection>;
  readonly fromAgentIds: Set<string>;
  traces: number;
}

interface Sums {
  readonly nodes: Map<string, NodeSums>;
  /** By where they begin, then by where they end. */
  readonly links: Map<string, Map<string, LinkSums>>;
  /** Whether an address is: to find out takes longer than all else, and each comes in many traces. */
  readonly privacy: Map<string, boolean>;
}

/** All that was traced in one round of a test, in any order: it makes no difference. */
export function mergePaths(directions: readonly TracedDirection[]): PathGraph {
  const sums: Sums = { nodes: new Map(), links: new Map(), privacy: new Map() };
  for (const each of directions) {
    const isForth = each.direction === 'to-target';
    const fromAgentId = isForth ? each.sourceAgentId : each.targetAgentId;
    const toAgentId = isForth ? each.targetAgentId : each.sourceAgentId;
    for (const trace of each.traces) addTrace(sums, each.direction, trace, fromAgentId, toAgentId);
  }
  const leastOf = (id: string, agentId: string) =>
    id === agentNodeId(agentId) ? 0 : least(sums.nodes.get(id)?.roundTripsMs.get(agentId) ?? []);
  return {
    nodes: [...sums.nodes].map(([id, node]) => finishedNode(id, node)).sort(byPlace),
    links: [...sums.links.values()]
      .flatMap((beginning) => [...beginning.values()])
      .map((link) => finishedLink(link, leastOf))
      .sort(byEnds),
  };
}

function addTrace(
  sums: Sums,
  direction: PathDirection,
  trace: PathTrace,
  fromAgentId: string,
  toAgentId: string,
): void {
  const stops = stopsOf(trace, fromAgentId, toAgentId, (address) => {
    const known = sums.privacy.get(address) ?? isPrivate(address);
    sums.privacy.set(address, known);
    return known;
  });
  const shares = lostShares(stops);
  const passed = new Set<string>();
  stops.forEach((stop, i) => {
    const node = nodeOf(sums, stop, trace.source.address);
    if (!passed.has(stop.id)) node.traces += 1;
    passed.add(stop.id);
    const column = node.columns.get(direction) ?? stop.distance;
    node.columns.set(
      direction,
      stop.agentId === toAgentId ? Math.max(column, stop.distance) : Math.min(column, stop.distance),
    );
    addHop(node, stop, fromAgentId, shares[i] ?? null);
    const next = stops[i + 1];
    if (next !== undefined && next.id !== stop.id) addLink(sums, direction, stop.id, next.id, fromAgentId);
  });
  placeEnd(sums, direction, stops, toAgentId);
}

/** The agent at the end stands behind all that was met on the way, whether it was reached or not. */
function placeEnd(sums: Sums, direction: PathDirection, stops: readonly Stop[], toAgentId: string): void {
  const id = agentNodeId(toAgentId);
  const end = sums.nodes.get(id) ?? newNode('agent', toAgentId);
  sums.nodes.set(id, end);
  const farthest = stops.findLast((stop) => stop.id !== id)?.distance ?? 0;
  end.columns.set(direction, Math.max(end.columns.get(direction) ?? 0, farthest + 1));
}

function addHop(node: NodeSums, { hop }: Stop, fromAgentId: string, lostShare: number | null): void {
  if (hop === null) return;
  node.sent += hop.sent;
  node.answered += hop.roundTripsMs.length;
  if (lostShare !== null) {
    node.followed += hop.sent;
    node.lost += hop.sent * lostShare;
  }
  if (hop.roundTripsMs.length > 0) {
    const known = node.roundTripsMs.get(fromAgentId);
    if (known === undefined) node.roundTripsMs.set(fromAgentId, [...hop.roundTripsMs]);
    else known.push(...hop.roundTripsMs);
  }
  if (hop.nat !== null) node.nat.add(hop.nat);
  if (hop.mpls.length > 0) node.mpls.set(JSON.stringify(hop.mpls), hop.mpls);
  if (hop.mtu !== null) node.mtu = Math.min(node.mtu ?? hop.mtu, hop.mtu);
}

/**
 * Of each stop of a trace, which share of what was sent there was lost: no more than at whichever hop from there on
 * answered most. Null where it is silent itself, and where none further on answered; the last one's silence may be its own.
 */
function lostShares(stops: readonly Stop[]): (number | null)[] {
  const shares: (number | null)[] = stops.map(() => null);
  let leastShare: number | null = null;
  for (let i = stops.length - 1; i > 0; i--) {
    const { hop, agentId } = stops[i]!;
    if (hop === null || hop.roundTripsMs.length === 0) continue;
    const own = Math.max(0, 1 - hop.roundTripsMs.length / hop.sent);
    if (leastShare !== null || agentId !== null) shares[i] = Math.min(own, leastShare ?? own);
    leastShare = Math.min(own, leastShare ?? own);
  }
  return shares;
}

function nodeOf({ nodes }: Sums, { id, hop, agentId }: Stop, sourceAddress: string): NodeSums {
  let node = nodes.get(id);
  if (node === undefined) {
    node = newNode(agentId !== null ? 'agent' : hop?.address == null ? 'silent' : 'hop', agentId);
    nodes.set(id, node);
  }
  if (hop === null) node.ownAddress = earlier(node.ownAddress, sourceAddress);
  else if (hop.address !== null) node.seenAddress = earlier(node.seenAddress, hop.address);
  return node;
}

function newNode(kind: PathNode['kind'], agentId: string | null): NodeSums {
  return {
    kind,
    agentId,
    ownAddress: null,
    seenAddress: null,
    columns: new Map(),
    traces: 0,
    sent: 0,
    answered: 0,
    followed: 0,
    lost: 0,
    roundTripsMs: new Map(),
    nat: new Set(),
    mpls: new Map(),
    mtu: null,
  };
}

function addLink({ links }: Sums, direction: PathDirection, from: string, to: string, agentId: string): void {
  let beginning = links.get(from);
  if (beginning === undefined) {
    beginning = new Map();
    links.set(from, beginning);
  }
  let link = beginning.get(to);
  if (link === undefined) {
    link = { from, to, directions: new Set(), fromAgentIds: new Set(), traces: 0 };
    beginning.set(to, link);
  }
  link.directions.add(direction);
  link.fromAgentIds.add(agentId);
  link.traces += 1;
}

function finishedNode(id: string, node: NodeSums): PathNode {
  const { kind, agentId, columns, traces, sent, answered, followed, lost, nat, mpls, mtu } = node;
  return {
    id,
    kind,
    agentId,
    // An agent's own address says more than the one that a NAT has lent it.
    address: node.ownAddress ?? node.seenAddress,
    directions: bothOf((direction) => columns.has(direction)),
    columns: {
      'to-target': columns.get('to-target') ?? null,
      'from-target': columns.get('from-target') ?? null,
    },
    traces,
    sent,
    answered,
    lossPercent: followed === 0 ? null : round((lost / followed) * 100),
    roundTrips: [...node.roundTripsMs]
      .map(([fromAgentId, roundTripsMs]) => {
        const sorted = roundTripsMs.toSorted((a, b) => a - b);
        return { fromAgentId, leastMs: round(sorted[0]!), medianMs: round(nearestRank(sorted, 0.5)) };
      })
      .sort((a, b) => compare(a.fromAgentId, b.fromAgentId)),
    nat: [...nat].sort(),
    mpls: [...mpls]
      .sort(([a], [b]) => compare(a, b))
      .slice(0, maxStacks)
      .map(([, stack]) => stack),
    mtu,
  };
}

function finishedLink(
  { from, to, directions, fromAgentIds, traces }: LinkSums,
  leastOf: (id: string, agentId: string) => number | null,
): PathLink {
  const delaysMs = [...fromAgentIds].flatMap((agentId) => {
    const [there, further] = [leastOf(from, agentId), leastOf(to, agentId)];
    return there === null || further === null || further < there ? [] : [further - there];
  });
  const delayMs = least(delaysMs);
  return {
    from,
    to,
    directions: bothOf((direction) => directions.has(direction)),
    traces,
    delayMs: delayMs === null ? null : round(delayMs),
  };
}

function bothOf(has: (direction: PathDirection) => boolean): PathDirection[] {
  return (['to-target', 'from-target'] as const).filter(has);
}

function earlier(known: string | null, other: string): string {
  return known === null || other < known ? other : known;
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((low, value) => Math.min(low, value));
}

function byPlace(a: PathNode, b: PathNode): number {
  return placeOf(a) - placeOf(b) || compare(a.id, b.id);
}

/** Along the way to the target; what lies on the way back alone, after it. */
function placeOf({ columns }: PathNode): number {
  return columns['to-target'] ?? 1000 + (columns['from-target'] ?? 0);
}

function byEnds(a: PathLink, b: PathLink): number {
  return compare(a.from, b.from) || compare(a.to, b.to);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000 + 0;
}

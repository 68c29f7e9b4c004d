// A lane is one direction of a round's path: what its traces pass, hop by hop, from the agents that they begin at.

import type { OneDirection, PathGraphNode, PathGraphTrace, RoundPath, TraceEnd } from '@pinhole/contract';
import { type Grouping, groupOf } from './grouping.ts';

export interface LaneNode {
  readonly id: string;
  /** `group`: several hops of one network, prefix or place. `run`: hops in a row without a branch. */
  readonly kind: 'agent' | 'hop' | 'silent' | 'group' | 'run';
  readonly label: string;
  /** Hops from where the lane begins; the agents that it ends at are behind all others. */
  readonly column: number;
  /** By id. One, but for groups and runs. */
  readonly members: readonly PathGraphNode[];
  /** That pass it. */
  readonly traces: number;
  /** Of the traces that stop here without having reached the agent. */
  readonly endings: readonly TraceEnd[];
}

export interface LaneLink {
  readonly from: string;
  readonly to: string;
  readonly traces: number;
  /** Of the links between the members the slowest one; null where unknown. */
  readonly delayMs: number | null;
}

export interface Lane {
  readonly direction: OneDirection;
  readonly nodes: readonly LaneNode[];
  readonly links: readonly LaneLink[];
  readonly traces: number;
  /** Hops of the shortest and the longest trace that reached its agent; null where none did. */
  readonly hops: { readonly least: number; readonly most: number } | null;
}

export interface LaneOptions {
  readonly grouping: Grouping;
  /** Traces of these sources only; null for all. */
  readonly sourceAgentIds: readonly string[] | null;
}

interface NodeSums {
  readonly kind: LaneNode['kind'];
  readonly label: string;
  column: number;
  readonly members: Map<string, PathGraphNode>;
  traces: number;
  readonly endings: Set<TraceEnd>;
}

interface LinkSums {
  readonly from: string;
  readonly to: string;
  traces: number;
  delayMs: number | null;
}

/** By two names; to put them together for each step of each trace would take longer than all else. */
class Table<Value> {
  readonly #rows = new Map<string, Map<string, Value>>();

  get(from: string, to: string): Value | undefined {
    return this.#rows.get(from)?.get(to);
  }

  set(from: string, to: string, value: Value): void {
    let row = this.#rows.get(from);
    if (row === undefined) {
      row = new Map();
      this.#rows.set(from, row);
    }
    row.set(to, value);
  }

  values(): Value[] {
    return [...this.#rows.values()].flatMap((row) => [...row.values()]);
  }
}

interface Step {
  readonly id: string;
  readonly column: number;
  /** In the trace; several where a group takes in a row of hops. */
  readonly nodes: readonly PathGraphNode[];
}

/** One direction of a round's path. The order of its nodes and links is that of their ids, whatever that of the traces. */
export function buildLane(path: RoundPath, direction: OneDirection, options: LaneOptions): Lane {
  const known = new Map(path.nodes.map((node) => [node.id, node]));
  const delays = new Table<number | null>();
  for (const { from, to, delayMs } of path.links) delays.set(from, to, delayMs);
  const agentNodes = new Map(
    path.nodes.flatMap((node) =>
      node.kind === 'agent' && node.agentId !== null ? [[node.agentId, node]] : [],
    ),
  );
  const names = new Map(path.agents.map(({ agentId, agentName }) => [agentId, agentName]));
  const traces = path.traces.filter(
    (trace) =>
      trace.direction === direction && (options.sourceAgentIds?.includes(trace.sourceAgentId) ?? true),
  );
  const nodes = new Map<string, NodeSums>();
  const links = new Table<LinkSums>();
  const ends = new Map<string, number>();
  const lengths: number[] = [];

  const add = (step: Step): NodeSums => {
    let sums = nodes.get(step.id);
    if (sums === undefined) {
      const [first] = step.nodes;
      const group = first === undefined ? null : groupOf(first, options.grouping);
      const kind = group !== null ? 'group' : first!.kind;
      const label = group?.label ?? ownLabel(first!, names);
      sums = { kind, label, column: step.column, members: new Map(), traces: 0, endings: new Set() };
      nodes.set(step.id, sums);
    }
    sums.column = Math.min(sums.column, step.column);
    for (const node of step.nodes) sums.members.set(node.id, node);
    return sums;
  };

  for (const trace of traces) {
    const farAgentId = direction === 'to-target' ? trace.targetAgentId : trace.sourceAgentId;
    const steps = stepsOf(trace, known, options.grouping);
    const counted = new Set<string>();
    steps.forEach((step, i) => {
      const sums = add(step);
      if (!counted.has(step.id)) sums.traces += 1;
      counted.add(step.id);
      const before = steps[i - 1];
      if (before === undefined) return;
      let link = links.get(before.id, step.id);
      if (link === undefined) {
        link = { from: before.id, to: step.id, traces: 0, delayMs: null };
        links.set(before.id, step.id, link);
      }
      link.traces += 1;
      const delayMs = delays.get(before.nodes.at(-1)!.id, step.nodes[0]!.id) ?? null;
      if (delayMs !== null) link.delayMs = Math.max(link.delayMs ?? 0, delayMs);
    });
    const last = steps.at(-1);
    if (last === undefined) continue;
    const isReached = last.nodes[0]!.agentId === farAgentId;
    if (isReached) lengths.push(trace.nodeIds.length - 1);
    else nodes.get(last.id)!.endings.add(trace.end);
    const farNode = agentNodes.get(farAgentId);
    if (farNode === undefined) continue;
    add({ id: farNode.id, column: Number.POSITIVE_INFINITY, nodes: [farNode] });
    const farthest = (isReached ? steps.at(-2) : last)?.column ?? 0;
    ends.set(farNode.id, Math.max(ends.get(farNode.id) ?? 0, farthest + 1));
  }
  for (const [id, column] of ends) nodes.get(id)!.column = column;
  return {
    direction,
    nodes: [...nodes].map(([id, sums]) => finished(id, sums)).sort((a, b) => compare(a.id, b.id)),
    links: links.values().sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to)),
    traces: traces.length,
    hops: lengths.length === 0 ? null : { least: Math.min(...lengths), most: Math.max(...lengths) },
  };
}

/** What a trace passes, with the rows of hops of one group as one step; so are the silent hops inside a group. */
function stepsOf(
  trace: PathGraphTrace,
  known: ReadonlyMap<string, PathGraphNode>,
  grouping: Grouping,
): Step[] {
  const passed = trace.nodeIds.flatMap((id, distance) => {
    const node = known.get(id);
    return node === undefined ? [] : [{ node, distance, group: groupOf(node, grouping) }];
  });
  const steps: (Step & { nodes: PathGraphNode[] })[] = [];
  let group: string | null = null;
  passed.forEach(({ node, distance, group: own }, i) => {
    const last = steps.at(-1);
    // Silent hops between two of one group are taken to be of it.
    if (node.kind === 'silent' && group !== null) {
      const next = passed.slice(i).find((each) => each.node.kind !== 'silent');
      if (next?.group?.id === group) return;
    }
    const id = own?.id ?? node.id;
    if (last?.id === id) last.nodes.push(node);
    else steps.push({ id, column: distance, nodes: [node] });
    group = own?.id ?? null;
  });
  return steps;
}

function finished(id: string, { kind, label, column, members, traces, endings }: NodeSums): LaneNode {
  return {
    id,
    kind,
    label,
    column,
    members: [...members.values()].sort((a, b) => compare(a.id, b.id)),
    traces,
    endings: [...endings].sort(),
  };
}

function ownLabel(node: PathGraphNode, names: ReadonlyMap<string, string | null>): string {
  if (node.kind === 'silent') return 'no reply';
  if (node.agentId !== null) return names.get(node.agentId) ?? `agent ${node.agentId}`;
  return node.address ?? 'no address';
}

export function linkKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

/** By code units: the same everywhere, unlike localeCompare. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

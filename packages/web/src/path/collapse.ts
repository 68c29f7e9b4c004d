// Long rows of hops without a branch, drawn as one.

import type { Lane, LaneLink, LaneNode } from './lanes.ts';

export interface CollapseOptions {
  /** What has to be seen by itself: it and its neighbours in a row stay. */
  readonly isKept: (node: LaneNode) => boolean;
  readonly isKeptLink: (link: LaneLink) => boolean;
  /** Ids of runs that stay open. */
  readonly expanded: readonly string[];
}

/** Fewer hops than this in a row are no long row. */
const leastRun = 3;

/** The lane with each long row of plain hops as one node of the kind `run`. */
export function collapseRuns(lane: Lane, { isKept, isKeptLink, expanded }: CollapseOptions): Lane {
  const into = Map.groupBy(lane.links, ({ to }) => to);
  const outOf = Map.groupBy(lane.links, ({ from }) => from);
  const isPlain = (node: LaneNode) =>
    (node.kind === 'hop' || node.kind === 'silent') &&
    node.endings.length === 0 &&
    into.get(node.id)?.length === 1 &&
    outOf.get(node.id)?.length === 1 &&
    !isKept(node);
  const plain = new Map(lane.nodes.filter(isPlain).map((node) => [node.id, node]));
  const nextOf = (node: LaneNode): LaneNode | undefined => {
    const link = outOf.get(node.id)![0]!;
    return isKeptLink(link) ? undefined : plain.get(link.to);
  };
  const isContinued = new Set([...plain.values()].flatMap((node) => nextOf(node)?.id ?? []));
  const runOf = new Map<string, LaneNode>();
  for (const first of plain.values()) {
    if (isContinued.has(first.id)) continue;
    const row = [first];
    for (let next = nextOf(first); next !== undefined; next = nextOf(next)) row.push(next);
    const run = runNode(row);
    if (row.length < leastRun || expanded.includes(run.id)) continue;
    for (const node of row) runOf.set(node.id, run);
  }
  const idOf = (id: string) => runOf.get(id)?.id ?? id;
  return {
    ...lane,
    nodes: [...new Set(lane.nodes.map((node) => runOf.get(node.id) ?? node))],
    links: lane.links.flatMap((link) => {
      const [from, to] = [idOf(link.from), idOf(link.to)];
      return from === to ? [] : [{ ...link, from, to }];
    }),
  };
}

function runNode(row: readonly LaneNode[]): LaneNode {
  const [first, last] = [row[0]!, row.at(-1)!];
  return {
    id: `run ${first.id} to ${last.id}`,
    kind: 'run',
    label: `${row.length} hops`,
    column: first.column,
    members: row.flatMap(({ members }) => members),
    traces: first.traces,
    endings: [],
  };
}

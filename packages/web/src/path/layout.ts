// Where everything of a path stands: the agents in the middle, source agents at the left and the target at the right, the
// lane towards the target above them, the lane towards the sources below. A column is a number of hops.

import type { OneDirection } from '@pinhole/contract';
import { compare, type Lane, type LaneLink, type LaneNode, linkKey } from './lanes.ts';
import { orderLayers } from './order.ts';
import { spread } from './spread.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends Point {
  /** Names it in the drawing: a hop that both lanes pass stands in both. */
  readonly key: string;
  /** Null for the agents, which stand once. */
  readonly lane: OneDirection | null;
  readonly node: LaneNode;
}

export interface PlacedLink {
  readonly key: string;
  readonly lane: OneDirection;
  readonly fromKey: string;
  readonly toKey: string;
  readonly link: LaneLink;
  /** From where it begins to where it ends, by way of places between nodes. */
  readonly points: readonly Point[];
}

export interface PlacedLane {
  readonly lane: Lane;
  readonly top: number;
  readonly bottom: number;
}

export interface PathLayout {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly PlacedLane[];
  readonly nodes: readonly PlacedNode[];
  readonly links: readonly PlacedLink[];
}

/** Pixels at a zoom of 1: an IPv4 address fits below a node, and not much more; far more says nothing more. */
const [leastColumnPx, mostColumnPx] = [94, 150];
const rowPx = 46;
/** A link that passes a column without a hop. */
const passingPx = 14;
const agentRowPx = 78;
const agentRoomPx = 70;
const betweenLanesPx = 132;
const lanePaddingPx = 44;
const leastColumns = 5;
/** Links that pass columns are kept straight rather than hops. */
const passingWeight = 3;
const placingSweeps = 6;

/** The same for the same lanes, always. At most one lane a direction. `widthPx`: to be filled, where that suits. */
export function layOutPath(lanes: readonly Lane[], widthPx: number): PathLayout {
  const [forth, back] = [laneOf(lanes, 'to-target'), laneOf(lanes, 'from-target')];
  const forthDrawn = forth === null ? null : layOutLane(forth, null);
  const order = forthDrawn === null ? null : forthDrawn.layers[0]!.map((i) => forthDrawn.vertices[i]!.id);
  const backDrawn = back === null ? null : layOutLane(back, order);
  const drawn = [forthDrawn, backDrawn].filter((lane) => lane !== null);

  const columns = Math.max(leastColumns, ...drawn.map(({ layers }) => layers.length - 1));
  const columnPx = Math.floor((widthPx - 2 * agentRoomPx) / columns);
  const left = agentRoomPx;
  const right = left + columns * Math.min(mostColumnPx, Math.max(leastColumnPx, columnPx));
  const [sources, targets] = agentsOf(forthDrawn, backDrawn);
  const stackHeight = Math.max(sources.length, targets.length) * agentRowPx;
  const both = forthDrawn !== null && backDrawn !== null;
  const forthHeight = forthDrawn?.height ?? 0;
  // A single lane has its agents beside it, two have them between them.
  const between = both ? betweenLanesPx : 0;
  const lanesHeight = drawn.reduce((sum, { height }) => sum + height, 0) + between + 2 * lanePaddingPx;
  const height = Math.max(lanesHeight, stackHeight + 2 * lanePaddingPx);
  const top = (height - lanesHeight) / 2 + lanePaddingPx;
  const middle = both ? top + forthHeight + between / 2 : height / 2;
  // Of lanes of unequal heights the middle of the drawing is not that between them.
  const shift = Math.max(0, stackHeight / 2 + lanePaddingPx - Math.min(middle, height - middle));
  const nodes: PlacedNode[] = [];
  const places = new Map<string, Point>();
  const put = (key: string, lane: OneDirection | null, node: LaneNode, point: Point) => {
    nodes.push({ key, lane, node, ...point });
    places.set(key, point);
  };
  for (const [agents, x] of [
    [sources, left],
    [targets, right],
  ] as const)
    agents.forEach((node, i) => {
      put(node.id, null, node, {
        x,
        y: rounded(shift + middle + (i - (agents.length - 1) / 2) * agentRowPx),
      });
    });

  const links: PlacedLink[] = [];
  const placedLanes: PlacedLane[] = [];
  for (const lane of drawn) {
    const { direction } = lane.lane;
    const laneTop = shift + top + (lane === backDrawn && both ? forthHeight + between : 0);
    const last = lane.layers.length - 1;
    const isForth = direction === 'to-target';
    const pointOf = (vertex: Vertex): Point => {
      const share = vertex.layer / last;
      const x = isForth ? left + (right - left) * share : right - (right - left) * share;
      return { x: rounded(x), y: rounded(laneTop + vertex.y) };
    };
    const agentIds = new Set([...lane.layers[0]!, ...lane.layers[last]!].map((i) => lane.vertices[i]!.id));
    const keyOf = (id: string) => (agentIds.has(id) ? id : laneKey(direction, id));
    for (const vertex of lane.vertices) {
      if (vertex.node === null || agentIds.has(vertex.id)) continue;
      put(keyOf(vertex.id), direction, vertex.node, pointOf(vertex));
    }
    for (const link of lane.lane.links) {
      const [fromKey, toKey] = [keyOf(link.from), keyOf(link.to)];
      const passing = (lane.passing.get(linkKey(link.from, link.to)) ?? []).map((i) =>
        pointOf(lane.vertices[i]!),
      );
      const [from, to] = [places.get(fromKey), places.get(toKey)];
      if (from === undefined || to === undefined) continue;
      const key = linkKey(fromKey, toKey);
      links.push({ key, lane: direction, fromKey, toKey, link, points: [from, ...passing, to] });
    }
    placedLanes.push({ lane: lane.lane, top: laneTop, bottom: laneTop + lane.height });
  }
  return {
    width: right + agentRoomPx,
    height: Math.ceil(height + 2 * shift),
    lanes: placedLanes,
    nodes,
    links,
  };
}

/** A tenth of a pixel is more than can be seen. */
function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** Of a node that stands in a lane. */
export function laneKey(direction: OneDirection, id: string): string {
  return `${direction} ${id}`;
}

function laneOf(lanes: readonly Lane[], direction: OneDirection): Lane | null {
  const lane = lanes.find((each) => each.direction === direction);
  return lane === undefined || lane.nodes.length === 0 ? null : lane;
}

interface Vertex {
  readonly id: string;
  /** Null for a place where a link passes a column. */
  readonly node: LaneNode | null;
  readonly layer: number;
  y: number;
}

interface DrawnLane {
  readonly lane: Lane;
  readonly vertices: readonly Vertex[];
  /** In their order. The first are the agents that the lane begins at, the last those that it ends at. */
  readonly layers: readonly (readonly number[])[];
  /** By link, the vertices by way of which it goes. */
  readonly passing: ReadonlyMap<string, readonly number[]>;
  readonly height: number;
}

/** `sourceOrder`: the order in which the sources stand already, where they do. */
function layOutLane(lane: Lane, sourceOrder: readonly string[] | null): DrawnLane {
  const { ranks, depth } = rankNodes(lane);
  const vertices: Vertex[] = [];
  const layers: number[][] = Array.from({ length: depth }, () => []);
  const add = (id: string, node: LaneNode | null, layer: number): number => {
    layers[layer]!.push(vertices.length);
    return vertices.push({ id, node, layer, y: 0 }) - 1;
  };
  const indexes = new Map(lane.nodes.map((node) => [node.id, add(node.id, node, ranks.get(node.id)!)]));
  const edges: [number, number][] = [];
  const passing = new Map<string, number[]>();
  for (const { from, to } of lane.links) {
    const [a, b] = [ranks.get(from)!, ranks.get(to)!];
    // A hop that other traces pass earlier has its place there: then a link leads back.
    const [first, last, isForth] = a <= b ? [from, to, true] : [to, from, false];
    const between = Array.from({ length: Math.max(0, Math.abs(b - a) - 1) }, (_, i) =>
      add(linkKey(from, to), null, Math.min(a, b) + 1 + i),
    );
    const way = [indexes.get(first)!, ...between, indexes.get(last)!];
    if (a !== b) for (let i = 0; i + 1 < way.length; i++) edges.push([way[i]!, way[i + 1]!]);
    passing.set(linkKey(from, to), isForth ? between : between.reverse());
  }
  const sourceLayer = lane.direction === 'to-target' ? 0 : depth - 1;
  for (const layer of layers) layer.sort((a, b) => compare(vertices[a]!.id, vertices[b]!.id));
  if (sourceOrder !== null) {
    const places = new Map(sourceOrder.map((id, i) => [id, i]));
    const placeOf = (i: number) => places.get(vertices[i]!.id) ?? sourceOrder.length;
    layers[sourceLayer]!.sort((a, b) => placeOf(a) - placeOf(b));
  }
  const ordered = orderLayers({
    layers,
    links: edges,
    isFixed: (layer) => sourceOrder !== null && layer === sourceLayer,
  });
  placeVertices(vertices, ordered, edges);
  const inner = ordered.slice(1, -1).flatMap((layer) => layer.map((i) => vertices[i]!));
  const top = inner.reduce((least, vertex) => Math.min(least, vertex.y - sizeOf(vertex) / 2), 0);
  const bottom = inner.reduce((most, vertex) => Math.max(most, vertex.y + sizeOf(vertex) / 2), 0);
  for (const vertex of vertices) vertex.y -= top;
  return { lane, vertices, layers: ordered, passing, height: bottom - top };
}

/** Columns in use, without gaps; the agents at both ends have columns of their own. */
function rankNodes({ nodes, links }: Lane): { ranks: ReadonlyMap<string, number>; depth: number } {
  const leads = new Set(links.map(({ from }) => from));
  const isBeginning = (node: LaneNode) => node.kind === 'agent' && node.column === 0;
  const isEnd = (node: LaneNode) => node.kind === 'agent' && node.column > 0 && !leads.has(node.id);
  const inner = nodes.filter((node) => !isBeginning(node) && !isEnd(node));
  const columns = [...new Set(inner.map(({ column }) => column))].sort((a, b) => a - b);
  const rankOf = new Map(columns.map((column, i) => [column, i + 1]));
  // Where agents are neighbours their link still goes through its lane.
  const end = Math.max(1, columns.length) + 1;
  const ranks = new Map(
    nodes.map((node) => [node.id, isBeginning(node) ? 0 : isEnd(node) ? end : rankOf.get(node.column)!]),
  );
  return { ranks, depth: end + 1 };
}

/** Sweeps in which each vertex moves to the middle of its neighbours, as far as its layer's order lets it. */
function placeVertices(
  vertices: readonly Vertex[],
  layers: readonly (readonly number[])[],
  edges: readonly (readonly [number, number])[],
): void {
  const neighbours: number[][] = vertices.map(() => []);
  for (const [a, b] of edges) {
    neighbours[a]!.push(b);
    neighbours[b]!.push(a);
  }
  for (const layer of layers) {
    const room = layer.reduce((sum, i) => sum + sizeOf(vertices[i]!), 0);
    let y = -room / 2;
    for (const i of layer) {
      const size = sizeOf(vertices[i]!);
      vertices[i]!.y = y + size / 2;
      y += size;
    }
  }
  for (let sweep = 0; sweep < placingSweeps; sweep++) {
    const way = sweep % 2 === 0 ? layers : layers.toReversed();
    for (const layer of way) {
      const wishes = layer.map((i) => {
        const its = neighbours[i]!;
        if (its.length === 0) return vertices[i]!.y;
        return its.reduce((sum, each) => sum + vertices[each]!.y, 0) / its.length;
      });
      const sizes = layer.map((i) => sizeOf(vertices[i]!));
      const weights = layer.map((i) => (vertices[i]!.node === null ? passingWeight : 1));
      spread(wishes, sizes, weights).forEach((y, k) => {
        vertices[layer[k]!]!.y = y;
      });
    }
  }
}

function sizeOf({ node }: Vertex): number {
  return node === null ? passingPx : rowPx;
}

/** The sources in their order, and the target. */
function agentsOf(
  forth: DrawnLane | null,
  back: DrawnLane | null,
): [sources: LaneNode[], targets: LaneNode[]] {
  const nodesOf = (lane: DrawnLane | null, isSource: boolean): LaneNode[] => {
    if (lane === null) return [];
    const isFirst = isSource === (lane.lane.direction === 'to-target');
    return lane.layers.at(isFirst ? 0 : -1)!.flatMap((i) => lane.vertices[i]!.node ?? []);
  };
  const joined = (isSource: boolean) => {
    const all = [...nodesOf(forth, isSource), ...nodesOf(back, isSource)];
    return [...new Map(all.map((node) => [node.id, node])).values()];
  };
  return [joined(true), joined(false)];
}

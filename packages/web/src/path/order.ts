// The order of vertices within their layers, so that few links cross: sweeps by barycentre (Sugiyama, Tagawa, Toda 1981).

/** Links go from a layer to the one behind it. Vertices are numbers from 0 on. */
export interface LayeredGraph {
  /** In the order to begin with. */
  readonly layers: readonly (readonly number[])[];
  readonly links: readonly (readonly [from: number, to: number])[];
  /** Whether a layer keeps the order that it has. */
  readonly isFixed: (layer: number) => boolean;
}

/** Crossings seldom become fewer after this many; twice as many cost twice as much. */
const sweeps = 8;

/** The layers in the best order that was found. The same for the same graph, always. */
export function orderLayers({ layers, links, isFixed }: LayeredGraph): number[][] {
  const count = 1 + Math.max(-1, ...layers.map((layer) => Math.max(-1, ...layer)));
  const [before, behind] = neighboursOf(count, links);
  const place = new Float64Array(count);
  const current = layers.map((layer) => [...layer]);
  for (const layer of current) number(layer, place);
  let best = current.map((layer) => [...layer]);
  let fewest = crossings(current, behind, place);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const isForth = sweep % 2 === 0;
    for (let step = 1; step < current.length; step++) {
      const layer = isForth ? step : current.length - 1 - step;
      if (isFixed(layer)) continue;
      sortLayer(current[layer]!, isForth ? before : behind, place);
    }
    const found = crossings(current, behind, place);
    if (found >= fewest) continue;
    fewest = found;
    best = current.map((layer) => [...layer]);
  }
  return best;
}

/** How many pairs of links cross, of layers in this order. */
export function countCrossings(
  layers: readonly (readonly number[])[],
  links: readonly (readonly [from: number, to: number])[],
): number {
  const count = 1 + Math.max(-1, ...layers.map((layer) => Math.max(-1, ...layer)));
  const place = new Float64Array(count);
  for (const layer of layers) number(layer, place);
  return crossings(layers, neighboursOf(count, links)[1], place);
}

function neighboursOf(
  count: number,
  links: readonly (readonly [from: number, to: number])[],
): [before: number[][], behind: number[][]] {
  const before: number[][] = Array.from({ length: count }, () => []);
  const behind: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of links) {
    behind[from]!.push(to);
    before[to]!.push(from);
  }
  return [before, behind];
}

function number(layer: readonly number[], place: Float64Array): void {
  layer.forEach((vertex, i) => {
    place[vertex] = i;
  });
}

function sortLayer(layer: number[], neighbours: readonly number[][], place: Float64Array): void {
  const keyed = layer.map((vertex) => {
    const its = neighbours[vertex]!;
    // Without a neighbour on that side a vertex stays about where it is.
    if (its.length === 0) return { vertex, key: place[vertex]! };
    let sum = 0;
    for (const each of its) sum += place[each]!;
    return { vertex, key: sum / its.length };
  });
  keyed.sort((a, b) => a.key - b.key || place[a.vertex]! - place[b.vertex]!);
  keyed.forEach(({ vertex }, i) => {
    layer[i] = vertex;
  });
  number(layer, place);
}

/** Inversions among the links between each two layers, counted by a Fenwick tree. */
function crossings(
  layers: readonly (readonly number[])[],
  behind: readonly (readonly number[])[],
  place: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i + 1 < layers.length; i++) {
    const width = layers[i + 1]!.length;
    const tree = new Int32Array(width + 1);
    let total = 0;
    for (const vertex of layers[i]!) {
      const ends = behind[vertex]!.map((to) => place[to]!).sort((a, b) => a - b);
      for (const end of ends) {
        let notBeyond = 0;
        for (let at = end + 1; at > 0; at -= at & -at) notBeyond += tree[at]!;
        sum += total - notBeyond;
      }
      for (const end of ends) {
        total += 1;
        for (let at = end + 1; at <= width; at += at & -at) tree[at]! += 1;
      }
    }
  }
  return sum;
}

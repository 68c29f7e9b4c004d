// How long it takes to lay out the path of a large test: about 700 nodes and 2,000 links, each direction a lane. Beside it
// a placement without any order: each node in its column, as it comes.

import type { RoundPath } from '@pinhole/contract';
import { meshPath } from '../dev/mesh.ts';
import { buildLane } from '../src/path/lanes.ts';
import { layOutPath } from '../src/path/layout.ts';

const repetitions = 25;
const path = meshPath();
const layOut = () =>
  layOutPath(
    (['to-target', 'from-target'] as const).map((direction) =>
      buildLane(path, direction, { grouping: 'interface', sourceAgentIds: null }),
    ),
    1200,
  );

const { nodes, links } = layOut();
console.log(
  `${path.nodes.length} nodes, ${path.links.length} links; drawn ${nodes.length} nodes, ${links.length} links`,
);
const [sorted, unsorted] = [leastMs(layOut), leastMs(() => placeUnsorted(path))];
console.log(`layout     ${sorted.toFixed(1)} ms`);
console.log(
  `unsorted   ${unsorted.toFixed(1)} ms, the layout takes ${(sorted / unsorted).toFixed(1)} times as long`,
);

function leastMs(run: () => unknown): number {
  // The least: what else the machine does can only add.
  const times = Array.from({ length: repetitions }, () => {
    const beginMs = performance.now();
    run();
    return performance.now() - beginMs;
  });
  return Math.min(...times);
}

function placeUnsorted({ nodes: all, links: lines, traces }: RoundPath) {
  const rows = new Map<string, number>();
  const places = new Map<string, { x: number; y: number }>();
  for (const direction of ['to-target', 'from-target'] as const) {
    for (const { id, columns } of all) {
      const column = columns[direction];
      if (column === null) continue;
      const row = rows.get(`${direction} ${column}`) ?? 0;
      rows.set(`${direction} ${column}`, row + 1);
      places.set(`${direction} ${id}`, { x: column * 100, y: row * 46 });
    }
  }
  const drawn = new Map<string, { from: unknown; to: unknown }>();
  for (const { direction, nodeIds } of traces)
    nodeIds.slice(1).forEach((to, i) => {
      const from = nodeIds[i]!;
      drawn.set(`${direction} ${from} ${to}`, {
        from: places.get(`${direction} ${from}`),
        to: places.get(`${direction} ${to}`),
      });
    });
  return { places, drawn, lines };
}

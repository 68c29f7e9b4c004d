// Where an arrow key leads from a node of the drawing.

import type { PathLayout, PlacedNode } from './layout.ts';

export type Step = 'left' | 'right' | 'up' | 'down';

/** Below this many pixels two nodes are in one column, or in one row. */
const samePx = 1;

/**
 * Left and right go along links, up and down to the next one in the column; from an agent up and down lead into the lanes.
 * Null where there is none.
 */
export function walk(layout: PathLayout, key: string, step: Step): string | null {
  const here = layout.nodes.find((node) => node.key === key);
  if (here === undefined) return null;
  const candidates =
    step === 'left' || step === 'right' ? neighbours(layout, here, step) : column(layout, here, step);
  const nearest = candidates.sort(
    (a, b) => distance(here, a, step) - distance(here, b, step) || a.y - b.y || a.x - b.x,
  )[0];
  return nearest?.key ?? null;
}

function neighbours(layout: PathLayout, here: PlacedNode, step: 'left' | 'right'): PlacedNode[] {
  const keys = new Set(
    layout.links.flatMap(({ fromKey, toKey }) =>
      fromKey === here.key ? [toKey] : toKey === here.key ? [fromKey] : [],
    ),
  );
  return layout.nodes.filter(
    ({ key, x }) => keys.has(key) && (step === 'left' ? x < here.x - samePx : x > here.x + samePx),
  );
}

function column(layout: PathLayout, here: PlacedNode, step: 'up' | 'down'): PlacedNode[] {
  const isBeyond = ({ y }: PlacedNode) => (step === 'up' ? y < here.y - samePx : y > here.y + samePx);
  const same = layout.nodes.filter((node) => Math.abs(node.x - here.x) <= samePx && isBeyond(node));
  if (same.length > 0) return same;
  const lane = layout.nodes.filter((node) => isBeyond(node) && node.lane !== here.lane);
  return lane.length > 0 ? lane : layout.nodes.filter((node) => node.lane === null && isBeyond(node));
}

function distance(here: PlacedNode, node: PlacedNode, step: Step): number {
  const [dx, dy] = [Math.abs(node.x - here.x), Math.abs(node.y - here.y)];
  return step === 'left' || step === 'right' ? dy : dx * 4 + dy;
}

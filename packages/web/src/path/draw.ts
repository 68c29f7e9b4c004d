// A layout as lines: the shapes of links, and their width.

import type { PlacedLink, Point } from './layout.ts';

/** A smooth line through all points that leaves and arrives level. */
export function linkPath(points: readonly Point[]): string {
  const parts = points.slice(1).map((to, i) => {
    const from = points[i]!;
    // Hops of the same distance: a bow beside their column.
    if (Math.abs(to.x - from.x) < 1) return `C${from.x + 40} ${from.y} ${to.x + 40} ${to.y} ${to.x} ${to.y}`;
    const bend = (to.x - from.x) / 2;
    return `C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  });
  return `M${points[0]!.x} ${points[0]!.y}${parts.join('')}`;
}

const [leastWidth, greatestWidth] = [1.5, 6];

/** The area of a line tells how many traces go over it: by the root, so that many do not hide few. */
export function linkWidth(traces: number, mostTraces: number): number {
  if (mostTraces <= 1) return leastWidth + 1;
  const share = Math.sqrt(traces / mostTraces);
  return Math.round((leastWidth + (greatestWidth - leastWidth) * share) * 10) / 10;
}

export function mostTraces(links: readonly PlacedLink[]): number {
  return links.reduce((most, { link }) => Math.max(most, link.traces), 1);
}

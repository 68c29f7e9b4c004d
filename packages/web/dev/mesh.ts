// A path of a large test: about 700 nodes and 2,000 links, of 30 sources with many traces in each direction.

import type { OneDirection, RoundPath } from '@pinhole/contract';
import { roundPath, type SceneTrace } from '../src/path/scene.ts';

/** Random walks through a grid of routers for each direction, each with three neighbours further on; the same each time. */
export function meshPath(agents = 30, tracesEach = 16, columns = 22, rows = 15): RoundPath {
  let state = 1;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  };
  const walk = (direction: OneDirection, agent: number): SceneTrace => {
    let row = agent % rows;
    const hops = Array.from({ length: columns }, (_, column) => {
      row = (row + below(3)) % rows;
      return `198.${direction === 'to-target' ? 18 : 19}.${column}.${row}`;
    });
    return { direction, source: String(100 + agent), hops };
  };
  return roundPath(
    Array.from({ length: agents }, (_, agent) =>
      (['to-target', 'from-target'] as const).flatMap((direction) =>
        Array.from({ length: tracesEach }, () => walk(direction, agent)),
      ),
    ).flat(),
  );
}

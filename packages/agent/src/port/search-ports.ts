// Which ports a search tries, from which of its own.

import type { Random } from '@pinhole/net';
import type { PortSearch } from '@pinhole/wire';

/** From the `socket`th own port to that port of the peer's. */
export interface SearchTry {
  readonly socket: number;
  readonly port: number;
}

/**
 * All tries of a search, in order. In turn, the first port is tried from all own ports before the second one is: where
 * NATs count, the order says which mapping each gets. Drawn, each own port has ports of its own.
 */
export function searchTries(search: PortSearch, random: Random): SearchTry[] {
  const { ports, tries, order } = search;
  const sockets = Array.from({ length: Math.max(1, search.sockets) }, (_, i) => i);
  const at = (socket: number, place: number) => ({ socket, port: ports.first + ports.step * place });
  const all =
    order === 'drawn'
      ? sockets.flatMap((socket) => draw(tries, ports.count, random).map((place) => at(socket, place)))
      : Array.from({ length: tries }, (_, place) => sockets.map((socket) => at(socket, place))).flat();
  return all.filter(({ port }) => port > 0 && port < 65_536);
}

/** `wanted` different numbers below `limit`, in random order (Fisher and Yates, only as far as is needed). */
function draw(wanted: number, limit: number, random: Random): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: wanted }, (_, i) => {
    const at = i + random.below(limit - i);
    const drawn = moved.get(at) ?? at;
    moved.set(at, moved.get(i) ?? i);
    return drawn;
  });
}

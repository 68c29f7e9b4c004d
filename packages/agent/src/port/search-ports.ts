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
  const sockets = Math.max(1, search.sockets);
  const all: SearchTry[] = [];
  const add = (socket: number, place: number) => {
    const port = ports.first + ports.step * place;
    if (port > 0 && port < 65_536) all.push({ socket, port });
  };
  if (order === 'drawn') {
    const inOrder = new Uint16Array(ports.count);
    for (let place = 0; place < ports.count; place++) inOrder[place] = place;
    const places = new Uint16Array(ports.count);
    for (let socket = 0; socket < sockets; socket++) {
      places.set(inOrder);
      draw(places, tries, random);
      for (let i = 0; i < tries; i++) add(socket, places[i] as number);
    }
  } else {
    for (let place = 0; place < tries; place++)
      for (let socket = 0; socket < sockets; socket++) add(socket, place);
  }
  return all;
}

/** The first `wanted` are then drawn from all, in random order (Fisher and Yates, only as far as is needed). */
function draw(places: Uint16Array, wanted: number, random: Random): void {
  for (let i = 0; i < wanted; i++) {
    const at = i + random.below(places.length - i);
    const drawn = places[at] as number;
    places[at] = places[i] as number;
    places[i] = drawn;
  }
}

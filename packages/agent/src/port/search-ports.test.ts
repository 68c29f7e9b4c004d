import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@pinhole/net';
import type { PortSearch } from '@pinhole/wire';
import { searchTries } from './search-ports.ts';

/** A full period over 32 bits (Numerical Recipes' constants): every draw is as it was. */
function seeded(seed: number): Random {
  let state = seed;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)) };
}

const search: PortSearch = {
  sockets: 4,
  tries: 3,
  ports: { first: 40_002, step: 2, count: 12 },
  order: 'in-turn',
  accept: false,
};

function portsOf(change: Partial<PortSearch>, random = seeded(1)): number[] {
  return searchTries({ ...search, ...change }, random).map(({ port }) => port);
}

describe('the tries of a search', () => {
  it('in turn go to each port from all own ports, then to the next', () => {
    assert.deepEqual(
      searchTries({ ...search, sockets: 2, tries: 3 }, seeded(1)),
      [40_002, 40_004, 40_006].flatMap((port) => [
        { socket: 0, port },
        { socket: 1, port },
      ]),
    );
  });

  it('from the test port are those of a single own port', () => {
    assert.deepEqual(searchTries({ ...search, sockets: 0, tries: 2 }, seeded(1)), [
      { socket: 0, port: 40_002 },
      { socket: 0, port: 40_004 },
    ]);
  });

  it('go down where the NAT counts down, and end at the last port', () => {
    assert.deepEqual(portsOf({ sockets: 1, tries: 12, ports: { first: 5, step: -2, count: 12 } }), [5, 3, 1]);
  });

  it('drawn are all different for one own port, within the range, and others each time', () => {
    const random = seeded(7);
    const drawn = {
      sockets: 0,
      order: 'drawn',
      tries: 1024,
      ports: { first: 1024, step: 1, count: 64_512 },
    } as const;
    const [once, again] = [portsOf(drawn, random), portsOf(drawn, random)];
    assert.equal(new Set(once).size, 1024);
    assert.ok(once.every((port) => port >= 1024 && port <= 65_535));
    assert.notDeepEqual(once, again);
  });

  it('drawn to the last one are all of them, each once', () => {
    const drawn = {
      sockets: 1,
      order: 'drawn',
      tries: 512,
      ports: { first: 2048, step: 1, count: 512 },
    } as const;
    assert.deepEqual(
      portsOf(drawn).toSorted((a, b) => a - b),
      Array.from({ length: 512 }, (_, i) => 2048 + i),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSimulation } from '@pinhole/net/sim';
import { endpoint } from '@pinhole/wire';
import { KeptWays, keepAliveMs, maxKept, unusedLimitMs } from './kept.ts';
import type { KeptWay } from './port.ts';

const way: KeptWay = { remote: endpoint('198.51.100.1', 40_000), method: 'searched' };
const other: KeptWay = { remote: endpoint('198.51.100.2', 40_000), method: 'predicted' };

/** Ways held open by numbers. */
function keptWays() {
  const simulation = createSimulation({ seed: 1 });
  const network = simulation.network('lan');
  const { clock } = simulation.host({ name: 'host', network, addresses: ['192.0.2.1'] }).net;
  const refreshed: { means: number; atMs: number }[] = [];
  const dropped: number[] = [];
  const ways = new KeptWays<number>({
    clock,
    refresh: (_way, means) => refreshed.push({ means, atMs: simulation.nowMs }),
    onDropped: (means) => dropped.push(means),
  });
  return { simulation, ways, refreshed, dropped };
}

describe('ways that are kept', () => {
  it('are known by their peer and by where they lead', () => {
    const { ways } = keptWays();
    ways.keep('11', way, 1);
    assert.deepEqual(ways.of('11'), { way, means: 1, usedAtMs: 0 });
    assert.equal(ways.of('12'), null);
    assert.equal(ways.to(way.remote), 1);
    assert.equal(ways.to(other.remote), null);
    assert.deepEqual([ways.holds(1), ways.holds(2)], [true, false]);
  });

  it('are refreshed every 15 s, and dropped once they have been unused for 65 minutes', async () => {
    const { simulation, ways, refreshed, dropped } = keptWays();
    ways.keep('11', way, 1);
    await simulation.run({ untilMs: 3 * keepAliveMs });
    assert.deepEqual(
      refreshed.map(({ atMs }) => atMs),
      [keepAliveMs, 2 * keepAliveMs, 3 * keepAliveMs],
    );
    await simulation.run({ untilMs: unusedLimitMs - 1 });
    assert.deepEqual(dropped, []);
    await simulation.run();
    assert.deepEqual(dropped, [1]);
    assert.equal(simulation.nowMs, unusedLimitMs);
    assert.equal(ways.of('11'), null);
  });

  it('are used by being kept again', async () => {
    const { simulation, ways, dropped } = keptWays();
    ways.keep('11', way, 1);
    await simulation.run({ untilMs: 60 * 60_000 });
    ways.keep('11', way, 1);
    await simulation.run({ untilMs: 120 * 60_000 });
    assert.deepEqual(dropped, []);
  });

  it('are one for each peer: the latest', () => {
    const { ways, dropped } = keptWays();
    ways.keep('11', way, 1);
    ways.keep('11', other, 2);
    assert.deepEqual(dropped, [1]);
    assert.equal(ways.of('11')?.way, other);
  });

  it('may share what holds them open, which is dropped with the last of them', () => {
    const { ways, dropped } = keptWays();
    ways.keep('11', way, 1);
    ways.keep('12', other, 1);
    ways.forget('11');
    assert.deepEqual(dropped, []);
    ways.forget('12');
    ways.forget('12');
    assert.deepEqual(dropped, [1]);
  });

  it('are gone without a word where they have come to an end by themselves', async () => {
    const { simulation, ways, refreshed, dropped } = keptWays();
    ways.keep('11', way, 1);
    ways.lost(1);
    await simulation.run();
    assert.deepEqual([ways.of('11'), refreshed, dropped], [null, [], []]);
  });

  it(`are ${maxKept} at most: beyond, the least recently used goes`, () => {
    const { ways, dropped } = keptWays();
    for (let i = 0; i < maxKept; i++) ways.keep(`${i}`, way, i);
    ways.keep('0', way, 0);
    ways.keep('more', way, 1000);
    assert.deepEqual(dropped, [1]);
    assert.equal(ways.of('0')?.means, 0);
  });

  it('are all dropped at the end, each of what holds them open once', async () => {
    const { simulation, ways, refreshed, dropped } = keptWays();
    ways.keep('11', way, 1);
    ways.keep('12', other, 1);
    ways.keep('13', other, 2);
    ways.close();
    await simulation.run();
    assert.deepEqual([refreshed, dropped], [[], [1, 2]]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSimulation, type LinkOptions } from '@pinhole/net/sim';
import { ip } from '@pinhole/wire';
import { assign, openParty, sourceId, targetId } from './suite/party.ts';
import type { SessionWorld } from './suite/rounds.ts';
import { describeSessions } from './suite/session.ts';

function simulatedWorld(links: { fromSource?: LinkOptions; fromTarget?: LinkOptions } = {}): SessionWorld {
  const simulation = createSimulation({ seed: 1 });
  const network = simulation.network('internet');
  const host = (name: string, address: string, outgoing: LinkOptions = {}) => ({
    net: simulation.host({ name, network, addresses: [address], outgoing }).net,
    address: ip(address),
  });
  return {
    source: host('source', '192.0.2.1', links.fromSource),
    target: host('target', '192.0.2.2', links.fromTarget),
    run: (program) => simulation.runUntil(program),
    destroy: () => Promise.resolve(),
  };
}

describeSessions('the simulator', () =>
  simulatedWorld({ fromSource: { delayMs: 10 }, fromTarget: { delayMs: 10 } }),
);

describe('what a round finds out, where it is known', () => {
  async function round(links: Parameters<typeof simulatedWorld>[0]) {
    const world = simulatedWorld(links);
    const program = async () => {
      const source = await openParty('udp', world.source.net, world.source.address, sourceId);
      const target = await openParty('udp', world.target.net, world.target.address, targetId);
      assign(source, target);
      await source.runner.run({ assignment: source.assignments[0]!, roundId: 60 });
      await new Promise<void>((resolve) => world.source.net.clock.after(8_000, resolve));
      const [toTarget] = target.results;
      const [fromTarget] = source.results;
      assert.ok(toTarget?.outcome === 'measured' && fromTarget?.outcome === 'measured');
      return { toTarget: toTarget.measurement, fromTarget: fromTarget.measurement };
    };
    return world.run(program());
  }

  it('the delay of each direction lies within its bound', async () => {
    const { toTarget, fromTarget } = await round({
      fromSource: { delayMs: 30 },
      fromTarget: { delayMs: 10 },
    });
    for (const [{ delay, roundTrip }, trueMs] of [
      [toTarget, 30],
      [fromTarget, 10],
    ] as const) {
      assert.ok(delay !== null && delay.errorBoundMs !== null && roundTrip !== null);
      assert.ok(
        Math.abs(delay.meanMs - trueMs) <= delay.errorBoundMs + 0.01,
        `${delay.meanMs} ± ${delay.errorBoundMs}`,
      );
      assert.ok(Math.abs(roundTrip.meanMs - 40) < 0.1);
    }
  });

  it('loss is told apart by direction', async () => {
    const { toTarget, fromTarget } = await round({
      fromSource: { delayMs: 5, lossRate: 0.3 },
      fromTarget: { delayMs: 5 },
    });
    assert.equal(fromTarget.lossPercent, 0);
    assert.ok(toTarget.lossPercent > 10 && toTarget.lossPercent < 60, `${toTarget.lossPercent} %`);
    assert.equal(toTarget.sent, 50);
  });

  it('jitter is told apart by direction', async () => {
    const { toTarget, fromTarget } = await round({
      fromSource: { delayMs: 5 },
      fromTarget: { delayMs: 5, jitterMs: 20 },
    });
    assert.ok((toTarget.delay?.jitterMs ?? 1) < 0.1);
    assert.ok((fromTarget.delay?.jitterMs ?? 0) > 1);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint } from '@pinhole/wire';
import { simulatedSubject } from '../test/sim-subject.ts';
import { describeNet } from '../test/suite/index.ts';
import { createSimulation } from './sim/index.ts';
import { type ClockSkew, skewedNet } from './skewed.ts';
import type { TransmitStamp } from './types.ts';

const ms = 1e6;

/** Two hosts 10 ms apart; the clock of the one is true, and the other's is wrong. */
function twoHosts(skew: Partial<ClockSkew>) {
  const simulation = createSimulation({ seed: 1 });
  const network = simulation.network('lan');
  const outgoing = { delayMs: 10 };
  const own = simulation.host({ name: 'own', network, addresses: ['192.0.2.1'], outgoing });
  const other = simulation.host({ name: 'other', network, addresses: ['192.0.2.2'] });
  const skewed = skewedNet(own.net, { offsetNs: 0, driftPpm: 0, step: null, ...skew });
  return { simulation, own: own.net, other: other.net, skewed };
}

describe('a skewed clock', () => {
  it('is ahead by its offset, on the wall as well', async () => {
    const { simulation, own, skewed } = twoHosts({ offsetNs: 7000 * ms });
    await simulation.run({ untilMs: 1000 });
    assert.equal(skewed.clock.monotonicNs() - own.clock.monotonicNs(), 7000 * ms);
    assert.equal(skewed.clock.wallMs() - own.clock.wallMs(), 7000);
  });

  it('drifts from the moment it is made', async () => {
    const { simulation, own, skewed } = twoHosts({ driftPpm: 50 });
    const aheadNs = () => skewed.clock.monotonicNs() - own.clock.monotonicNs();
    assert.equal(aheadNs(), 0);
    await simulation.run({ untilMs: 100_000 });
    assert.equal(aheadNs(), 5 * ms);
  });

  it('steps once', async () => {
    const { simulation, own, skewed } = twoHosts({ step: { atNs: 20 * ms, byNs: 300 * ms } });
    const aheadMs = async (untilMs: number) => {
      await simulation.run({ untilMs });
      return (skewed.clock.monotonicNs() - own.clock.monotonicNs()) / ms;
    };
    assert.deepEqual([await aheadMs(19), await aheadMs(20), await aheadMs(1000)], [0, 300, 300]);
  });

  /** When timers of these delays run, on the true clock. */
  async function timersMs(skew: Partial<ClockSkew>, ...delaysMs: readonly number[]) {
    const { simulation, own, skewed } = twoHosts(skew);
    const ranAtMs: number[] = [];
    for (const delayMs of delaysMs) {
      skewed.clock.after(delayMs, () => ranAtMs.push(own.clock.monotonicNs() / ms));
    }
    await simulation.run();
    return ranAtMs.map((atMs) => Math.round(atMs * 1000) / 1000);
  }

  it('has timers run by it: a fast one has them early', async () => {
    assert.deepEqual(await timersMs({ offsetNs: 7000 * ms }, 10, 1000), [10, 1000]);
    assert.deepEqual(await timersMs({ driftPpm: 250_000 }, 10, 1000), [8, 800]);
  });

  it('has timers run when it steps past them, and later where it steps back', async () => {
    const step = (byMs: number) => ({ step: { atNs: 100 * ms, byNs: byMs * ms } });
    assert.deepEqual(await timersMs(step(50), 90, 120, 200), [90, 100, 150]);
    assert.deepEqual(await timersMs(step(-50), 90, 120, 200), [90, 170, 250]);
  });

  it('lets timers be cancelled', async () => {
    const { simulation, skewed } = twoHosts({ driftPpm: 50 });
    let ran = 0;
    skewed.clock.after(10, () => ran++).cancel();
    await simulation.run();
    assert.equal(ran, 0);
  });

  it('tells when datagrams were sent, left and came', async () => {
    const aheadNs = 7000 * ms;
    const { simulation, own, other, skewed } = twoHosts({ offsetNs: aheadNs });
    const stamps: TransmitStamp[] = [];
    const cameNs: number[] = [];
    const socket = await skewed.udp.open(
      { local: endpoint('192.0.2.1', 5000) },
      {
        onDatagrams: (batch) => cameNs.push(...batch.map(({ receivedAtNs }) => receivedAtNs)),
        onTransmitted: (stamp) => stamps.push(stamp),
      },
    );
    const arrivedNs: number[] = [];
    const peer = await other.udp.open(
      { local: endpoint('192.0.2.2', 6000) },
      {
        onDatagrams(batch) {
          arrivedNs.push(...batch.map(({ receivedAtNs }) => receivedAtNs));
          for (const { from } of batch) peer.send({ data: Uint8Array.of(2), to: from });
        },
      },
    );
    const sentAtNs = own.clock.monotonicNs();
    const sent = socket.send({ data: Uint8Array.of(1), to: peer.local, stamp: true });
    await simulation.run();
    assert.ok(sent.sent && sent.atNs === sentAtNs + aheadNs);
    assert.deepEqual(
      stamps.map(({ atNs }) => atNs - aheadNs),
      [sentAtNs],
    );
    const [arrived] = arrivedNs;
    assert.ok(arrived! >= sentAtNs + 10 * ms && arrived! < sentAtNs + 11 * ms);
    assert.ok(cameNs[0]! >= aheadNs + arrived! && cameNs[0]! < aheadNs + arrived! + 10 * ms);
  });
});

describeNet(
  simulatedSubject('skewed', (net) => skewedNet(net, { offsetNs: 7000 * ms, driftPpm: 50, step: null })),
);

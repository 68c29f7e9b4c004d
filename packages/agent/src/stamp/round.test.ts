// Sender and reflector over a virtual network whose losses are known.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createNet, createNodeNet } from '@pinhole/net';
import { createSimulation, type LinkOptions } from '@pinhole/net/sim';
import { endpoint, type stamp } from '@pinhole/wire';
import { startStampReflector } from './reflecting.ts';
import type { ReflectorCounts, ReflectorOptions } from './reflector.ts';
import { key } from './scene.ts';
import { type StampRoundOptions, sendStampRound } from './sending.ts';

const target = endpoint('192.0.2.1', 862);

interface Scene {
  readonly there?: LinkOptions;
  readonly back?: LinkOptions;
  readonly reflector?: Partial<ReflectorOptions>;
  readonly sender?: Partial<Pick<StampRoundOptions, 'twampLight'> & StampRoundOptions['format']>;
  readonly security?: stamp.StampSecurity;
  readonly probeCount?: number;
}

async function round({
  there = {},
  back = {},
  reflector = {},
  sender = {},
  security = { mode: 'unauthenticated' },
  probeCount = 500,
}: Scene) {
  const simulation = createSimulation({ seed: 20260328 });
  const network = simulation.network('internet', { hops: 4 });
  const far = simulation.host({
    name: 'far',
    network,
    addresses: ['192.0.2.1'],
    incoming: there,
    outgoing: back,
  });
  const near = simulation.host({ name: 'near', network, addresses: ['198.51.100.1'] });
  const total: ReflectorCounts = {};
  const running = startStampReflector({
    net: far.net,
    listen: [target],
    security,
    stateful: true,
    twampLight: false,
    allowed: [],
    replyDscps: null,
    sourceRate: 10_000,
    totalRate: 10_000,
    maxSessions: 10,
    ...reflector,
    onReport: ({ counts }) => {
      for (const [what, count] of Object.entries(counts) as [keyof ReflectorCounts, number][])
        total[what] = (total[what] ?? 0) + count;
    },
  });
  const started = await simulation.runUntil(running);
  const { twampLight = false, ...format } = sender;
  const report = await simulation.runUntil(
    sendStampRound({
      net: near.net,
      target,
      plan: { probeCount, gapMs: 5, lossThresholdMs: 2_000 },
      format: { security, sizeBytes: 0, dscp: 0, extensions: true, ...format },
      twampLight,
    }),
  );
  started.close();
  return { report, reflected: total.reflected ?? 0 };
}

describe('a round over a path of 30 ms there and 10 ms back', () => {
  const path = { there: { delayMs: 30 }, back: { delayMs: 10 } };

  for (const [mode, security] of [
    ['unauthenticated', { mode: 'unauthenticated' }],
    ['authenticated', { mode: 'authenticated', key }],
  ] as const)
    test(`in ${mode} mode measures it, within its bound`, async () => {
      const { report } = await round({ ...path, security, probeCount: 50, sender: { dscp: 46 } });
      assert.deepEqual([report.sent, report.answered, report.strange], [50, 50, {}]);
      for (const [delay, trueMs] of [
        [report.forward.delay, 30],
        [report.backward.delay, 10],
      ] as const) {
        assert.ok(delay !== null && delay.errorBoundMs !== null);
        assert.ok(
          Math.abs(delay.meanMs - trueMs) <= delay.errorBoundMs,
          `${delay.meanMs} ± ${delay.errorBoundMs}`,
        );
      }
      assert.ok(Math.abs((report.roundTrip?.meanMs ?? 0) - 40) < 0.1);
      assert.deepEqual([report.forward.hops, report.backward.hops], [4, 4]);
      assert.deepEqual([report.forward.dscp, report.backward.dscp], [46, 46]);
      assert.equal(report.reflector?.stateful, true);
      assert.match(report.reflector?.seesUsAs ?? '', /^198\.51\.100\.1:/);
    });

  test('splits loss as it occurred, to the packet', async () => {
    const lossy = { there: { delayMs: 30, lossRate: 0.1 }, back: { delayMs: 10, lossRate: 0.04 } };
    const { report, reflected } = await round(lossy);
    assert.ok(report.loss !== null);
    const { forward, backward, unknown } = report.loss;
    assert.ok(unknown < 5 && forward > 20 && backward > 5);
    // What the reflector itself has counted.
    const lostThere = 500 - reflected;
    const lostBack = reflected - report.answered;
    assert.ok(lostThere - forward >= 0 && lostThere - forward <= unknown, `${forward} of ${lostThere}`);
    assert.ok(lostBack - backward >= 0 && lostBack - backward <= unknown, `${backward} of ${lostBack}`);
  });

  test('does so without extensions too', async () => {
    const lossy = { there: { delayMs: 30, lossRate: 0.1 }, back: { delayMs: 10, lossRate: 0.04 } };
    const { report, reflected } = await round({ ...lossy, sender: { extensions: false } });
    assert.equal(report.reflector?.stateful, true);
    assert.deepEqual(report.reflector?.replyBytes, [44]);
    assert.ok(report.loss !== null && Math.abs(500 - reflected - report.loss.forward) <= report.loss.unknown);
  });

  test('has loss without direction from a stateless reflector', async () => {
    const { report, reflected } = await round({
      there: { lossRate: 0.1 },
      back: { lossRate: 0.04 },
      reflector: { stateful: false },
    });
    assert.equal(report.loss, null);
    assert.equal(report.reflector?.stateful, null);
    assert.ok(report.answered < reflected && report.answered > 400);
  });

  test('tells repetition and reordering by direction', async () => {
    const { report } = await round({
      there: { duplicateRate: 0.05 },
      back: { reorderRate: 0.1, reorderDelayMs: 12 },
    });
    assert.ok((report.forward.duplicates ?? 0) > 10 && report.backward.duplicates === 0);
    assert.ok((report.backward.reordered ?? 0) > 20 && report.forward.reordered === 0);
  });

  test('of TWAMP Light sends 44 octets and no session identifier', async () => {
    const { report } = await round({
      ...path,
      sender: { twampLight: true, extensions: false },
      probeCount: 5,
    });
    assert.deepEqual([report.answered, report.reflector?.replyBytes], [5, [44]]);
  });

  test('has its size, there and back', async () => {
    for (const security of [{ mode: 'unauthenticated' } as const, { mode: 'authenticated', key } as const]) {
      const { report } = await round({ security, sender: { sizeBytes: 1_400 }, probeCount: 5 });
      assert.deepEqual([report.answered, report.reflector?.replyBytes], [5, [1_400]]);
    }
  });

  test('with another key is not answered', async () => {
    const { report, reflected } = await round({
      security: { mode: 'authenticated', key },
      reflector: { security: { mode: 'authenticated', key: Buffer.alloc(16) } },
      probeCount: 5,
    });
    assert.deepEqual([report.answered, reflected], [0, 0]);
  });

  test('to a host where nothing listens says what came back', async () => {
    const simulation = createSimulation({ seed: 1 });
    const network = simulation.network('internet');
    simulation.host({ name: 'far', network, addresses: ['192.0.2.1'] });
    const near = simulation.host({ name: 'near', network, addresses: ['198.51.100.1'] });
    const report = await simulation.runUntil(
      sendStampRound({
        net: near.net,
        target,
        plan: { probeCount: 3, gapMs: 5, lossThresholdMs: 100 },
        format: { security: { mode: 'unauthenticated' }, sizeBytes: 0, dscp: 0, extensions: true },
        twampLight: false,
      }),
    );
    assert.deepEqual(report.refusals, { 'port unreachable, says 192.0.2.1': 3 });
  });
});

describe('over loopback, by real sockets', () => {
  for (const [name, net] of [
    ['this system’s best', createNet().net],
    ['Node’s', createNodeNet()],
  ] as const)
    test(`${name}`, async (t) => {
      t.after(() => net.close());
      const security = { mode: 'authenticated', key } as const;
      const reflector = await startStampReflector({
        net,
        listen: [endpoint('127.0.0.1', 0)],
        security,
        stateful: true,
        twampLight: false,
        allowed: [],
        replyDscps: null,
        sourceRate: 1_000,
        totalRate: 1_000,
        maxSessions: 10,
        onReport: () => undefined,
      });
      t.after(() => reflector.close());
      const [local] = reflector.endpoints;
      assert.ok(local !== undefined);
      const report = await sendStampRound({
        net,
        target: local,
        plan: { probeCount: 20, gapMs: 5, lossThresholdMs: 10_000 },
        format: { security, sizeBytes: 300, dscp: 0, extensions: true },
        twampLight: false,
      });
      assert.deepEqual([report.sent, report.answered, report.reflector?.stateful], [20, 20, true]);
      assert.ok(report.forward.delay !== null && report.backward.delay !== null && report.roundTrip !== null);
      // Where the system does not tell TTL and DSCP, they are missing and not made up.
      const { packetOptions } = net.udp.features;
      assert.deepEqual([report.forward.hops, report.forward.dscp], packetOptions ? [0, 0] : [null, null]);
    });
});

// What a session does for throughput, on every implementation of the network.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { RoundResult, Throughput } from '@pinhole/contract';
import type { Transport } from '@pinhole/wire';
import { assign, openParty, type Party } from './party.ts';
import { measured, passed, reported, runRound, type SessionWorld, testOver } from './rounds.ts';

const rateMbps = 20;
const durationMs = 5_000;
const failed: Throughput = { outcome: 'refused', reason: 'failed' };

/** `leastShare` of the rate is reached: a machine that is busy with other things sends less in its time. */
export function describeThroughput(
  name: string,
  createWorld: () => SessionWorld,
  { leastShare }: { readonly leastShare: number },
): void {
  for (const transport of ['udp', 'tcp'] as const) describeOver(transport, name, createWorld, leastShare);
}

function describeOver(
  transport: Transport,
  name: string,
  createWorld: () => SessionWorld,
  leastShare: number,
): void {
  const asked = { durationMs, rateMbps: transport === 'udp' ? rateMbps : null };
  const test = testOver(transport, createWorld);

  const assertMeasured = (throughput: Throughput | undefined) => {
    assert.ok(throughput?.outcome === 'measured', JSON.stringify(throughput));
    const { bitsPerSecond, receivedBytes, lossPercent } = throughput;
    assert.ok(Math.abs(throughput.durationMs - durationMs) < 2_000, `${throughput.durationMs} ms`);
    // Less the first packet, which began the time.
    const octets = (bitsPerSecond * throughput.durationMs) / 8_000;
    assert.ok(octets < receivedBytes && octets > receivedBytes * 0.97);
    if (transport === 'tcp') assert.equal(lossPercent, null);
    else {
      const share = bitsPerSecond / (rateMbps * 1e6);
      assert.ok(share > leastShare && share < 1.02, `${share} of the rate`);
      assert.ok(lossPercent !== null && lossPercent < 10, `${lossPercent} % lost`);
    }
  };

  describe(`throughput over ${transport} on ${name}`, { concurrency: true }, () => {
    test('is measured of both directions, one after the other, each by its receiver', async (source, target, world) => {
      assign(source, target, { throughput: asked });
      const beganNs = world.source.net.clock.monotonicNs();
      await runRound(source);
      const tookMs = (world.source.net.clock.monotonicNs() - beganNs) / 1e6;
      assert.ok(tookMs > 2 * durationMs, `${tookMs} ms`);
      const phases = source.phases.map(([, phase]) => phase);
      assert.deepEqual(phases, ['connecting', 'measuring', 'throughput', 'tracing', 'done']);
      assertMeasured(throughputOf(source, 'from-target'));
      assertMeasured(throughputOf(target, 'to-target'));
    });

    for (const [direction, receiver] of [
      ['to-target', 'target'],
      ['from-target', 'source'],
    ] as const) {
      test(`is measured ${direction} alone, where the test is of that direction`, async (source, target, world) => {
        assign(source, target, { direction, throughput: asked });
        await runRound(source);
        const party = receiver === 'source' ? source : target;
        await reported(world, party, 1);
        assertMeasured(throughputOf(party, direction));
        assert.equal(source.results.length + target.results.length, 1);
      });
    }

    test('waits for its turn where another session of the same agents is measured', async (source, target, world) => {
      assign(source, target, { throughput: asked });
      const [assignment] = source.assignments;
      const first = runRound(source, 100);
      // Another test of the same pair, or it would not begin before.
      target.assignments = [...target.assignments, { ...target.assignments[0]!, testId: '8' }];
      await passed(world.source.net, 3_000);
      const second = source.runner.run({ assignment: { ...assignment!, testId: '8' }, roundId: 200 });
      await Promise.all([first, second]);
      await reported(world, target, 2);
      for (const testId of ['7', '8']) {
        assertMeasured(measured(source.results, 'from-target', testId).throughput);
        assertMeasured(measured(target.results, 'to-target', testId).throughput);
      }
    });

    test('waits for its turn where its target measures another source’s', async (source, target, world) => {
      const other = await openParty(transport, world.source.net, world.source.address, '33');
      assign(source, target, { throughput: asked });
      const [assignment] = target.assignments;
      const peer = { ...assignment!.peer, agentId: '33', endpoint: other.endpoint };
      target.assignments = [assignment!, { ...assignment!, testId: '8', peer }];
      other.assignments = [{ ...source.assignments[0]!, testId: '8' }];
      const first = runRound(source);
      await passed(world.source.net, 3_000);
      await Promise.all([first, runRound(other)]);
      await reported(world, target, 2);
      assertMeasured(measured(other.results, 'from-target', '8').throughput);
      assertMeasured(measured(target.results, 'to-target', '8').throughput);
      assertMeasured(throughputOf(source, 'from-target'));
      assertMeasured(throughputOf(target, 'to-target'));
      other.port.close();
    });

    test('is measured both ways where two agents are each other’s target at the same time', async (source, target, world) => {
      assign(source, target, { direction: 'to-target', throughput: asked });
      const [there] = source.assignments;
      const [back] = target.assignments;
      source.assignments = [there!, { ...there!, testId: '8', role: 'target' }];
      target.assignments = [back!, { ...back!, testId: '8', role: 'source' }];
      await Promise.all([
        runRound(source),
        target.runner.run({ assignment: target.assignments[1]!, roundId: 1_800_000_000 }),
      ]);
      await reported(world, target, 1);
      await reported(world, source, 1);
      assertMeasured(throughputOf(target, 'to-target'));
      assertMeasured(measured(source.results, 'to-target', '8').throughput);
    });

    if (transport === 'tcp') {
      test('has a connection of its own, in which nobody’s probes wait', async (source, target, world) => {
        assign(source, target, { throughput: asked });
        const other = { testId: '8', throughput: null } as const;
        const [there] = source.assignments;
        target.assignments = target.assignments.flatMap((each) => [each, { ...each, ...other }]);
        const round = runRound(source);
        await passed(world.source.net, 3_000);
        await source.runner.run({ assignment: { ...there!, ...other }, roundId: 200 });
        await round;
        const [own, shared] = ['7', '8'].map((testId) => measured(source.results, 'from-target', testId));
        assert.deepEqual(shared!.sourceEndpoint, source.endpoint);
        assert.equal(own!.sourceEndpoint.address, source.endpoint.address);
        assert.notEqual(own!.sourceEndpoint.port, source.endpoint.port);
        assertMeasured(own!.throughput);
        assert.equal(shared!.measurement.lossPercent, 0);
      });
    }

    for (const [title, ofSource, ofTarget] of [
      ['source alone asks', asked, null],
      ['target alone asks', null, asked],
    ] as const) {
      test(`is none where the ${title} for it, and nobody sends`, async (source, target, world) => {
        assign(source, target, { throughput: ofSource });
        target.assignments = target.assignments.map((each) => ({ ...each, throughput: ofTarget }));
        await runRound(source);
        await reported(world, target, 1);
        const [own, others] = [throughputOf(source, 'from-target'), throughputOf(target, 'to-target')];
        assert.deepEqual([own, others], ofSource === null ? [undefined, failed] : [failed, undefined]);
      });
    }

    test('has the lesser of both ends’ durations', async (source, target, world) => {
      assign(source, target, { throughput: { ...asked, durationMs: 30_000 } });
      target.assignments = target.assignments.map((each) => ({ ...each, throughput: asked }));
      await runRound(source);
      await reported(world, target, 1);
      assertMeasured(throughputOf(source, 'from-target'));
      assertMeasured(throughputOf(target, 'to-target'));
    });

    test('that breaks off costs the round nothing else, and ends soon', async (source, target, world) => {
      assign(source, target, { throughput: { ...asked, durationMs: 30_000 } });
      const beganNs = world.source.net.clock.monotonicNs();
      const round = runRound(source);
      await passed(world.target.net, 5_000);
      target.port.close();
      await round;
      const tookMs = (world.source.net.clock.monotonicNs() - beganNs) / 1e6;
      assert.ok(tookMs < 20_000, `${tookMs} ms`);
      const { throughput, measurement } = measured(source.results, 'from-target');
      assert.deepEqual(throughput, failed);
      assert.equal(measurement.sent, 50);
    });

    test('may be measured again in the next round', async (source, target, world) => {
      assign(source, target, { direction: 'to-target', throughput: asked });
      // The second waits for its turn.
      await Promise.all([runRound(source, 100), runRound(source, 200)]);
      await reported(world, target, 2);
      for (const result of target.results) {
        assert.ok(result.outcome === 'measured');
        assertMeasured(result.throughput);
      }
    });
  });
}

function throughputOf(party: Party, direction: RoundResult['direction']): Throughput | undefined {
  return measured(party.results, direction).throughput;
}

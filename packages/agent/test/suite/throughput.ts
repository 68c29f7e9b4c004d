// What a session does for throughput, on every implementation of the network.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Assignment, MeasuredResult, RoundResult, Throughput } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { Transport } from '@pinhole/wire';
import { assign, openParty, type Party, sourceId, targetId } from './party.ts';
import type { SessionWorld } from './session.ts';

const rateMbps = 20;
const durationMs = 5_000;
const busy: Throughput = { outcome: 'refused', reason: 'busy' };
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
  const test = (
    title: string,
    program: (source: Party, target: Party, world: SessionWorld) => Promise<void>,
  ) =>
    it(title, async () => {
      const world = createWorld();
      const both = async () => {
        const source = await openParty(transport, world.source.net, world.source.address, sourceId);
        const target = await openParty(transport, world.target.net, world.target.address, targetId);
        await program(source, target, world);
        source.port.close();
        target.port.close();
      };
      try {
        await world.run(both());
      } finally {
        await world.destroy();
      }
    });

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

    test('is refused to a second session as long as one is under way, and its round has all else', async (source, target, world) => {
      assign(source, target, { throughput: asked });
      const [assignment] = source.assignments;
      const first = runRound(source, 100);
      // Another test of the same pair, or it would wait for its turn.
      target.assignments = [...target.assignments, { ...target.assignments[0]!, testId: '8' }];
      await passed(world.source.net, 3_000);
      await source.runner.run({ assignment: { ...assignment!, testId: '8' }, roundId: 200 });
      await reported(world, target, 1);
      for (const [party, direction] of [
        [source, 'from-target'],
        [target, 'to-target'],
      ] as const) {
        const { throughput, measurement } = measured(party.results, direction, '8');
        assert.deepEqual(throughput, busy);
        assert.equal(measurement.sent, 50);
      }
      await first;
      assertMeasured(throughputOf(source, 'from-target'));
      assertMeasured(throughputOf(target, 'to-target'));
    });

    test('is refused by a target that measures another source’s', async (source, target, world) => {
      const other = await openParty(transport, world.source.net, world.source.address, '33');
      assign(source, target, { throughput: asked });
      const [assignment] = target.assignments;
      const peer = { ...assignment!.peer, agentId: '33', endpoint: other.endpoint };
      target.assignments = [assignment!, { ...assignment!, testId: '8', peer }];
      other.assignments = [{ ...source.assignments[0]!, testId: '8' }];
      const first = runRound(source);
      await passed(world.source.net, 3_000);
      await runRound(other);
      assert.deepEqual(measured(other.results, 'from-target', '8').throughput, busy);
      await reported(world, target, 1);
      assert.deepEqual(measured(target.results, 'to-target', '8').throughput, busy);
      await first;
      assertMeasured(throughputOf(source, 'from-target'));
      assertMeasured(throughputOf(target, 'to-target'));
      other.port.close();
    });

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

function runRound(source: Party, roundId = 1_800_000_000): Promise<void> {
  const [assignment] = source.assignments;
  assert.ok(assignment !== undefined);
  return source.runner.run({ assignment, roundId });
}

function measured(
  results: readonly RoundResult[],
  direction: RoundResult['direction'],
  testId: Assignment['testId'] = '7',
): MeasuredResult {
  const result = results.find((each) => each.direction === direction && each.testId === testId);
  assert.ok(result?.outcome === 'measured', `no measured result ${direction}: ${JSON.stringify(results)}`);
  return result;
}

function throughputOf(party: Party, direction: RoundResult['direction']): Throughput | undefined {
  return measured(party.results, direction).throughput;
}

/** The target ends a moment after the source. */
async function reported(world: SessionWorld, party: Party, count: number): Promise<void> {
  for (let waits = 0; party.results.length < count && waits < 400; waits++)
    await passed(world.target.net, 50);
  assert.ok(party.results.length >= count);
}

function passed(net: Net, delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}

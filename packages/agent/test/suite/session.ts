// What a session does, on every implementation of the network.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Assignment } from '@pinhole/contract';
import type { Transport } from '@pinhole/wire';
import { assign, type Party } from './party.ts';
import { measured, passed, reported, runRound, type SessionWorld, testOver } from './rounds.ts';

/** Over TCP the kernel says more, unless somebody listens who does not answer. */
const unreachable = /^\d+ checks sent, none answered; none of the peer arrived$|^TCP to .*: refused$/;

/** Real machines stall; a probe that came too late for its threshold would be lost to any tool. */
const maxLossPercent = 10;

export function describeSessions(name: string, createWorld: () => SessionWorld): void {
  for (const transport of ['udp', 'tcp'] as const) describeSessionsOver(transport, name, createWorld);
}

function describeSessionsOver(transport: Transport, name: string, createWorld: () => SessionWorld): void {
  const test = testOver(transport, createWorld);

  // Each waits far more than it works.
  describe(`sessions over ${transport} on ${name}`, { concurrency: true }, () => {
    test('a bidirectional round is measured by each side for what it received', async (source, target, world) => {
      assign(source, target);
      await runRound(source);
      await reported(world, target, 1);
      const toTarget = measured(target.results, 'to-target');
      const fromTarget = measured(source.results, 'from-target');
      assert.equal(source.results.length + target.results.length, 2);
      for (const { measurement, targetEndpoint, sourceEndpoint, method } of [toTarget, fromTarget]) {
        assert.equal(measurement.sent, 50);
        assert.ok(measurement.lossPercent <= maxLossPercent, `${measurement.lossPercent} % lost`);
        assert.equal(measurement.duplicates, 0);
        assert.ok(measurement.delay !== null && measurement.roundTrip !== null);
        const { minMs, errorBoundMs } = measurement.delay;
        assert.ok(errorBoundMs !== null && minMs + errorBoundMs >= 0, `${minMs} ± ${errorBoundMs} ms`);
        // Half a round trip, and what a skew of 1,000 ppm makes of a round of a second.
        assert.ok(errorBoundMs <= measurement.roundTrip.maxMs / 2 + 1.1, `± ${errorBoundMs} ms`);
        assert.deepEqual([targetEndpoint, sourceEndpoint], [target.endpoint, source.endpoint]);
        assert.equal(method, 'direct');
      }
      const phases = ['connecting', 'measuring', 'tracing', 'done'].map((phase) => [1_800_000_000, phase]);
      assert.deepEqual([source.phases, target.phases], [phases, []]);
    });

    for (const [direction, receiver] of [
      ['to-target', 'target'],
      ['from-target', 'source'],
    ] as const) {
      test(`a round ${direction} has one result, the ${receiver}'s, with a clock of its own`, async (source, target, world) => {
        assign(source, target, { direction });
        await runRound(source);
        const party = receiver === 'source' ? source : target;
        await reported(world, party, 1);
        const { measurement } = measured(party.results, direction);
        assert.equal(source.results.length + target.results.length, 1);
        assert.equal(measurement.sent, 50);
        assert.notEqual(measurement.delay?.errorBoundMs ?? null, null);
        assert.notEqual(measurement.roundTrip, null);
      });
    }

    for (const [title, options, sent] of [
      ['a rate of 100 a second', { packetRate: 100 }, 50],
      ['a rate of 1 a second, of which 8 s hold eight', { packetRate: 1 }, 8],
      ['probes of 1,400 octets with DSCP 46', { payloadBytes: 1400, dscp: 46 }, 50],
      ['probes of 120 octets, too small for telemetry', { payloadBytes: 120 }, 50],
    ] as const) {
      test(`a round with ${title}`, async (source, target, world) => {
        assign(source, target, { direction: 'to-target', ...options } as Partial<Assignment>);
        await runRound(source);
        await reported(world, target, 1);
        assert.equal(measured(target.results, 'to-target').measurement.sent, sent);
      });
    }

    test('rounds one after another, and two at once, do not touch each other', async (source, target, world) => {
      assign(source, target, { packetRate: 100 });
      await runRound(source, 100);
      await Promise.all([runRound(source, 200), runRound(source, 300)]);
      await reported(world, target, 3);
      assert.deepEqual(source.results.map(({ roundId }) => roundId).sort(), [100, 200, 300]);
      for (const { roundId } of source.results) {
        for (const { results, direction } of [
          { results: source.results, direction: 'from-target' },
          { results: target.results, direction: 'to-target' },
        ] as const) {
          const { measurement } = measured(
            results.filter((each) => each.roundId === roundId),
            direction,
          );
          assert.ok(measurement.lossPercent <= maxLossPercent);
        }
      }
    });

    for (const [title, spoil] of [
      ['does not know the test', (target: Party) => (target.assignments = [])],
      [
        'has another key',
        (target: Party) => {
          target.assignments = target.assignments.map((each) => ({
            ...each,
            pairKey: Buffer.alloc(32, 8).toString('base64'),
          }));
        },
      ],
      ['is not there', (target: Party) => target.port.close()],
    ] as const) {
      test(`a target that ${title} is one that nobody reaches`, async (source, target) => {
        assign(source, target);
        spoil(target);
        await runRound(source);
        for (const result of source.results) {
          assert.ok(result.outcome === 'failed');
          assert.equal(result.errorCode, 'agent-unreachable');
          assert.equal(result.party, 'target');
          assert.match(result.evidence, unreachable);
        }
        assert.deepEqual(
          source.results.map(({ direction }) => direction),
          ['to-target', 'from-target'],
        );
        assert.deepEqual(target.results, []);
        const phases = source.phases.map(([, phase]) => phase);
        assert.deepEqual(phases, ['connecting', 'tracing', 'done']);
      });
    }

    test('a target that goes away in the middle leaves a lost session, and what had arrived', async (source, target, world) => {
      assign(source, target);
      const round = runRound(source);
      await passed(world.target.net, 500);
      target.port.close();
      await round;
      const toTarget = source.results.find(({ direction }) => direction === 'to-target');
      assert.ok(toTarget?.outcome === 'failed');
      assert.equal(toTarget.errorCode, 'session-lost');
      const { measurement } = measured(source.results, 'from-target');
      assert.ok(measurement.received > 0 && measurement.received < 50, `${measurement.received} of 50`);
      assert.equal(measurement.sent, 50);
    });
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Direction } from '@pinhole/contract';
import { ask, failed, measured, traced } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';

describe('results', () => {
  test('are kept once, however often they come, and a failure gives way to a measurement only', async (t) => {
    const { source, target, key, network } = await worldWithTest(t, 'to-target');
    const result = key(0);
    const loss = async () => (await network()).body.results.map((row: { loss?: number }) => row.loss);
    assert.equal((await source.checkIn({ results: [failed(result)] })).acknowledged, 1);
    assert.deepEqual(await loss(), [undefined]);
    assert.equal(
      (await target.checkIn({ results: [measured(result, 5), measured(result, 6)] })).acknowledged,
      2,
    );
    assert.deepEqual(await loss(), [10]);
    await source.checkIn({ results: [failed(result)] });
    await target.checkIn({ results: [measured(result, 7)] });
    assert.deepEqual(await loss(), [10]);
  });

  test('that can never be kept are acknowledged all the same', async (t) => {
    const { world, source, key, network } = await worldWithTest(t, 'to-target');
    const stranger = await world.enroll('stranger');
    const result = key(0);
    assert.equal((await stranger.checkIn({ results: [measured(result)] })).acknowledged, 1);
    const unusable = [
      measured({ ...result, testId: '999' }),
      measured({ ...result, targetAgentId: stranger.agentId }),
      measured({ ...result, roundId: result.roundId + 100_000 }),
      { outcome: 'of another version' } as never,
    ];
    assert.equal((await source.checkIn({ results: unusable })).acknowledged, 4);
    assert.deepEqual((await network('?window=2d')).body.results, []);
    assert.equal((await source.checkIn({ results: [...unusable, measured(result)] })).acknowledged, 5);
    assert.equal((await network('?window=2d')).body.results.length, 1);
  });

  test('of a path are kept once too; what has reached the peer more often replaces the rest, never the reverse', async (t) => {
    const { source, key, network, paths } = await worldWithTest(t, 'to-target');
    const result = key(0);
    const peer = '203.0.113.2';
    const lengths = async (): Promise<number[]> => {
      const { body } = await paths();
      return body.results.flatMap((row: { pathTraces: { numberOfHops: number }[] }) =>
        row.pathTraces.map(({ numberOfHops }) => numberOfHops),
      );
    };
    assert.equal((await source.checkIn({ results: [traced(result, [['192.0.2.1']])] })).acknowledged, 1);
    assert.deepEqual(await lengths(), [1]);
    const once = traced(result, [['192.0.2.1', peer], ['192.0.2.1']]);
    assert.equal((await source.checkIn({ results: [once, once] })).acknowledged, 2);
    assert.deepEqual(await lengths(), [2, 1]);
    await source.checkIn({ results: [traced(result, [['192.0.2.1', null, peer]])] });
    await source.checkIn({ results: [traced(result, [])] });
    assert.deepEqual(await lengths(), [2, 1]);
    await source.checkIn({ results: [traced(result, [[peer], [peer]])] });
    assert.deepEqual(await lengths(), [1, 1]);
    assert.deepEqual((await network()).body.results, []);
  });

  test('of a path are acknowledged and dropped where the test, the pair or the form is none', async (t) => {
    const { source, key, paths } = await worldWithTest(t, 'to-target');
    const good = traced(key(0), [['203.0.113.2']]);
    const [trace] = good.traces;
    const unusable = [
      { ...good, testId: '999' },
      { ...good, targetAgentId: source.agentId },
      { ...good, roundId: good.roundId + 100_000 },
      { ...good, traces: Array.from({ length: 11 }, () => trace!) },
      { ...good, traces: [{ ...trace!, hops: [{ ...trace!.hops[0]!, ttl: 33 }] }] },
      { ...good, traces: [{ ...trace!, hops: [{ ...trace!.hops[0]!, address: 'router' }] }] },
    ];
    assert.equal((await source.checkIn({ results: unusable })).acknowledged, unusable.length);
    assert.deepEqual((await paths('?window=2d')).body.results, []);
  });

  test('may be three megabytes of paths, from an agent; anybody else is turned away before that is read', async (t) => {
    const { world, source, key } = await worldWithTest(t, 'to-target');
    const route = [...Array.from({ length: 20 }, (_, at) => `192.0.2.${at + 1}`), '203.0.113.2'];
    const results = Array.from({ length: 160 }, (_, ago) => traced(key(ago), Array(6).fill(route)));
    const size = JSON.stringify(results).length;
    assert.ok(size > 3_000_000 && size < 4_000_000, `${size}`);
    assert.equal((await source.checkIn({ results })).acknowledged, 160);
    const url = `${world.collector.url}/agent/v1/check-in`;
    const larger = { results: [...results, ...results] };
    assert.equal((await ask(url, 'POST', 'a-secret-that-nobody-has', larger)).status, 401);
    assert.equal((await ask(url, 'POST', source.agentSecret, larger)).status, 413);
  });

  const instantCases: [Direction, number][] = [
    ['to-target', 1],
    ['bidirectional', 2],
  ];
  for (const [direction, count] of instantCases) {
    test(`of an instant test ${direction} end its round when ${count} are in`, async (t) => {
      const { world, source, target } = await worldWithTest(t, 'to-target');
      const { body } = await world.rest('POST', '/v7/tests/agent-to-agent/instant', {
        protocol: 'udp',
        direction,
        targetAgentId: target.agentId,
        agents: [{ agentId: source.agentId }],
      });
      const open = async () =>
        (await source.checkIn()).config!.assignments.flatMap(({ schedule }) =>
          schedule.kind === 'once' ? schedule.roundIds : [],
        );
      const [roundId] = await open();
      const pair = { testId: body.testId, sourceAgentId: source.agentId, targetAgentId: target.agentId };
      const key = { ...pair, roundId: roundId! };
      await target.checkIn({ results: [measured({ ...key, direction: 'to-target' })] });
      assert.deepEqual(await open(), count === 1 ? [] : [roundId]);
      await source.checkIn({ results: [measured({ ...key, direction: 'from-target' })] });
      assert.deepEqual(await open(), []);
    });
  }

  test('of an instant test are waited for five minutes', async (t) => {
    const { world, source, target } = await worldWithTest(t, 'to-target');
    await world.rest('POST', '/v7/tests/agent-to-agent/instant', {
      protocol: 'udp',
      targetAgentId: target.agentId,
      agents: [{ agentId: source.agentId }],
    });
    assert.equal((await source.checkIn()).config!.assignments.length, 2);
    world.clock.advance(301_000);
    assert.equal((await source.checkIn()).config!.assignments.length, 1);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MeasuredResult, timelineSchema } from '@pinhole/contract';
import fc from 'fast-check';
import { failed, measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { bucketSeconds } from './timeline.ts';

describe('buckets', () => {
  test('are never more than asked for, and as many rounds wide as they must be', () => {
    const day = 86_400;
    const cases: [number, number, number, number, number][] = [
      [0, day, 2000, 60, 60],
      [0, day, 1000, 60, 120],
      [0, 14 * day, 1000, 60, 1260],
      [0, 14 * day, 1000, 300, 1500],
      [0, 0, 1, 3600, 3600],
      [59, 60, 1, 60, 120],
      [0, 100, 1000, 1, 1],
      // The longest there can be is as quickly divided as any.
      [100_000_000_000, 253_402_300_799, 1, 60, 253_402_300_800],
    ];
    for (const [fromS, toS, points, intervalS, expected] of cases)
      assert.equal(bucketSeconds(fromS, toS, points, intervalS), expected);
    const range = fc.tuple(fc.nat(2_000_000_000), fc.nat(40_000_000), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(range, fc.constantFrom(1, 60, 300, 3600), ([fromS, lengthS, points], intervalS) => {
        const toS = fromS + lengthS;
        const bucketS = bucketSeconds(fromS, toS, points, intervalS);
        assert.equal(bucketS % intervalS, 0);
        // A range that crosses a bucket's edge does so whatever its width; one point cannot show both sides.
        const buckets = Math.floor(toS / bucketS) - Math.floor(fromS / bucketS) + 1;
        assert.ok(buckets <= points);
      }),
    );
  });
});

/** With these one-way latencies as well. */
function withDelay(result: MeasuredResult, meanMs: number, throughputBps?: number): MeasuredResult {
  const { measurement } = result;
  const delay = {
    ...measurement.delay!,
    minMs: meanMs - 1,
    meanMs,
    maxMs: meanMs + 5,
    errorBoundMs: meanMs / 10,
  };
  return {
    ...result,
    measurement: { ...measurement, delay },
    ...(throughputBps !== undefined && {
      throughput: {
        outcome: 'measured',
        bitsPerSecond: throughputBps,
        durationMs: 10_000,
        receivedBytes: 1,
        lossPercent: null,
      },
    }),
  };
}

describe('a timeline', () => {
  test('has a point for each round of each direction, where there is room', async (t) => {
    const { world, testId, key, keep } = await worldWithTest(t, 'bidirectional');
    await keep([
      measured(key(3), 5),
      withDelay(measured(key(2)), 30, 8_000_000),
      failed(key(1)),
      withDelay(measured(key(2, 'from-target')), 40),
    ]);
    const to = key(0).roundId;
    const { status, body } = await world.rest(
      'GET',
      `/page/tests/${testId}/timeline?from=${to - 600}&to=${to}`,
    );
    assert.equal(status, 200);
    assert.deepEqual(timelineSchema.parse(body), body);
    assert.deepEqual(body, {
      testId,
      bucketS: 60,
      toTarget: {
        startS: [key(3).roundId, key(2).roundId, key(1).roundId],
        results: [1, 1, 1],
        failed: [0, 0, 1],
        lossMean: [10, 0, null],
        lossMax: [10, 0, null],
        latencyMin: [9, 29, null],
        latencyMean: [10, 30, null],
        latencyMax: [12, 35, null],
        latencyBound: [9, 3, null],
        roundTripMean: [20, 20, null],
        jitterMean: [0.5, 0.5, null],
        jitterMax: [0.5, 0.5, null],
        throughputMin: [null, 8, null],
        throughputMean: [null, 8, null],
      },
      fromTarget: {
        startS: [key(2).roundId],
        results: [1],
        failed: [0],
        lossMean: [0],
        lossMax: [0],
        latencyMin: [39],
        latencyMean: [40],
        latencyMax: [45],
        latencyBound: [4],
        roundTripMean: [20],
        jitterMean: [0.5],
        jitterMax: [0.5],
        throughputMin: [null],
        throughputMean: [null],
      },
      firstRoundId: key(3).roundId,
      lastRoundId: key(1).roundId,
    });
  });

  test('puts several rounds into one point: means of means, extremes of extremes', async (t) => {
    const { world, testId, key, keep } = await worldWithTest(t, 'to-target');
    await keep([
      withDelay(measured(key(2), 10), 20, 1e6),
      withDelay(measured(key(1)), 40, 3e6),
      failed(key(0)),
    ]);
    const to = key(0).roundId;
    const { body } = await world.rest(
      'GET',
      `/page/tests/${testId}/timeline?from=${to - 7200}&to=${to}&points=1`,
    );
    assert.deepEqual(timelineSchema.parse(body), body);
    assert.equal(body.fromTarget, null);
    const { startS, ...figures } = body.toTarget;
    assert.ok(startS[0] <= key(2).roundId && startS[0] % body.bucketS === 0);
    assert.deepEqual(figures, {
      results: [3],
      failed: [1],
      lossMean: [10],
      lossMax: [20],
      latencyMin: [19],
      latencyMean: [30],
      latencyMax: [45],
      latencyBound: [4],
      roundTripMean: [20],
      jitterMean: [0.5],
      jitterMax: [0.5],
      throughputMin: [1],
      throughputMean: [2],
    });
  });

  test('follows the results: a measurement takes the place of a failure, never the reverse', async (t) => {
    const { world, testId, key, keep } = await worldWithTest(t, 'to-target');
    const point = async () => {
      const { roundId } = key(0);
      const { body } = await world.rest(
        'GET',
        `/page/tests/${testId}/timeline?from=${roundId}&to=${roundId}`,
      );
      return [body.toTarget.results[0], body.toTarget.failed[0], body.toTarget.lossMean[0]];
    };
    await keep([failed(key(0))]);
    assert.deepEqual(await point(), [1, 1, null]);
    await keep([measured(key(0), 5), measured(key(0), 6)]);
    assert.deepEqual(await point(), [1, 0, 10]);
    await keep([failed(key(0))]);
    assert.deepEqual(await point(), [1, 0, 10]);
  });

  test('is of one source where that is asked for', async (t) => {
    const { world, source, target, testId, key, keep } = await worldWithTest(t, 'to-target');
    const other = await world.enroll('other');
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, {
      agents: [{ agentId: source.agentId }, { agentId: other.agentId }],
    });
    await keep([measured(key(0), 5)]);
    await target.checkIn({ results: [measured({ ...key(0), sourceAgentId: other.agentId }, 10)] });
    const { roundId } = key(0);
    const loss = async (query = '') =>
      (await world.rest('GET', `/page/tests/${testId}/timeline?from=${roundId}&to=${roundId}${query}`)).body
        .toTarget.lossMean;
    assert.deepEqual(await loss(), [15]);
    assert.deepEqual(await loss(`&sourceAgentId=${source.agentId}`), [10]);
    assert.deepEqual(await loss('&sourceAgentId=999'), []);
  });

  test('of many sources is the same, though it is not read in one go', async (t) => {
    const { world, source, target, testId, key, keep } = await worldWithTest(t, 'to-target', {
      limits: { enrollmentsPerMinute: 1000 },
    });
    // A stretch is of 25,000 figures, which are 100 rounds of as many sources.
    const others = await Promise.all(Array.from({ length: 249 }, (_, at) => world.enroll(`source ${at}`)));
    const agents = [source, ...others].map(({ agentId }) => ({ agentId }));
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { agents });
    const rounds = Array.from({ length: 350 }, (_, ago) => ago);
    await keep(rounds.map((ago) => measured(key(ago), ago % 50)));
    const sourceAgentId = others[7]!.agentId;
    for (let at = 0; at < rounds.length; at += 175)
      await target.checkIn({
        results: rounds.slice(at, at + 175).map((ago) => measured({ ...key(ago), sourceAgentId }, 10)),
      });
    const to = key(0).roundId;
    for (const points of [1000, 10, 1]) {
      const url = `/page/tests/${testId}/timeline?from=${to - 60 * 400}&to=${to}&points=${points}`;
      const { body } = await world.rest('GET', url);
      const { startS, results, lossMean } = body.toTarget;
      assert.equal(
        results.reduce((sum: number, count: number) => sum + count, 0),
        700,
      );
      assert.deepEqual(
        startS,
        startS.toSorted((a: number, b: number) => a - b),
      );
      assert.equal(new Set(startS).size, startS.length);
      assert.equal(startS.length, points === 1000 ? 350 : startS.length);
      assert.ok(startS.length <= points);
      assert.ok(lossMean.every((loss: number) => loss >= 10 && loss <= 60));
    }
  });

  test('without a result is empty, and of no test is none', async (t) => {
    const { world, testId } = await worldWithTest(t, 'to-target');
    const { body } = await world.rest('GET', `/page/tests/${testId}/timeline?from=0&to=60`);
    assert.deepEqual(timelineSchema.parse(body), body);
    assert.deepEqual([body.toTarget.startS, body.firstRoundId, body.lastRoundId], [[], null, null]);
    assert.equal((await world.rest('GET', '/page/tests/999/timeline?from=0&to=60')).status, 404);
    for (const wrong of ['', '?from=60&to=0', '?from=0&to=60&points=0', '?from=-1&to=5', '?from=0&to=1e99'])
      assert.equal((await world.rest('GET', `/page/tests/${testId}/timeline${wrong}`)).status, 400, wrong);
  });

  test('goes with its test', async (t) => {
    const { world, testId, key, keep } = await worldWithTest(t, 'to-target');
    await keep([measured(key(0))]);
    await world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`);
    assert.equal((await world.rest('GET', `/page/tests/${testId}/timeline?from=0&to=60`)).status, 404);
  });
});

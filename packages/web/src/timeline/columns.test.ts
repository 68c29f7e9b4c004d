import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Timeline, TimelineSeries } from '@pinhole/contract';
import { nearestIndex, timelineColumns } from './columns.ts';
import { worstRound } from './metric.ts';

function series(startS: number[], figures: Partial<TimelineSeries> = {}): TimelineSeries {
  const none = startS.map(() => null);
  return {
    startS,
    results: startS.map(() => 1),
    failed: startS.map(() => 0),
    lossMean: none,
    lossMax: none,
    latencyMin: none,
    latencyMean: none,
    latencyMax: none,
    latencyBound: none,
    roundTripMean: none,
    jitterMean: none,
    jitterMax: none,
    throughputMin: none,
    throughputMean: none,
    ...figures,
  };
}

const timeline = (parts: Partial<Timeline>): Timeline => ({
  testId: '1',
  bucketS: 60,
  toTarget: null,
  fromTarget: null,
  firstRoundId: null,
  lastRoundId: null,
  ...parts,
});

const both = ['to-target', 'from-target'] as const;

describe('the columns of a timeline', () => {
  test('have each time once; a direction without a point there goes through it', () => {
    const columns = timelineColumns(
      timeline({
        toTarget: series([60, 120, 180], { lossMean: [0, 1, 2] }),
        fromTarget: series([60, 180], { lossMean: [5, 6] }),
      }),
      'loss',
      both,
    );
    assert.deepEqual(columns.startS, [60, 120, 180]);
    assert.deepEqual(columns.directions[0]!.value, [0, 1, 2]);
    assert.deepEqual(columns.directions[1]!.value, [5, undefined, 6]);
  });

  test('have a gap where nothing was measured, and where rounds are missing', () => {
    const columns = timelineColumns(
      timeline({
        toTarget: series([60, 120, 180, 600, 660], { lossMean: [0, null, 1, 2, 3], failed: [0, 1, 0, 0, 0] }),
      }),
      'loss',
      both,
    );
    assert.deepEqual(columns.startS, [60, 120, 180, 181, 600, 660]);
    assert.deepEqual(columns.directions[0]!.value, [0, null, 1, null, 2, 3]);
    assert.deepEqual(columns.directions[0]!.failed, [false, true, false, false, false, false]);
  });

  test('have the error bound of the latency as a band, which is never below nothing', () => {
    const [direction] = timelineColumns(
      timeline({
        toTarget: series([60, 120, 180], { latencyMean: [10, 2, 5], latencyBound: [1.5, 3, null] }),
      }),
      'latency',
      ['to-target'],
    ).directions;
    assert.deepEqual(direction!.low, [8.5, 0, 5]);
    assert.deepEqual(direction!.high, [11.5, 5, 5]);
  });

  test('leave out a direction that is not asked for or not measured', () => {
    assert.deepEqual(
      timelineColumns(timeline({ toTarget: series([60]) }), 'loss', both).directions.map(
        (each) => each.direction,
      ),
      ['to-target'],
    );
    assert.deepEqual(
      timelineColumns(timeline({ toTarget: series([60]) }), 'loss', ['from-target']).startS,
      [],
    );
  });
});

describe('the nearest time', () => {
  const cases: [number, number][] = [
    [0, 0],
    [149, 0],
    [151, 1],
    [260, 2],
    [999, 2],
  ];
  for (const [time, expected] of cases)
    test(`of 100, 200, 300 to ${time}`, () => assert.equal(nearestIndex([100, 200, 300], time), expected));
  test('of none', () => assert.equal(nearestIndex([], 5), null));
});

describe('the round that stands out', () => {
  test('is the one that failed', () => {
    assert.equal(worstRound([series([60, 120], { failed: [1, 0], lossMean: [null, 90] })], 'loss'), 60);
  });
  test('is the worst by the metric, in whichever direction', () => {
    const forth = series([60, 120], { latencyMean: [5, 8] });
    const back = series([60, 120], { latencyMean: [30, 7] });
    assert.equal(worstRound([forth, back], 'latency'), 60);
  });
  test('is the least of throughput', () => {
    assert.equal(worstRound([series([60, 120, 180], { throughputMean: [90, 3, 50] })], 'throughput'), 120);
  });
  test('is the latest of equals', () => {
    assert.equal(worstRound([series([60, 120], { lossMean: [0, 0] })], 'loss'), 120);
    assert.equal(worstRound([], 'loss'), null);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timeline, TimelineSeries } from '@pinhole/contract';
import { lastRound } from './last-round.ts';

/** Buckets of one round: when, results, failures, loss. */
function series(...rounds: [number, number, number, number | null][]): TimelineSeries {
  const none = rounds.map(() => null);
  return {
    startS: rounds.map(([start]) => start),
    results: rounds.map(([, results]) => results),
    failed: rounds.map(([, , failed]) => failed),
    lossMean: none,
    lossMax: rounds.map(([, , , loss]) => loss),
    latencyMin: none,
    latencyMean: none,
    latencyMax: none,
    latencyBound: none,
    roundTripMean: none,
    jitterMean: none,
    jitterMax: none,
    throughputMin: none,
    throughputMean: none,
  };
}

function timeline(parts: Partial<Timeline>): Timeline {
  return {
    testId: '1',
    bucketS: 60,
    toTarget: null,
    fromTarget: null,
    firstRoundId: 60,
    lastRoundId: 180,
    ...parts,
  };
}

test('a test that never ran says so', () => {
  assert.equal(lastRound(timeline({ lastRoundId: null })).words, 'No round yet');
});

test('without a round of late, the last of all time is named', () => {
  assert.deepEqual(lastRound(timeline({ toTarget: series() })), {
    tone: 'neutral',
    words: 'None of late',
    roundId: 180,
  });
});

test('the worse loss of both directions counts', () => {
  const both = timeline({
    toTarget: series([120, 1, 1, null], [180, 1, 0, 0]),
    fromTarget: series([180, 1, 0, 2.5]),
  });
  assert.deepEqual(lastRound(both), { tone: 'good', words: '2.5 % loss', roundId: 180 });
});

test('loss as high as the default alert rule has it stands out', () => {
  assert.equal(lastRound(timeline({ toTarget: series([180, 1, 0, 20]) })).tone, 'warn');
});

test('failures are counted over sources and directions', () => {
  assert.equal(lastRound(timeline({ toTarget: series([180, 2, 2, null]) })).words, 'Failed');
  const some = timeline({ toTarget: series([180, 2, 1, 0]), fromTarget: series([180, 2, 0, 0]) });
  assert.equal(lastRound(some).words, '1 of 4 results failed');
});

test('a direction that is not in the newest round does not speak for it', () => {
  const late = timeline({ toTarget: series([180, 1, 0, 0]), fromTarget: series([120, 1, 1, null]) });
  assert.equal(lastRound(late).words, '0 % loss');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agentQuerySchema } from './agents.ts';
import { resultsQuerySchema } from './results.ts';
import { testRequestSchema, testUpdateSchema } from './tests.ts';

const least = { testName: 'a test', interval: 60, targetAgentId: '2', agents: [{ agentId: '1' }] };

describe('a test request', () => {
  test('gets the defaults of v7', () => {
    assert.deepEqual(testRequestSchema.parse(least), {
      ...least,
      enabled: true,
      direction: 'to-target',
      protocol: 'tcp',
      dscpId: '0',
      numPathTraces: 3,
      pathTraceMode: 'classic',
      randomizedStartTime: false,
      throughputMeasurements: false,
      throughputDuration: 10_000,
      alertsEnabled: true,
    });
  });

  test('may carry what a response carried', () => {
    const parsed = testRequestSchema.parse({
      ...least,
      testId: '7',
      _links: {},
      agents: [{ agentId: '1', agentName: 'x' }],
    });
    assert.deepEqual(parsed.agents, [{ agentId: '1' }]);
    assert.equal('testId' in parsed, false);
  });

  const refused: [string, object][] = [
    ['an interval that is none of v7', { interval: 61 }],
    ['no sources', { agents: [] }],
    ['mss below 20', { mss: 19 }],
    ['mss above 1400', { mss: 1401 }],
    ['a packet rate above 100', { fixedPacketRate: 101 }],
    ['an unknown DSCP', { dscpId: '1' }],
    ['eleven path traces', { numPathTraces: 11 }],
    ['a throughput of under 5 s', { throughputDuration: 4999 }],
    ['a throughput rate above 1000', { throughputRate: 1001 }],
    ['a blank name', { testName: '  ' }],
    ['an unknown direction', { direction: 'both' }],
  ];
  for (const [what, change] of refused) {
    test(`is refused with ${what}`, () => {
      assert.equal(testRequestSchema.safeParse({ ...least, ...change }).success, false);
      assert.equal(testUpdateSchema.safeParse(change).success, false);
    });
  }

  test('an update fills in nothing that was not given', () => {
    assert.deepEqual(testUpdateSchema.parse({ interval: 120 }), { interval: 120 });
  });
});

describe('query parameters', () => {
  test('lists are comma-separated or repeated', () => {
    assert.deepEqual(agentQuerySchema.parse({ expand: 'test,test-ids' }).expand, ['test', 'test-ids']);
    assert.deepEqual(agentQuerySchema.parse({ expand: ['test', 'test-ids'] }).expand, ['test', 'test-ids']);
    assert.deepEqual(agentQuerySchema.parse({}).expand, []);
    assert.equal(agentQuerySchema.safeParse({ expand: 'nonsense' }).success, false);
  });

  test('a window excludes dates, and an end needs a start', () => {
    const date = '2026-01-01T00:00:00Z';
    assert.equal(resultsQuerySchema.safeParse({ window: '12h' }).success, true);
    assert.equal(resultsQuerySchema.safeParse({ window: '12y' }).success, false);
    assert.equal(resultsQuerySchema.safeParse({ window: '12h', startDate: date }).success, false);
    assert.equal(resultsQuerySchema.safeParse({ endDate: date }).success, false);
    assert.equal(resultsQuerySchema.safeParse({ startDate: date, endDate: date }).success, true);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoundResult } from '@pinhole/contract';
import { failed, measured } from '../../../test/harness.ts';
import type { TestRecord } from '../../store/tests.ts';
import { resourceMetrics } from './metric-data.ts';

const key = {
  testId: '7',
  roundId: 1_600_000_020,
  sourceAgentId: '1',
  targetAgentId: '2',
  direction: 'to-target',
} as const;

function testOf(direction: 'to-target' | 'bidirectional'): TestRecord {
  const settings = { direction, protocol: 'udp' } as TestRecord['settings'];
  return { testId: '7', testName: 'a test', settings } as TestRecord;
}

/** Each metric with its unit, the directions of its points, and their values. */
function told(results: readonly RoundResult[], direction: 'to-target' | 'bidirectional' = 'to-target') {
  const agents = new Map([['1', 'source']]);
  const { scopeMetrics } = resourceMetrics(results, { agents, tests: new Map([['7', testOf(direction)]]) });
  return scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      descriptor.unit,
      ...dataPoints.map(({ attributes, value }) => [attributes['network.io.direction'], value]),
    ]),
  );
}

test('a measured result: latency in seconds, loss in percent, jitter in milliseconds', () => {
  assert.deepEqual(told([measured(key, 5)]), [
    ['pinhole.round.failed', '1', ['transmit', 0]],
    ['network.loss', '%', ['transmit', 10]],
    ['network.latency', 's', ['transmit', 0.01], ['round-trip', 0.02]],
    ['network.jitter', 'ms', ['transmit', 0.5]],
  ]);
});

test('the round trip of a test with both directions is told once', () => {
  const both = told([measured(key), measured({ ...key, direction: 'from-target' })], 'bidirectional');
  assert.deepEqual(
    both.find(([name]) => name === 'network.latency'),
    ['network.latency', 's', ['transmit', 0.01], ['receive', 0.01], ['round-trip', 0.02]],
  );
});

test('a failed result is told as that, with the code of the error', () => {
  const { scopeMetrics } = resourceMetrics([failed(key)], { agents: new Map(), tests: new Map() });
  const [metric, ...others] = scopeMetrics[0]!.metrics;
  assert.equal(others.length, 0);
  assert.equal(metric?.descriptor.name, 'pinhole.round.failed');
  assert.deepEqual(metric?.dataPoints[0]?.attributes, {
    'network.io.direction': 'transmit',
    'thousandeyes.test.id': '7',
    'thousandeyes.test.type': 'agent-to-agent',
    'thousandeyes.source.agent.id': '1',
    'thousandeyes.target.agent.id': '2',
    'error.type': 'connection-failed',
  });
});

test('a point has the time of its round, and says between whom and of which test it is', () => {
  const agents = new Map([
    ['1', 'source'],
    ['2', 'target'],
  ]);
  const tests = new Map([['7', testOf('to-target')]]);
  const { scopeMetrics } = resourceMetrics([measured(key)], { agents, tests });
  const [point] = scopeMetrics[0]!.metrics[1]!.dataPoints;
  assert.deepEqual(point?.endTime, [1_600_000_020, 0]);
  assert.deepEqual(point?.attributes, {
    'network.io.direction': 'transmit',
    'network.transport': 'udp',
    'server.port': 49_153,
    'thousandeyes.test.id': '7',
    'thousandeyes.test.name': 'a test',
    'thousandeyes.test.type': 'agent-to-agent',
    'thousandeyes.source.agent.id': '1',
    'thousandeyes.source.agent.name': 'source',
    'thousandeyes.target.agent.id': '2',
    'thousandeyes.target.agent.name': 'target',
  });
});

test('throughput is told where it was measured', () => {
  const result = measured(key);
  const throughput = {
    outcome: 'measured',
    bitsPerSecond: 9e6,
    durationMs: 1,
    receivedBytes: 1,
    lossPercent: null,
  } as const;
  assert.deepEqual(told([{ ...result, throughput }]).at(-1), [
    'pinhole.throughput',
    'bit/s',
    ['transmit', 9e6],
  ]);
});

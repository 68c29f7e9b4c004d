import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NetworkResult } from '@pinhole/contract';
import { defaultThresholds, healthOf } from './health.ts';
import { agentHealth, laneFigures, pairRows } from './rows.ts';

function result(
  source: string,
  direction: NetworkResult['direction'],
  more: Partial<NetworkResult>,
): NetworkResult {
  return {
    agent: { agentId: source, agentName: `Site ${source}` },
    targetAgent: { agentId: '9', agentName: 'Target' },
    date: '2026-11-22T21:40:00Z',
    roundId: 60,
    startTime: 60,
    endTime: 70,
    direction,
    _links: { appLink: { href: '' } },
    ...more,
  };
}

const rows = pairRows([
  result('2', 'to-target', { errorCode: 'connection-failed' }),
  result('1', 'from-target', { loss: 0, avgLatency: 40 }),
  result('1', 'to-target', { loss: 2, avgLatency: 20 }),
]);

test('both directions of a pair are one row, by the name of the source', () => {
  assert.deepEqual(
    rows.map(({ sourceName, results }) => [
      sourceName,
      results['to-target']?.loss,
      results['from-target']?.loss,
    ]),
    [
      ['Site 1', 2, 0],
      ['Site 2', undefined, undefined],
    ],
  );
  assert.equal(rows[1]!.results['from-target'], null);
});

test('an agent that was deleted still has a name', () => {
  const [row] = pairRows([result('3', 'to-target', { agent: { agentId: '3' } })]);
  assert.equal(row!.sourceName, 'Agent 3 (deleted)');
});

describe('health', () => {
  test('is by thresholds, of throughput the other way round', () => {
    assert.equal(healthOf('loss', 0.9, defaultThresholds.loss), 'good');
    assert.equal(healthOf('loss', 1, defaultThresholds.loss), 'warn');
    assert.equal(healthOf('loss', 5, defaultThresholds.loss), 'bad');
    assert.equal(healthOf('throughput', 5, defaultThresholds.throughput), 'warn');
    assert.equal(healthOf('loss', null, defaultThresholds.loss), 'unknown');
  });

  test('of an agent is that of the directions that begin at it', () => {
    const health = agentHealth(rows, ['to-target', 'from-target'], 'loss', defaultThresholds.loss);
    assert.deepEqual(Object.fromEntries(health), { 1: 'warn', 2: 'bad', 9: 'good' });
  });
});

test("a lane's figures are means of what was measured", () => {
  assert.deepEqual(laneFigures(rows, 'to-target'), { failed: 1, loss: 2, latency: 20 });
  assert.deepEqual(laneFigures(rows, 'from-target'), { failed: 0, loss: 0, latency: 40 });
  assert.deepEqual(laneFigures([], 'to-target'), { failed: 0, loss: null, latency: null });
});

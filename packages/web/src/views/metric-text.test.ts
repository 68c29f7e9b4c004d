import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricText } from './metric-text.ts';

const columns = {
  direction: 'to-target' as const,
  value: [34.46, null, null, 10, undefined],
  low: [34.25, null, null, 10, undefined],
  high: [34.67, null, null, 10, undefined],
  failed: [false, true, false, true, false],
};

test('a point of a direction in words', () => {
  assert.equal(metricText('latency', columns, 0), '34.5 ms ± 0.210 ms');
  assert.equal(metricText('jitter', columns, 0), '34.5 ms, greatest 34.7 ms');
  assert.equal(metricText('throughput', columns, 0), '34.5 Mbit/s, least 34.3 Mbit/s');
  assert.equal(metricText('latency', columns, 1), 'failed');
  assert.equal(metricText('latency', columns, 2), '–');
  assert.equal(metricText('latency', columns, 3), '10.0 ms, some failed');
  assert.equal(metricText('latency', columns, 4), '–');
});

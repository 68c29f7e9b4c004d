import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FailedResult, MeasuredResult } from '@pinhole/contract';
import { failed, measured } from '../../test/harness.ts';
import { parseExpression } from './expression.ts';
import { figuresOf, figuresOfBoth, holds, metricsText } from './figures.ts';

const key = {
  testId: '1',
  roundId: 60,
  sourceAgentId: '1',
  targetAgentId: '2',
  direction: 'to-target',
} as const;

function expression(text: string) {
  const parsed = parseExpression(text);
  assert.ok(parsed.ok);
  return parsed.expression;
}

// 10 of 50 lost, latency 10 ms, jitter 0.5 ms, DSCP 0.
const lossy = measured(key, 10);
const withThroughput: MeasuredResult = {
  ...lossy,
  throughput: {
    outcome: 'measured',
    bitsPerSecond: 9e6,
    durationMs: 10_000,
    receivedBytes: 1,
    lossPercent: 0,
  },
};
const broken = failed(key);
const fault: FailedResult = { ...broken, errorCode: 'agent-fault' };

describe('conditions on one direction', () => {
  const table: [text: string, result: MeasuredResult | FailedResult, holds: boolean][] = [
    ['loss >= 20 %', lossy, true],
    ['loss > 20 %', lossy, false],
    ['loss == 20 %', lossy, true],
    ['loss < 20 %', lossy, false],
    ['latency <= 10 ms', lossy, true],
    ['latency >= 0.01 s', lossy, true],
    ['jitter != 0.5 ms', lossy, false],
    ['dscp != 46', lossy, true],
    ['throughput < 10 Mbps', withThroughput, true],
    // Nothing was measured, so no comparison holds, not even that it is less.
    ['throughput < 10 Mbps', lossy, false],
    ['latency < 100 ms', broken, false],
    ['latency != 100 ms', broken, false],
    // A path that is down has lost everything; a program that is broken says nothing of the path.
    ['loss >= 100 %', broken, true],
    ['loss >= 1 %', fault, false],
    ['probDetail != ""', lossy, false],
    ['probDetail != ""', fault, true],
    ['probDetail == ""', lossy, true],
    ['probDetail =~ /refused|Connection to target/', broken, true],
    ['probDetail !~ /refused/', broken, true],
    ['(loss >= 20 %) && (latency > 100 ms)', lossy, false],
    ['(loss >= 20 %) || (latency > 100 ms)', lossy, true],
  ];
  for (const [text, result, expected] of table)
    test(`${text}: ${result.outcome === 'failed' ? result.errorCode : 'measured'}, ${expected}`, () =>
      assert.equal(holds(expression(text), figuresOf(result)), expected));
});

describe('both directions together', () => {
  const back = measured({ ...key, direction: 'from-target' }, 0);

  test('loss over the packets of both, latencies added, jitters averaged', () => {
    const { lossPercent, latencyMs, jitterMs, problem } = figuresOfBoth(lossy, back);
    assert.deepEqual([lossPercent, latencyMs, jitterMs, problem], [10, 20, 0.5, '']);
  });

  test('a direction through which nothing came has lost all that was sent in it', () => {
    const { lossPercent, latencyMs, problem } = figuresOfBoth(lossy, {
      ...broken,
      direction: 'from-target',
    });
    assert.deepEqual([lossPercent, latencyMs], [60, null]);
    assert.match(problem, /^Connection to target agent failed/);
  });

  test('with a fault of a program in one direction there is no loss to tell', () => {
    assert.equal(figuresOfBoth(lossy, { ...fault, direction: 'from-target' }).lossPercent, null);
  });
});

test('the text names what the rule looks at, and what went wrong', () => {
  const both = expression('(loss >= 20 %) || (latency > 100 ms) || (loss < 1 %)');
  assert.equal(metricsText(both, figuresOf(lossy)), 'Loss: 20 %, Latency: 10 ms');
  assert.equal(
    metricsText(both, figuresOf(broken)),
    'Loss: 100 %, Connection to target agent failed: no answer to 12 probes',
  );
  assert.equal(metricsText(expression('throughput < 1 Mbps'), figuresOf(lossy)), 'No value');
  assert.ok(metricsText(both, figuresOf({ ...broken, evidence: 'x'.repeat(500) })).length <= 600);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeNet } from '@pinhole/net';
import { UsageError } from './lifecycle.ts';
import { withTestClock } from './test-clock.ts';

function withClock(text: string | undefined) {
  const net = createNodeNet();
  return { net, skewed: withTestClock(net, { PINHOLE_TEST_CLOCK: text }) };
}

test('without the variable the clock is the true one', () => {
  const { net, skewed } = withClock(undefined);
  assert.equal(skewed, net);
});

test('the clock is what the variable says', () => {
  const { net, skewed } = withClock('{"offsetMs":7000,"step":{"afterMs":0,"byMs":300}}');
  const aheadMs = (skewed.clock.monotonicNs() - net.clock.monotonicNs()) / 1e6;
  // The two are read one after the other.
  assert.ok(aheadMs <= 7300 && aheadMs > 7300 - 1000, `${aheadMs} ms`);
});

test('what is malformed is refused in a sentence', () => {
  for (const text of ['', '7000', '{"offset":7}', '{"offsetMs":"7"}', '{"step":{"atMs":1}}', '{"step":5}']) {
    assert.throws(() => withClock(text), UsageError, text);
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutBy, keepAliveHistory, type OpenLoss, withLoss } from './losses.ts';

const open: OpenLoss = { atMs: 100_000, by: 'silence', livedMs: 60_000, idleMs: 25_000, portBefore: 40_000 };

describe('what counts as a loss', () => {
  it('is an end that neither side meant', () => {
    assert.equal(cutBy('reset'), 'reset');
    assert.equal(cutBy('timeout'), 'silence');
    assert.equal(cutBy('ended-by-peer'), null);
    assert.equal(cutBy('ended'), null);
  });

  it('is followed by a new connection at once: whatever cut the old one lets it through', () => {
    assert.deepEqual(withLoss([], open, 40_000, 101_000), [{ ...open, portAfter: 40_000 }]);
  });

  it('is not an outage, after which nobody gets through for a while', () => {
    assert.deepEqual(withLoss([], open, 40_000, 130_000), []);
  });

  it('is remembered for an hour, and no more than a few of them', () => {
    const losses = Array.from({ length: 40 }, (_, i) => i).reduce(
      (all, i) => withLoss(all, { ...open, atMs: i * 30_000 }, 40_000, i * 30_000 + 500),
      withLoss([], null, 40_000, 0),
    );
    assert.equal(keepAliveHistory(losses, null, 40 * 30_000).lostAfterMs.length, 8);
    assert.deepEqual(keepAliveHistory(losses, 5_000, 40 * 30_000 + 3_600_000), {
      heldForMs: 5_000,
      lostAfterMs: [],
      remarks: [],
    });
  });

  it('is told with how it was noticed, and with the public port where that is another one since', () => {
    const losses = withLoss([], open, 40_000, 101_000);
    assert.deepEqual(keepAliveHistory(withLoss(losses, open, 40_001, 101_000), 1_000, 102_000), {
      heldForMs: 1_000,
      lostAfterMs: [60_000, 60_000],
      remarks: [
        'lost by silence after 25 s without a word',
        'lost by silence after 25 s without a word, and the public port changed from 40000 to 40001',
      ],
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cutBy,
  isConfirmed,
  keepAliveAfter,
  keepAliveHistory,
  type Loss,
  longestKeepAliveMs,
  type OpenLoss,
  wasForgotten,
  withLoss,
  withTrial,
} from './losses.ts';

const open: OpenLoss = {
  of: 'registration',
  atMs: 100_000,
  by: 'silence',
  livedMs: 60_000,
  idleMs: 8_000,
  wasForgotten: true,
  portBefore: 40_000,
};
const { wasForgotten: _, ...loss } = open;
const trial: Loss = { ...loss, of: 'trial', by: 'reset', livedMs: 15_000, idleMs: 15_000, portAfter: 40_000 };

describe('what counts as a loss', () => {
  it('is an end that neither side meant', () => {
    assert.equal(cutBy('reset'), 'reset');
    assert.equal(cutBy('timeout'), 'silence');
    assert.equal(cutBy('ended-by-peer'), null);
    assert.equal(cutBy('ended'), null);
  });

  it('is followed by a new connection at once: whatever cut the old one lets it through', () => {
    assert.equal(isConfirmed(open, 101_000), true);
    assert.deepEqual(withLoss([], open, 40_000), [{ ...loss, portAfter: 40_000 }]);
  });

  it('is not an outage, after which nobody gets through for a while', () => {
    assert.equal(isConfirmed(open, 130_000), false);
    assert.equal(isConfirmed(null, 0), false);
  });

  it('is remembered for an hour, and no more than a few of them', () => {
    const losses = Array.from({ length: 40 }, (_, i) => i).reduce<readonly Loss[]>(
      (all, i) => withLoss(all, { ...open, atMs: i * 30_000 }, 40_000),
      [],
    );
    assert.equal(keepAliveHistory(losses, null, 40 * 30_000).lostAfterMs.length, 8);
    assert.deepEqual(keepAliveHistory(losses, 5_000, 40 * 30_000 + 3_600_000), {
      heldForMs: 5_000,
      lostAfterMs: [],
      remarks: [],
    });
  });

  it('is told with how it was noticed, and with the public port where that is another one since', () => {
    const losses = withTrial(withLoss(withLoss([], open, 40_000), open, 40_001), [trial]);
    assert.deepEqual(keepAliveHistory(losses, 1_000, 102_000), {
      heldForMs: 1_000,
      lostAfterMs: [60_000, 60_000, 15_000],
      remarks: [
        'lost by silence after 8 s without a word',
        'lost by silence after 8 s without a word, and the public port changed from 40000 to 40001',
        'a connection left idle was lost by reset after 15 s without a word',
      ],
    });
  });
});

describe('what a trial came to', () => {
  it('takes the place of what earlier ones did, and of nothing else', () => {
    const ofRegistration = withLoss([], open, 40_000);
    const before = withTrial(ofRegistration, [trial, trial]);
    assert.equal(before.length, 3);
    assert.deepEqual(withTrial(before, []), ofRegistration);
  });
});

describe('a connection that was forgotten', () => {
  it('is one that did not answer the first word after an idle time', () => {
    assert.equal(wasForgotten({ sinceMs: 0, idleMs: 8_000 }), true);
    assert.equal(wasForgotten({ sinceMs: 0, idleMs: 200 }), false);
    assert.equal(wasForgotten(null), false);
  });

  it('is followed by one that is kept alive twice as often, down to 4 s', () => {
    assert.deepEqual(
      [longestKeepAliveMs, 4_000].map((ms) => keepAliveAfter(ms, open)),
      [4_000, 4_000],
    );
    assert.equal(keepAliveAfter(8_000, { ...open, wasForgotten: false }), 8_000);
    assert.equal(keepAliveAfter(8_000, null), 8_000);
  });
});

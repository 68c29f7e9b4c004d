import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSettled, longestMs, newSearch, nextWait, shortestMs, withTrial } from './search.ts';

/** What is tried, and what comes of it, where a mapping lives for so long; in seconds. */
function search(lifetimeMs: number, trials = 20) {
  let state = newSearch;
  const waited: number[] = [];
  for (let i = 0; i < trials && !isSettled(state); i++) {
    const { idleMs } = nextWait(state, 0);
    waited.push(idleMs);
    state = withTrial(state, { idleMs, atMs: 0, lived: idleMs < lifetimeMs });
  }
  return { state, waited };
}

describe('the search for a lifetime', () => {
  it('begins between the commonest ones', () => {
    assert.deepEqual(
      [30_000, 120_000].map((lifetimeMs) => search(lifetimeMs, 2).waited),
      [
        [45_000, 18_000],
        [45_000, 112_500],
      ],
    );
  });

  it('comes within a tenth or two seconds of it, in at most nine trials of at most five minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: shortestMs + 1, max: longestMs }), (lifetimeMs) => {
        const { state, waited } = search(lifetimeMs);
        assert.ok(isSettled(state) && state.alive !== null && state.dead !== null);
        assert.ok(state.alive.idleMs < lifetimeMs && lifetimeMs <= state.dead.idleMs);
        assert.ok(state.dead.idleMs - state.alive.idleMs <= Math.max(2_000, state.alive.idleMs / 10));
        assert.ok(waited.length <= 9, `${waited}`);
        assert.ok(waited.every((each) => each >= shortestMs && each <= longestMs));
      }),
    );
  });

  it('ends at either bound', () => {
    assert.deepEqual(search(longestMs * 2).waited, [45_000, 112_500, 281_250, 300_000]);
    assert.deepEqual(search(1).waited, [45_000, 18_000, 7_200, 5_000]);
  });

  it('drops what a later trial contradicts', () => {
    const { state } = search(60_000);
    const longer = withTrial(state, { idleMs: 200_000, atMs: 1, lived: true });
    assert.deepEqual(longer, { alive: { idleMs: 200_000, atMs: 1 }, dead: null });
    const shorter = withTrial(state, { idleMs: 10_000, atMs: 1, lived: false });
    assert.deepEqual(shorter, { alive: null, dead: { idleMs: 10_000, atMs: 1 } });
  });

  it('tries again after an hour what it has tried least lately', () => {
    let { state } = search(60_000);
    const { alive, dead } = state;
    assert.ok(alive !== null && dead !== null);
    state = withTrial(state, { idleMs: alive.idleMs, atMs: 5_000, lived: true });
    assert.deepEqual(nextWait(state, 10_000), { idleMs: dead.idleMs, atMs: 3_600_000 });
    state = withTrial(state, { idleMs: dead.idleMs, atMs: 3_600_000, lived: false });
    assert.deepEqual(nextWait(state, 3_600_000), { idleMs: alive.idleMs, atMs: 3_605_000 });
  });
});

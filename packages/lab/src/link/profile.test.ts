import assert from 'node:assert/strict';
import { test } from 'node:test';
import { departure, linkProfile, linkSchema, plainDirection } from './profile.ts';

/** Gives these numbers, as shares of the limit. */
function shares(...values: number[]) {
  return { below: (limit: number) => Math.floor(values.shift()! * limit) };
}

const none = shares();
const ms = 1e6;

test('a link that does nothing lets a packet leave when it comes', () => {
  assert.deepEqual(departure(plainDirection, 5 * ms, 0, none), {
    leavesNs: 5 * ms,
    heldBack: false,
    twice: false,
  });
});

test('a delay is added; with jitter between the delay less it and the delay plus it', () => {
  const direction = { ...plainDirection, delayMs: 20, jitterMs: 5 };
  const leavesMs = (share: number) => departure(direction, 0, 0, shares(share))!.leavesNs / ms;
  assert.equal(departure({ ...direction, jitterMs: 0 }, 0, 0, none)!.leavesNs, 20 * ms);
  assert.deepEqual([leavesMs(0), leavesMs(0.5), leavesMs(0.9999999)], [15, 20, 25]);
});

test('jitter does not overtake: a packet leaves later than the one before', () => {
  assert.equal(departure(plainDirection, 5, 7, none)!.leavesNs, 8);
});

test('a lost packet does not leave', () => {
  const direction = { ...plainDirection, lossPercent: 10 };
  assert.equal(departure(direction, 0, 0, shares(0.0999)), null);
  assert.notEqual(departure(direction, 0, 0, shares(0.1)), null);
  assert.equal(departure({ ...direction, lossPercent: 100 }, 0, 0, shares(0.9999)), null);
});

test('a reordered packet is held back, whatever the one before', () => {
  const direction = { ...plainDirection, reorderPercent: 10, reorderMs: 30 };
  const heldBack = departure(direction, 1, 99 * ms, shares(0.05))!;
  assert.deepEqual([heldBack.leavesNs, heldBack.heldBack], [1 + 30 * ms, true]);
  assert.equal(departure(direction, 1, 0, shares(0.5))!.heldBack, false);
});

test('a share of the packets leaves twice', () => {
  const direction = { ...plainDirection, duplicatePercent: 10 };
  assert.equal(departure(direction, 0, 0, shares(0.0999))!.twice, true);
  assert.equal(departure(direction, 0, 0, shares(0.1))!.twice, false);
});

test('a link is the same both ways, or each way is described', () => {
  const same = linkProfile(linkSchema.parse({ delayMs: 3 }));
  assert.deepEqual([same.up.delayMs, same.down.delayMs], [3, 3]);
  const up = linkProfile(linkSchema.parse({ up: { delayMs: 3 } }));
  assert.deepEqual([up.up.delayMs, up.down], [3, plainDirection]);
});

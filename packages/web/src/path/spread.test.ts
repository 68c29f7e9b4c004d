import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from './spread.ts';

test('what has room stands where it wants to', () => {
  assert.deepEqual(spread([0, 50, 200], [20, 20, 20], [1, 1, 1]), [0, 50, 200]);
});

test('what wants the same place stands around it, side by side', () => {
  assert.deepEqual(spread([100, 100, 100], [20, 20, 20], [1, 1, 1]), [80, 100, 120]);
});

test('the order is kept against the wishes', () => {
  assert.deepEqual(spread([100, 0], [20, 20], [1, 1]), [40, 60]);
});

test('the heavier one moves less', () => {
  assert.deepEqual(spread([100, 100], [20, 20], [3, 1]), [95, 115]);
});

test('sizes may differ', () => {
  assert.deepEqual(spread([0, 0], [10, 30], [1, 1]), [-10, 10]);
});

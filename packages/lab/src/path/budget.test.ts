import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorBudget } from './budget.ts';

function taken(periodMs: number, timesMs: readonly number[]): number[] {
  const budget = new ErrorBudget();
  return timesMs.filter((nowMs) => budget.take('192.0.2.1', periodMs, nowMs));
}

test('six errors at once, then one each period', () => {
  assert.equal(taken(1000, Array(20).fill(10_000)).length, 6);
  const everyTenth = Array.from({ length: 100 }, (_, tenth) => 10_000 + 100 * tenth);
  assert.deepEqual(
    taken(1000, everyTenth).slice(6),
    [11, 12, 13, 14, 15, 16, 17, 18, 19].map((second) => 1000 * second),
  );
});

test('what was not used in a quiet time is saved up, as far as six', () => {
  assert.equal(taken(1000, [...Array(6).fill(0), ...Array(9).fill(3500)]).length, 6 + 3);
  assert.equal(taken(1000, [...Array(6).fill(0), ...Array(9).fill(60_000)]).length, 6 + 6);
});

test('without a period there is no limit; destinations count apart', () => {
  assert.equal(taken(0, Array(50).fill(1)).length, 50);
  const budget = new ErrorBudget();
  const burst = (to: string) => Array.from({ length: 9 }, () => budget.take(to, 1000, 0)).filter(Boolean);
  assert.equal(burst('192.0.2.1').length, 6);
  assert.equal(burst('192.0.2.2').length, 6);
});

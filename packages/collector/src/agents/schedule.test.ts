import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervals } from '@pinhole/contract';
import { offsetMs } from './schedule.ts';

const testIds = Array.from({ length: 1000 }, (_, index) => String(index + 1));

test('an offset is stable and leaves a round room before the next multiple of the interval', () => {
  for (const intervalS of intervals) {
    for (const testId of testIds) {
      const offset = offsetMs(testId, intervalS);
      assert.equal(offset, offsetMs(testId, intervalS));
      assert.ok(offset >= 0 && offset < intervalS * 1000 - 10_000);
    }
  }
});

test('offsets are spread: no tenth of the minute has more than twice its share', () => {
  const tenths = Map.groupBy(testIds, (testId) => Math.floor(offsetMs(testId, 60) / 5000));
  assert.equal(tenths.size, 10);
  for (const tenth of tenths.values()) assert.ok(tenth.length < 200);
});

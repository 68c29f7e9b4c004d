import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '@pinhole/net';
import { retryDelayMs } from './retry.ts';

const always = (part: number): Random => ({
  bytes: (length) => new Uint8Array(length),
  below: (limit) => Math.floor(part * (limit - 1)),
});

test('waits double up to a bound, a quarter more or less', () => {
  const waits = { firstMs: 1000, maxMs: 60_000 };
  const of = (failures: number, part: number) => retryDelayMs(waits, failures, always(part));
  assert.deepEqual(
    [0, 1, 2, 3, 6, 1000].map((failures) => of(failures, 0.5)),
    [1000, 2000, 4000, 8000, 60_000, 60_000],
  );
  assert.deepEqual([of(0, 0), of(0, 1)], [750, 1250]);
});

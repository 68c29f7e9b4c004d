import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from './errors.ts';
import { noteReach, unreachable, watchReach } from './reach.ts';

test('the first request without an answer tells everybody, and so does the next answer', () => {
  const seen: (string | null)[] = [];
  const stop = watchReach(() => seen.push(unreachable()?.message ?? null));
  const lost = new ApiError('unreachable', 'The collector does not answer.');
  noteReach(null);
  assert.deepEqual(seen, []);
  noteReach(lost);
  noteReach(new ApiError('unreachable', 'The collector does not answer.'));
  assert.deepEqual(seen, [lost.message]);
  noteReach(null);
  assert.deepEqual(seen, [lost.message, null]);
  stop();
  noteReach(lost);
  assert.deepEqual(seen, [lost.message, null]);
  noteReach(null);
});

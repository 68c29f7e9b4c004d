import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { sideBySide } from './side-by-side.ts';

test('so many work at once, and each is done', async () => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  await sideBySide(
    [1, 2, 3, 4, 5],
    2,
    () => [],
    async (item) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      done.push(item);
    },
  );
  assert.deepEqual([most, done.toSorted()], [2, [1, 2, 3, 4, 5]]);
});

test('what two need one of them has, and others go ahead', async () => {
  const begun: string[] = [];
  const inUse = new Set<string>();
  await sideBySide(['ab', 'bc', 'ad', 'ef'], 2, Array.from<string>, async (item) => {
    begun.push(item);
    for (const need of item) {
      assert.ok(!inUse.has(need), `${need} twice`);
      inUse.add(need);
    }
    await turn();
    for (const need of item) inUse.delete(need);
  });
  assert.deepEqual(begun.slice(0, 2), ['ab', 'ef']);
  assert.equal(begun.length, 4);
});

test('nothing to do is done, and what fails is told', async () => {
  await sideBySide([], 2, Array.from<string>, async () => assert.fail());
  await assert.rejects(
    sideBySide(['a', 'b'], 2, Array.from<string>, async (item) => {
      if (item === 'b') throw new Error('b failed');
    }),
    /b failed/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DepartureQueue } from './queue.ts';

test('an empty queue has nothing that leaves', () => {
  assert.equal(new DepartureQueue(1).nextNs, Infinity);
});

test('frames leave in the order of their times, whatever the order they came in and left in between', () => {
  // A time is pushed; null pops.
  const operations = fc.array(fc.option(fc.nat(), { freq: 3 }), { maxLength: 200 });
  fc.assert(
    fc.property(operations, (list) => {
      const queue = new DepartureQueue(list.length);
      const waiting: { frame: number; time: number }[] = [];
      list.forEach((time, frame) => {
        if (time !== null) {
          queue.push(frame, time);
          waiting.push({ frame, time });
        } else if (waiting.length > 0) {
          const first = Math.min(...waiting.map((each) => each.time));
          assert.equal(queue.nextNs, first);
          const popped = queue.pop();
          const at = waiting.findIndex(({ frame }) => frame === popped);
          assert.equal(waiting[at]?.time, first);
          waiting.splice(at, 1);
        }
      });
      assert.equal(queue.nextNs, Math.min(...waiting.map(({ time }) => time)));
    }),
  );
});

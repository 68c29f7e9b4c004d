import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventQueue } from './event-queue.ts';

function drain(queue: EventQueue): void {
  while (queue.nextAtNs() !== null) queue.take()();
}

describe('the event queue', () => {
  it('gives events by time, and those of one time in the order they were added', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const queue = new EventQueue();
        const seen: [number, number][] = [];
        for (const [order, atNs] of times.entries()) queue.add(atNs, () => seen.push([atNs, order]));
        drain(queue);
        const sorted = times.map((atNs, order): [number, number] => [atNs, order]);
        assert.deepEqual(
          seen,
          sorted.sort((a, b) => a[0] - b[0] || a[1] - b[1]),
        );
      }),
    );
  });

  it('forgets what was cancelled', () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    const first = queue.add(1, () => seen.push('first'));
    queue.add(2, () => seen.push('second'));
    first.cancel();
    assert.equal(queue.nextAtNs(), 2);
    drain(queue);
    assert.deepEqual(seen, ['second']);
    assert.equal(queue.nextAtNs(), null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Event, EventQueue } from './event-queue.ts';

class Call extends Event {
  readonly happen: () => void;

  constructor(atNs: number, happen: () => void) {
    super(atNs);
    this.happen = happen;
  }
}

function added(queue: EventQueue, atNs: number, happen: () => void): Event {
  const event = new Call(atNs, happen);
  queue.add(event);
  return event;
}

function drain(queue: EventQueue): void {
  while (queue.nextAtNs() !== null) queue.take().happen();
}

describe('the event queue', () => {
  it('gives events by time, and those of one time in the order they were added', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const queue = new EventQueue();
        const seen: [number, number][] = [];
        for (const [order, atNs] of times.entries()) added(queue, atNs, () => seen.push([atNs, order]));
        drain(queue);
        const sorted = times.map((atNs, order): [number, number] => [atNs, order]);
        assert.deepEqual(
          seen,
          sorted.sort((a, b) => a[0] - b[0] || a[1] - b[1]),
        );
      }),
    );
  });

  it('does so while events are added, cancelled and taken in turns', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), delayNs: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new EventQueue();
        let waiting: { atNs: number; order: number; cancel(): void }[] = [];
        let taken = -1;
        let nowNs = 0;
        for (const [order, action] of steps.entries()) {
          if (action.kind === 'add') {
            const atNs = nowNs + action.delayNs;
            const timer = added(queue, atNs, () => {
              taken = order;
            });
            waiting.push({ atNs, order, cancel: () => timer.cancel() });
          } else if (action.kind === 'cancel') {
            const [cancelled] = waiting.splice(action.which % Math.max(waiting.length, 1), 1);
            cancelled?.cancel();
          } else {
            const first = waiting.toSorted((a, b) => a.atNs - b.atNs || a.order - b.order)[0];
            assert.equal(queue.nextAtNs(), first?.atNs ?? null);
            if (first === undefined) continue;
            queue.take().happen();
            assert.equal(taken, first.order);
            nowNs = first.atNs;
            waiting = waiting.filter((event) => event !== first);
          }
        }
      }),
    );
  });

  it('forgets what was cancelled', () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    const first = added(queue, 1, () => seen.push('first'));
    added(queue, 2, () => seen.push('second'));
    first.cancel();
    assert.equal(queue.nextAtNs(), 2);
    drain(queue);
    assert.deepEqual(seen, ['second']);
    assert.equal(queue.nextAtNs(), null);
  });
});

// What is still to happen, earliest first; what falls due together happens in the order it was asked for.

import type { Timer } from '../types.ts';

interface Event extends Timer {
  readonly atNs: number;
  readonly order: number;
  run: (() => void) | null;
}

/** A binary heap. A cancelled event stays until its time comes. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #nextOrder = 0;

  add(atNs: number, run: () => void): Timer {
    const event: Event = {
      atNs,
      order: this.#nextOrder++,
      run,
      cancel() {
        event.run = null;
      },
    };
    this.#rise(event);
    return event;
  }

  /** When the next event is due; null when nothing is left. */
  nextAtNs(): number | null {
    while (this.#heap.length > 0 && this.#heap[0]!.run === null) this.#pop();
    return this.#heap[0]?.atNs ?? null;
  }

  /** Takes out the next event, which nextAtNs() has told of. */
  take(): () => void {
    const { run } = this.#pop();
    return run ?? (() => undefined);
  }

  #rise(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const moved = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);
}

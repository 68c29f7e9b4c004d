// What is still to happen, earliest first; what falls due together happens in the order it was asked for.

import type { Timer } from '../types.ts';

/** A class for each thing that happens, and no closure: a packet is one object all the way from where it is sent. */
export abstract class Event implements Timer {
  readonly atNs: number;
  order = 0;
  isCancelled = false;
  /** Asked for later, due at the same time: it takes this one's place in the heap. */
  following: Event | null = null;

  constructor(atNs: number) {
    this.atNs = atNs;
  }

  abstract happen(): void;

  cancel(): void {
    this.isCancelled = true;
  }
}

/** Ends of rows that are remembered: a packet, its retransmission and its time limit are asked for in turns. */
const ROWS_REMEMBERED = 4;

/**
 * A binary heap of rows, each of events that are due together; what a program sends at one time is one row all the
 * way. A cancelled event stays until its time comes.
 */
export class EventQueue {
  readonly #heap: Event[] = [];
  /** The last events of the latest rows. No two rows here are due together. */
  readonly #ends: (Event | null)[] = Array(ROWS_REMEMBERED).fill(null);
  #oldestEnd = 0;
  #nextOrder = 0;

  add(event: Event): void {
    event.order = this.#nextOrder++;
    const ends = this.#ends;
    for (let i = 0; i < ROWS_REMEMBERED; i++) {
      const end = ends[i]!;
      if (end !== null && end.atNs === event.atNs) {
        end.following = event;
        ends[i] = event;
        return;
      }
    }
    ends[this.#oldestEnd] = event;
    this.#oldestEnd = (this.#oldestEnd + 1) % ROWS_REMEMBERED;
    this.#rise(event);
  }

  /** When the next event is due; null when nothing is left. */
  nextAtNs(): number | null {
    while (this.#heap.length > 0 && this.#heap[0]!.isCancelled) this.take();
    return this.#heap.length > 0 ? this.#heap[0]!.atNs : null;
  }

  /** Takes out the next event, which nextAtNs() has told of. */
  take(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    if (first.following !== null) {
      heap[0] = first.following;
      return first;
    }
    const end = this.#ends.indexOf(first);
    if (end !== -1) this.#ends[end] = null;
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
}

function before(a: Event, b: Event): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);
}

// What becomes ready at about the same time is dealt with together: a durable commit is work for disk and processor, and
// nothing else is done meanwhile.

import type { Clock, Timer } from '@pinhole/net';

/** Well below the 200 ms that a check-in waits for further results. */
const gatherMs = 50;

export class Gathering<Item> {
  readonly #clock: Clock;
  readonly #take: (items: readonly Item[]) => void;
  #items: Item[] = [];
  #timer: Timer | null = null;
  #closed = false;

  /** `take` gets all that has come in the last 50 ms, in order, and is not called without anything. */
  constructor(clock: Clock, take: (items: readonly Item[]) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  add(items: readonly Item[]): void {
    if (this.#closed || items.length === 0) return;
    this.#items.push(...items);
    this.#timer ??= this.#clock.after(gatherMs, () => this.#give());
  }

  /** What waits is dealt with before this returns; nothing comes after. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#items.length > 0) this.#give();
  }

  #give(): void {
    const items = this.#items;
    this.#items = [];
    this.#timer = null;
    this.#take(items);
  }
}

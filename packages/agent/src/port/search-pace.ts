// How fast the searches of one port send, all together.

import type { Clock, Timer } from '@pinhole/net';

/** 64 datagrams of 150 octets each 5 ms: 15 Mbit/s, for a fraction of a second as a rule. */
const batch = { datagrams: 64, gapMs: 5 };

/** Something that has datagrams to send. */
export interface Paced {
  /** Sends its next ones, so many at most, and tells how many; less than that: it has no more. */
  readonly send: (most: number) => number;
}

export class SearchPace {
  readonly #clock: Clock;
  /** They take turns, a batch each. */
  readonly #waiting: Paced[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(paced: Paced): void {
    this.#waiting.push(paced);
    if (this.#timer === null) this.#turn();
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }

  #turn(): void {
    let left = batch.datagrams;
    while (left > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const sent = next.send(left);
      if (sent === left) this.#waiting.push(next);
      left -= sent;
    }
    this.#timer =
      this.#waiting.length === 0 && left === batch.datagrams
        ? null
        : this.#clock.after(batch.gapMs, () => this.#turn());
  }
}

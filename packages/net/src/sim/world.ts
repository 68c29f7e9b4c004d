// What all parts of one simulation share: the virtual clock, what is to happen, and the source of chance.

import type { Timer } from '../types.ts';
import { Event, EventQueue } from './event-queue.ts';
import { Generator } from './generator.ts';

export class World {
  readonly queue = new EventQueue();
  readonly random: Generator;
  nowNs = 0;
  /** Wall time at nowNs = 0. */
  readonly wallMs: number;
  /** Whether a program has run since this was last set to false: its promises must then have their turn. */
  programRan = false;
  /** Counts changes of the topology, for what is worked out from it. */
  topology = 0;

  constructor(seed: number, wallMs: number) {
    this.random = new Generator(seed);
    this.wallMs = wallMs;
  }

  get nowMs(): number {
    return this.nowNs / 1e6;
  }

  /** Whole nanoseconds, and never at once: an event runs after the one that asked for it. */
  inNs(delayNs: number): number {
    return this.nowNs + Math.max(Math.ceil(delayNs), 1);
  }

  after(delayNs: number, run: () => void): Timer {
    const call = new Call(this.inNs(delayNs), run);
    this.queue.add(call);
    return call;
  }

  /** Everything that calls a handler, or settles a promise, of a program goes through here. */
  call(program: () => void): void {
    this.programRan = true;
    program();
  }
}

class Call extends Event {
  readonly #run: () => void;

  constructor(atNs: number, run: () => void) {
    super(atNs);
    this.#run = run;
  }

  happen(): void {
    this.#run();
  }
}

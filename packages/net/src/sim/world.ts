// What all parts of one simulation share: the virtual clock, what is to happen, and the source of chance.

import type { Timer } from '../types.ts';
import { EventQueue } from './event-queue.ts';
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

  /** Never at once: an event runs after the one that asked for it. */
  after(delayNs: number, run: () => void): Timer {
    return this.queue.add(this.nowNs + Math.max(Math.ceil(delayNs), 1), run);
  }

  at(atNs: number, run: () => void): Timer {
    return this.after(atNs - this.nowNs, run);
  }

  /** Everything that calls a handler, or settles a promise, of a program goes through here. */
  call(program: () => void): void {
    this.programRan = true;
    program();
  }
}

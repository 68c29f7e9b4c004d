import { it } from 'node:test';
import type { Endpoint, IpAddress } from '@pinhole/wire';
import type { Net } from '../../src/types.ts';

/** One implementation of Net, as the suite sees it. */
export interface Subject {
  readonly name: string;
  /** A fresh world for one test. */
  create(): World;
}

export interface World {
  readonly net: Net;
  readonly loopbacks: readonly IpAddress[];
  /** Lets the world run until the test's program has ended. */
  run<T>(program: Promise<T>): Promise<T>;
  /** A TCP endpoint that takes SYNs and answers none. */
  silentEndpoint(): Promise<Endpoint>;
  destroy(): Promise<void>;
}

/** Makes tests, each in a world of its own. */
export function testsOf(subject: Subject) {
  return (name: string, program: (net: Net, world: World) => Promise<void>): void => {
    it(name, async () => {
      const world = subject.create();
      try {
        await world.run(program(world.net, world));
      } finally {
        await world.destroy();
      }
    });
  };
}

/** Generous: the machine may be busy. Virtual in the simulator. */
const PATIENCE_MS = 20_000;

/** Waits for what must become true; fails naming it. */
export async function eventually(net: Net, what: string, holds: () => boolean): Promise<void> {
  const deadlineNs = net.clock.monotonicNs() + PATIENCE_MS * 1e6;
  while (!holds()) {
    if (net.clock.monotonicNs() > deadlineNs) throw new Error(`never happened: ${what}`);
    await pause(net, 1);
  }
}

export function pause(net: Net, delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}

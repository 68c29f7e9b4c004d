// Who waits for the kernel's stamp of which datagram or write, of several sockets or connections.

import type { TransmitStamp } from '@pinhole/net';

/** Stamps waited for; a stamp that has not come after so many more sends never will. */
const maxAwaited = 4096;

/** `Means` is a socket, a connection: each counts what it has sent. */
export class StampsAwaited<Means, Stamp extends TransmitStamp> {
  /** Whether sends can be stamped at all. */
  readonly available: boolean;
  readonly #awaited = new Map<Means, Map<number, (stamp: Stamp) => void>>();

  constructor(available: boolean) {
    this.available = available;
  }

  wait(means: Means, id: number, onStamped: (stamp: Stamp) => void): void {
    const ofMeans = this.#awaited.get(means) ?? new Map<number, (stamp: Stamp) => void>();
    this.#awaited.set(means, ofMeans.set(id, onStamped));
    if (ofMeans.size > maxAwaited) ofMeans.delete(ofMeans.keys().next().value as number);
  }

  stamped(means: Means, stamp: Stamp): void {
    const onStamped = this.#awaited.get(means)?.get(stamp.id);
    this.#awaited.get(means)?.delete(stamp.id);
    onStamped?.(stamp);
  }

  /** It is closed. */
  drop(means: Means): void {
    this.#awaited.delete(means);
  }

  clear(): void {
    this.#awaited.clear();
  }
}

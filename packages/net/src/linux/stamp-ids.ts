// Which datagram a transmit stamp is of. With OPT_ID the kernel counts the datagrams of a socket that asked for a
// stamp, from 0 (Documentation/networking/timestamping.rst); programs count all datagrams.

/** Stamps on their way at one time; far more than a device's queue holds. */
const MOST_WAITING = 1024;

export class StampIds {
  #counted = 0;
  readonly #waiting = new Map<number, number>();
  /** Counts whose stamp was still to come when the kernel's count began again. */
  readonly #ambiguous = new Set<number>();

  sent(id: number): void {
    this.#waiting.set(this.#counted, id);
    this.#waiting.delete(this.#counted - MOST_WAITING);
    this.#counted = (this.#counted + 1) >>> 0;
  }

  /** The id of the datagram with the kernel's count, once; null for one not waited for. */
  take(counted: number): number | null {
    // A device sends in order, so the first stamp with this count is the old datagram's; if that one got none, the
    // new one's is given up: none is better than a wrong one.
    if (this.#ambiguous.delete(counted)) return null;
    const id = this.#waiting.get(counted);
    this.#waiting.delete(counted);
    return id ?? null;
  }

  /** The kernel counts from 0 again. */
  restart(): void {
    for (const counted of this.#waiting.keys()) this.#ambiguous.add(counted);
    this.#counted = 0;
    this.#waiting.clear();
  }
}

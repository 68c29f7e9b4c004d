// Which datagram a transmit stamp is of. With OPT_ID the kernel counts the datagrams of a socket that asked for a
// stamp, from 0 (Documentation/networking/timestamping.rst); programs count all datagrams.

/** Stamps on their way at one time; far more than a device's queue holds. */
const MOST_WAITING = 1024;

export class StampIds {
  #counted = 0;
  readonly #waiting = new Map<number, { id: number; sentAtNs: number }>();

  sent(id: number, sentAtNs: number): void {
    this.#waiting.set(this.#counted, { id, sentAtNs });
    this.#waiting.delete(this.#counted - MOST_WAITING);
    this.#counted = (this.#counted + 1) >>> 0;
  }

  /** The id of the datagram with the kernel's count, once; null for one not waited for. */
  take(counted: number, stampNs: number): number | null {
    const entry = this.#waiting.get(counted);
    // Older than the sending: of a datagram counted before the kernel's count began again.
    if (entry === undefined || stampNs < entry.sentAtNs) return null;
    this.#waiting.delete(counted);
    return entry.id;
  }

  /** The kernel counts from 0 again. */
  restart(): void {
    this.#counted = 0;
    this.#waiting.clear();
  }
}

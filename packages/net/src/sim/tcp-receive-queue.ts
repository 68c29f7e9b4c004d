/** Segments kept until those before them have come. */
const MOST_KEPT = 256;

export interface Arrival {
  /** What is now in order. */
  readonly data: Uint8Array[];
  /** Whether the FIN is. */
  readonly ended: boolean;
}

/** Puts segments in order. A sender here repeats segments as they were, so they never overlap in part. */
export class ReceiveQueue {
  /** The sequence number expected next. */
  next: number;
  readonly #kept = new Map<number, { payload: Uint8Array; fin: boolean }>();

  constructor(next: number) {
    this.next = next;
  }

  add(sequence: number, payload: Uint8Array, fin: boolean): Arrival {
    const data: Uint8Array[] = [];
    let ended = false;
    if (sequence >= this.next && this.#kept.size < MOST_KEPT) this.#kept.set(sequence, { payload, fin });
    for (;;) {
      const segment = this.#kept.get(this.next);
      if (segment === undefined) return { data, ended };
      this.#kept.delete(this.next);
      this.next += segment.payload.length + (segment.fin ? 1 : 0);
      if (segment.payload.length > 0) data.push(segment.payload);
      ended ||= segment.fin;
    }
  }
}

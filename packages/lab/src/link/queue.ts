// Frames that wait for the time at which they leave, the earliest first: a binary heap in arrays that are made once.

export class DepartureQueue {
  readonly #times: Float64Array;
  readonly #frames: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#frames = new Int32Array(capacity);
  }

  /** When the first one leaves; Infinity where none waits. */
  get nextNs(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /** At most as many as the capacity. */
  push(frame: number, leavesNs: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= leavesNs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, frame, leavesNs);
  }

  /** The frame that leaves first; to be called only where one waits. */
  pop(): number {
    const frame = this.#frames[0]!;
    const last = --this.#size;
    const [time, moved] = [this.#times[last]!, this.#frames[last]!];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, moved, time);
    return frame;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#frames[from]!, this.#times[from]!);
  }

  #put(at: number, frame: number, time: number): void {
    this.#frames[at] = frame;
    this.#times[at] = time;
  }
}

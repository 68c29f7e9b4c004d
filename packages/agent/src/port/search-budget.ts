// What the searches of one port may have in use together: sockets, connections.

export class SearchBudget {
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** One of them, to be given back; false where there is none left. */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  give(): void {
    this.#free += 1;
  }
}

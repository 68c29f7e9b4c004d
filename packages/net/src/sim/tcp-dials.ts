import type { Dial } from './tcp-dial.ts';

/** Dials under way, which their signals may end: a search by chance has a thousand of them, of a few signals. */
export class Dials {
  readonly #bySignal = new Map<AbortSignal | undefined, Dial[]>();

  add(dial: Dial): void {
    const { signal } = dial;
    let dials = this.#bySignal.get(signal);
    if (dials === undefined) {
      dials = [];
      this.#bySignal.set(signal, dials);
      // A signal looks through all its listeners at every one more, so it gets but one.
      signal?.addEventListener('abort', this.#onAbort);
    }
    dial.place = dials.push(dial) - 1;
  }

  remove(dial: Dial): void {
    const { signal } = dial;
    const dials = this.#bySignal.get(signal)!;
    const last = dials.pop()!;
    if (last !== dial) {
      dials[dial.place] = last;
      last.place = dial.place;
    }
    if (dials.length > 0) return;
    this.#bySignal.delete(signal);
    signal?.removeEventListener('abort', this.#onAbort);
  }

  abortAll(): void {
    for (const dial of [...this.#bySignal.values()].flat()) dial.abort();
  }

  readonly #onAbort = ({ target }: Event): void => {
    for (const dial of [...(this.#bySignal.get(target as AbortSignal) ?? [])]) dial.abort();
  };
}

// What is left to each of those who may do something so often. Pure.

export interface Allowance {
  /** So many at once, and one more after each `refillMs`. */
  readonly attempts: number;
  readonly refillMs: number;
}

/** Those of whom something is known, at most. */
const maxKnown = 20_000;
/** Looking through all of them takes a millisecond. */
const sweepIntervalMs = 1000;

interface Left {
  readonly attempts: number;
  readonly atMs: number;
}

/**
 * Bounded, and nobody's count is forgotten early: whoever has a whole allowance again is let go of, and where there are
 * too many others, those who are not known wait. To fill this, somebody must go on using up allowances of so many.
 */
export class Allowances {
  readonly #allowance: Allowance;
  readonly #known = new Map<string, Left>();
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How long until the next is allowed; 0: it is now. Counts nothing. */
  waitMs(key: string, nowMs: number): number {
    const { refillMs } = this.#allowance;
    if (this.#known.has(key)) return Math.max(0, (1 - this.#left(key, nowMs)) * refillMs);
    return this.#hasRoom(nowMs) ? 0 : this.#sweptAtMs + sweepIntervalMs - nowMs;
  }

  take(key: string, nowMs: number): void {
    this.#known.set(key, { attempts: this.#left(key, nowMs) - 1, atMs: nowMs });
  }

  giveBack(key: string, nowMs: number): void {
    const attempts = this.#left(key, nowMs) + 1;
    if (attempts >= this.#allowance.attempts) this.#known.delete(key);
    else this.#known.set(key, { attempts, atMs: nowMs });
  }

  #left(key: string, nowMs: number): number {
    const { attempts, refillMs } = this.#allowance;
    const known = this.#known.get(key);
    if (known === undefined) return attempts;
    return Math.min(attempts, known.attempts + Math.max(0, nowMs - known.atMs) / refillMs);
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#known.size < maxKnown) return true;
    if (nowMs - this.#sweptAtMs < sweepIntervalMs) return false;
    this.#sweptAtMs = nowMs;
    for (const key of this.#known.keys())
      if (this.#left(key, nowMs) >= this.#allowance.attempts) this.#known.delete(key);
    return this.#known.size < maxKnown;
  }
}

// What one source address may ask for: a token bucket each, so that a forged or broken source costs little.

import type { IpAddress } from '@pinhole/wire';

export interface BudgetOptions {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens that a source can save up. */
  readonly burst: number;
  /** Sources remembered; beyond, the one not heard of for longest is forgotten. */
  readonly maxSources: number;
}

/** 500 a second is far above what the agents behind one carrier-grade NAT send, and 1/800 of what the server answers. */
export const defaultBudget: BudgetOptions = { perSecond: 500, burst: 1000, maxSources: 65_536 };

export class Budget {
  readonly #options: BudgetOptions;
  readonly #sources = new Map<IpAddress, { tokens: number; atMs: number }>();

  constructor(options: BudgetOptions = defaultBudget) {
    this.#options = options;
  }

  /** Takes one token of this source; false when it has none left. */
  take(source: IpAddress, nowMs: number): boolean {
    const { perSecond, burst, maxSources } = this.#options;
    const known = this.#sources.get(source);
    const tokens =
      known === undefined ? burst : Math.min(burst, known.tokens + ((nowMs - known.atMs) / 1000) * perSecond);
    // Deleted and set again, so that the map's order is the order of last use.
    this.#sources.delete(source);
    this.#sources.set(source, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    if (this.#sources.size > maxSources) this.#sources.delete(this.#sources.keys().next().value as IpAddress);
    return tokens >= 1;
  }

  get size(): number {
    return this.#sources.size;
  }
}

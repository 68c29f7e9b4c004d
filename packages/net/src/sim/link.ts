// One direction of a link: when what enters it comes out, and how often.

import type { Generator } from './generator.ts';

export interface LinkOptions {
  /** @default 0 */
  readonly delayMs?: number;
  /** Added to the delay, uniform from 0: the same for all packets of one moment, which keep their order. @default 0 */
  readonly jitterMs?: number;
  /** The share of packets lost, 0 to 1, independently. @default 0 */
  readonly lossRate?: number;
  /** The share of packets that come out twice. @default 0 */
  readonly duplicateRate?: number;
  /** The share of packets held back by reorderDelayMs while those behind them go on. @default 0 */
  readonly reorderRate?: number;
  /** @default 10 */
  readonly reorderDelayMs?: number;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #random: Generator;
  #lastOutNs = 0;
  #jitterAtNs = -1;
  #jitterNs = 0;
  /** What every packet takes, where nothing is left to chance; null otherwise. */
  readonly fixedDelayNs: number | null;
  /** Whether every packet comes out once. */
  readonly isWhole: boolean;

  constructor(options: LinkOptions, random: Generator) {
    this.#options = options;
    this.#random = random;
    const { delayMs = 0, jitterMs = 0, lossRate = 0, duplicateRate = 0, reorderRate = 0 } = options;
    this.isWhole = lossRate === 0 && duplicateRate === 0;
    const isCertain = this.isWhole && jitterMs === 0 && reorderRate === 0;
    this.fixedDelayNs = isCertain ? Math.round(delayMs * 1e6) : null;
  }

  /** When a packet that enters at `nowNs` comes out: never, once, or more often. */
  transit(nowNs: number): number[] {
    const { lossRate = 0, duplicateRate = 0 } = this.#options;
    if (this.#happens(lossRate)) return [];
    const outNs = this.outNs(nowNs);
    return this.#happens(duplicateRate) ? [outNs, this.outNs(nowNs)] : [outNs];
  }

  /** As transit, of a packet that comes out once. */
  outNs(nowNs: number): number {
    if (this.fixedDelayNs !== null) return nowNs + this.fixedDelayNs;
    const { delayMs = 0, jitterMs = 0, reorderRate = 0, reorderDelayMs = 10 } = this.#options;
    if (jitterMs > 0 && this.#jitterAtNs !== nowNs) {
      this.#jitterAtNs = nowNs;
      this.#jitterNs = jitterMs * this.#random.fraction() * 1e6;
    }
    const outNs = nowNs + Math.round(delayMs * 1e6 + this.#jitterNs);
    if (this.#happens(reorderRate)) return outNs + Math.round(reorderDelayMs * 1e6);
    this.#lastOutNs = Math.max(this.#lastOutNs, outNs);
    return this.#lastOutNs;
  }

  /** Draws only where there is a chance, so that perfect links cost nothing. */
  #happens(rate: number): boolean {
    return rate > 0 && this.#random.fraction() < rate;
  }
}

// What one source may ask for: a token bucket each, so that a forged or broken source costs little.

import { addressBytes, addressFamily, type IpAddress } from '@pinhole/wire';

export interface Rate {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens that can be saved up. */
  readonly burst: number;
}

export interface BudgetOptions extends Rate {
  /** Sources remembered; beyond, the one not heard of for longest is forgotten. */
  readonly maxSources: number;
}

/** 500 a second is far above what the agents behind one carrier-grade NAT send, and 1/800 of what the server answers. */
export const defaultBudget: BudgetOptions = { perSecond: 500, burst: 1000, maxSources: 65_536 };

export class Bucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes one token; false when there is none left. */
  take(nowMs: number): boolean {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

export class Budget {
  readonly #options: BudgetOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Takes one token of this source; false when it has none left. */
  take(source: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(source) ?? new Bucket(this.#options, nowMs);
    // Deleted and set again, so that the map's order is the order of last use.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > this.#options.maxSources) {
      this.#buckets.delete(this.#buckets.keys().next().value as string);
    }
    return bucket.take(nowMs);
  }

  get size(): number {
    return this.#buckets.size;
  }
}

// RFC 4291 §2.5.1: the last 64 bits are the host's own to choose, and it may have as many as it likes.
const prefixBytes = 8;

/** Whom an address stands for: itself, or with IPv6 its /64. */
export function sourceOf(address: IpAddress): string {
  if (addressFamily(address) === 4) return address;
  return Buffer.from(addressBytes(address).subarray(0, prefixBytes)).toString('hex');
}

// How often somebody may try a password. Nobody is locked out for good: each allowance comes back by itself, and where
// a person has signed in before, what others try from elsewhere does not count. Pure.

import { addressBytes, addressFamily, parseIpAddress } from '@pinhole/wire';

export interface AttemptLimits {
  /** So many at once, and one more after each `refillMs`. */
  readonly perName: Allowance;
  readonly perAddress: Allowance;
}

interface Allowance {
  readonly attempts: number;
  readonly refillMs: number;
}

/** A person mistypes less often. Against one name 5 guesses a minute are left, from everywhere together. */
const defaultAttemptLimits: AttemptLimits = {
  perName: { attempts: 10, refillMs: 12_000 },
  perAddress: { attempts: 20, refillMs: 10_000 },
};

/** Of names and addresses that something is known of; the one that was used longest ago goes first. */
const maxKnown = 20_000;

interface Bucket {
  left: number;
  atMs: number;
}

export type Attempt =
  | { readonly allowed: true }
  /** From when on one is allowed again. */
  | { readonly allowed: false; readonly retryAfterMs: number };

export class Attempts {
  readonly #limits: AttemptLimits;
  readonly #buckets = new Map<string, Bucket>();
  /** Names with the address that the person signed in from last. */
  readonly #places = new Map<string, string>();

  constructor(limits: AttemptLimits = defaultAttemptLimits) {
    this.#limits = limits;
  }

  /** Counts an attempt before it is known how it ends, so that many at once gain nothing. */
  begin(name: string, address: string, nowMs: number): Attempt {
    const buckets = this.#bucketsOf(name, address, nowMs);
    const short = buckets.filter(({ bucket }) => bucket.left < 1);
    if (short.length > 0) {
      const waitsMs = short.map(({ bucket, allowance }) => (1 - bucket.left) * allowance.refillMs);
      return { allowed: false, retryAfterMs: Math.max(...waitsMs) };
    }
    for (const { bucket } of buckets) bucket.left -= 1;
    return { allowed: true };
  }

  /** The last attempt was right: it does not count, and this is a place of this person's. */
  succeeded(name: string, address: string, nowMs: number): void {
    for (const { bucket, allowance } of this.#bucketsOf(name, address, nowMs))
      bucket.left = Math.min(allowance.attempts, bucket.left + 1);
    this.#keep(this.#places, keyOfName(name), placeOf(address));
  }

  #bucketsOf(name: string, address: string, nowMs: number) {
    const place = placeOf(address);
    const person = keyOfName(name);
    const isKnownPlace = this.#places.get(person) === place;
    // The separator is in no address.
    const own = isKnownPlace ? `name ${person}\0${place}` : `name ${person}`;
    return [
      { bucket: this.#bucket(own, this.#limits.perName, nowMs), allowance: this.#limits.perName },
      {
        bucket: this.#bucket(`address ${place}`, this.#limits.perAddress, nowMs),
        allowance: this.#limits.perAddress,
      },
    ];
  }

  #bucket(key: string, { attempts, refillMs }: Allowance, nowMs: number): Bucket {
    const known = this.#buckets.get(key) ?? { left: attempts, atMs: nowMs };
    const gained = Math.max(0, nowMs - known.atMs) / refillMs;
    const bucket = { left: Math.min(attempts, known.left + gained), atMs: nowMs };
    this.#keep(this.#buckets, key, bucket);
    return bucket;
  }

  #keep<V>(map: Map<string, V>, key: string, value: V): void {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > maxKnown && oldest !== undefined) map.delete(oldest);
  }
}

function keyOfName(name: string): string {
  return name.toLowerCase();
}

/** Of IPv6 the network of 64 bits, which is one customer's at least (RFC 6177). */
function placeOf(address: string): string {
  const parsed = parseIpAddress(address);
  if (parsed === null || addressFamily(parsed) === 4) return parsed ?? address;
  return Buffer.from(addressBytes(parsed).subarray(0, 8)).toString('hex');
}

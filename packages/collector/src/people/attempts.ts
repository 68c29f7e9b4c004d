// How often somebody may try a password. Nobody is locked out for good: each allowance comes back by itself, and where
// a person has signed in before, what others try from elsewhere does not count. Pure.

import { addressBytes, addressFamily, parseIpAddress } from '@pinhole/wire';
import { type Allowance, Allowances } from './allowances.ts';

export interface AttemptLimits {
  readonly perName: Allowance;
  readonly perAddress: Allowance;
}

/** A person mistypes less often. Against one name 5 guesses a minute are left, from everywhere together. */
const defaultAttemptLimits: AttemptLimits = {
  perName: { attempts: 10, refillMs: 12_000 },
  perAddress: { attempts: 20, refillMs: 10_000 },
};

/** More people than there can be; the one who signed in longest ago goes first. */
const maxPlaces = 20_000;

export type Attempt =
  | { readonly allowed: true }
  /** From when on one is allowed again. */
  | { readonly allowed: false; readonly retryAfterMs: number };

export class Attempts {
  readonly #names: Allowances;
  readonly #addresses: Allowances;
  /** Names with the address that the person signed in from last. */
  readonly #places = new Map<string, string>();

  constructor(limits: AttemptLimits = defaultAttemptLimits) {
    this.#names = new Allowances(limits.perName);
    this.#addresses = new Allowances(limits.perAddress);
  }

  /**
   * Counts an attempt before it is known how it ends, so that many at once gain nothing. One that is refused is not
   * counted, and leaves nothing behind.
   */
  begin(name: string, address: string, nowMs: number): Attempt {
    const place = placeOf(address);
    const person = this.#personAt(name, place);
    const retryAfterMs = Math.max(this.#addresses.waitMs(place, nowMs), this.#names.waitMs(person, nowMs));
    if (retryAfterMs > 0) return { allowed: false, retryAfterMs };
    this.#addresses.take(place, nowMs);
    this.#names.take(person, nowMs);
    return { allowed: true };
  }

  /** The last attempt was right: it does not count, and this is a place of this person's. */
  succeeded(name: string, address: string, nowMs: number): void {
    const place = placeOf(address);
    this.#addresses.giveBack(place, nowMs);
    this.#names.giveBack(this.#personAt(name, place), nowMs);
    this.#remember(name.toLowerCase(), place);
  }

  /** Whose allowance counts. Whatever is in a name, no two have the same key. */
  #personAt(name: string, place: string): string {
    const person = name.toLowerCase();
    return JSON.stringify(this.#places.get(person) === place ? [person, place] : [person]);
  }

  #remember(person: string, place: string): void {
    this.#places.delete(person);
    this.#places.set(person, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > maxPlaces && oldest !== undefined) this.#places.delete(oldest);
  }
}

/** Of IPv6 the network of 64 bits, which is one customer's at least (RFC 6177). */
function placeOf(address: string): string {
  const parsed = parseIpAddress(address);
  if (parsed === null || addressFamily(parsed) === 4) return parsed ?? address;
  return Buffer.from(addressBytes(parsed).subarray(0, 8)).toString('hex');
}

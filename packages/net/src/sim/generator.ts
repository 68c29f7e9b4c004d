// xoshiro128** by Blackman and Vigna (2018, https://prng.di.unimi.it/xoshiro128starstar.c), seeded by splitmix32.
// For simulation only: predictable by design.

import type { Random } from '../types.ts';

export class Generator implements Random {
  readonly #state = new Uint32Array(4);

  /** From a seed of 32 bits, or from the four words of the state itself. */
  constructor(seed: number | readonly [number, number, number, number]) {
    if (typeof seed !== 'number') {
      this.#state.set(seed);
      return;
    }
    let z = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let word = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  /** 32 random bits. */
  next(): number {
    const s = this.#state;
    const [s0, s1, s2, s3] = [s[0]!, s[1]!, s[2]!, s[3]!];
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2] = s2 ^ s0;
    s[3] = s3 ^ s1;
    s[1] = s1 ^ s[2];
    s[0] = s0 ^ s[3];
    s[2] ^= s1 << 9;
    s[3] = rotate(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1), of 32 bits. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  below(limit: number): number {
    // What lies above the largest multiple of the limit would favour small numbers.
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const value = this.next();
      if (value < fair) return value % limit;
    }
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next() >>> 24;
    return bytes;
  }

  /** One that runs on its own, for a part whose draws must not depend on what the others draw. */
  fork(): Generator {
    return new Generator(this.next());
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

// xoshiro128** by Blackman and Vigna (2018, https://prng.di.unimi.it/xoshiro128starstar.c), seeded by splitmix32.
// For simulation only: predictable by design.

import type { Random } from '../types.ts';

export class Generator implements Random {
  // Four numbers and no typed array: every link of every world has a generator.
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  /** From a seed of 32 bits, or from the four words of the state itself. */
  constructor(seed: number | readonly [number, number, number, number]) {
    if (typeof seed !== 'number') {
      [this.#s0, this.#s1, this.#s2, this.#s3] = seed;
      return;
    }
    this.#s0 = splitmix(seed, 1);
    this.#s1 = splitmix(seed, 2);
    this.#s2 = splitmix(seed, 3);
    this.#s3 = splitmix(seed, 4);
  }

  /** 32 random bits. */
  next(): number {
    const s1 = this.#s1;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    const s2 = this.#s2 ^ this.#s0;
    const s3 = this.#s3 ^ s1;
    this.#s1 = s1 ^ s2;
    this.#s0 = this.#s0 ^ s3;
    this.#s2 = s2 ^ (s1 << 9);
    this.#s3 = rotate(s3, 11);
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

/** The step-th word of splitmix32. */
function splitmix(seed: number, step: number): number {
  const z = (seed + Math.imul(step, 0x9e3779b9)) | 0;
  let word = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return word ^ (word >>> 15);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

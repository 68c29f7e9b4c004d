// Mutations that reach into binary messages: length fields and truncations rather than random octets.

import type { FuzzTarget } from './target.ts';

/** A uniform integer, 0 <= n < limit. */
export type Below = (limit: number) => number;

/** Mulberry32: small, seeded, the same on every machine. Not for secrets. */
export function seededBelow(seed: number): Below {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** No input grows beyond what one UDP datagram may carry on Ethernet, with some to spare. */
const maxInputBytes = 2048;

// What length fields and counters are often wrong by.
const edgeWords = [0, 1, 3, 4, 5, 0x7fff, 0x8000, 0xfffc, 0xffff];

type Mutation = (input: Uint8Array, below: Below, seeds: readonly Uint8Array[]) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipBit(input, below) {
    return input.length === 0
      ? input
      : replaced(input, below(input.length), (octet) => octet ^ (1 << below(8)));
  },
  function setOctet(input, below) {
    return input.length === 0 ? input : replaced(input, below(input.length), () => below(256));
  },
  function truncate(input, below) {
    return input.subarray(0, below(input.length + 1));
  },
  function editLength(input, below) {
    if (input.length < 2) return input;
    // Length fields stand at even offsets in every format here.
    const offset = below(input.length >> 1) * 2;
    const bytes = Buffer.from(input);
    const old = bytes.readUInt16BE(offset);
    const next = below(2) === 0 ? edgeWords[below(edgeWords.length)]! : old + below(9) - 4;
    bytes.writeUInt16BE(next & 0xffff, offset);
    return bytes;
  },
  function insertOctets(input, below) {
    const offset = below(input.length + 1);
    const octets = Uint8Array.from({ length: 1 + below(24) }, () => below(256));
    return Buffer.concat([input.subarray(0, offset), octets, input.subarray(offset)]);
  },
  function removeOctets(input, below) {
    const start = below(input.length + 1);
    return Buffer.concat([input.subarray(0, start), input.subarray(start + 1 + below(24))]);
  },
  function repeatPart(input, below) {
    const start = below(input.length + 1);
    const end = start + below(input.length - start + 1);
    return Buffer.concat([input.subarray(0, end), input.subarray(start)]);
  },
  function splice(input, below, seeds) {
    const other = seeds[below(seeds.length)]!;
    return Buffer.concat([
      input.subarray(0, below(input.length + 1)),
      other.subarray(below(other.length + 1)),
    ]);
  },
];

/** An input made from one of `seeds` by up to five mutations; now and then a seed as it is. */
export function mutated(seeds: readonly Uint8Array[], below: Below): Uint8Array {
  let input = seeds[below(seeds.length)]!;
  for (let left = below(6); left > 0; left--)
    input = mutations[below(mutations.length)]!(input, below, seeds).subarray(0, maxInputBytes);
  return input;
}

/** An input that broke a target. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  readonly code = 'fuzz-failure';
  readonly input: Uint8Array;
  constructor(target: FuzzTarget, input: Uint8Array, inputNumber: number, seed: number, cause: unknown) {
    const hex = Buffer.from(input).toString('hex');
    super(`${target.name}, seed ${seed}, input ${inputNumber}: ${cause}\n  ${hex}`, { cause });
    this.input = input;
  }
}

/** Runs `inputs` inputs; the same ones for the same `seed`. Throws a FuzzFailure at the first that breaks `target`. */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): void {
  const below = seededBelow(seed);
  for (let inputNumber = 0; inputNumber < inputs; inputNumber++) {
    // In memory of its own, so that a wrong offset cannot land in a neighbour.
    const input = Uint8Array.from(mutated(target.seeds, below));
    try {
      target.run(input);
    } catch (cause) {
      throw new FuzzFailure(target, input, inputNumber, seed, cause);
    }
  }
}

function replaced(input: Uint8Array, offset: number, change: (octet: number) => number): Uint8Array {
  const bytes = Uint8Array.from(input);
  bytes[offset] = change(bytes[offset]!);
  return bytes;
}

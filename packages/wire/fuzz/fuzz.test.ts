import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FuzzFailure, fuzz, mutated, seededBelow } from './mutate.ts';
import type { FuzzTarget } from './target.ts';
import { targets } from './targets.ts';

describe('20,000 mutated inputs break no decoder', () => {
  for (const target of targets) test(target.name, () => fuzz(target, 20_000, 1));
});

describe('the fuzzer', () => {
  const seeds = [Buffer.from('0001000401020304', 'hex'), Buffer.from('ff', 'hex')];

  test('makes the same inputs from the same seed, and others from another', () => {
    const some = (seed: number) => {
      const below = seededBelow(seed);
      return Array.from({ length: 50 }, () => Buffer.from(mutated(seeds, below)).toString('hex'));
    };
    assert.deepEqual(some(1), some(1));
    assert.notDeepEqual(some(1), some(2));
  });

  test('finds a reader that trusts a length field, and tells the input', () => {
    const careless: FuzzTarget = {
      name: 'careless',
      seeds,
      run(input) {
        const buffer = Buffer.from(input);
        if (buffer.length >= 4) buffer.readUInt8(3 + buffer.readUInt16BE(2));
      },
    };
    assert.throws(
      () => fuzz(careless, 1000, 1),
      (error) => {
        assert.ok(error instanceof FuzzFailure);
        assert.throws(() => careless.run(error.input), RangeError);
        return true;
      },
    );
  });
});

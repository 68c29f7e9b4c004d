import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator } from './generator.ts';

describe('the generator', () => {
  it('gives the numbers of the reference implementation', () => {
    const generator = new Generator([1, 2, 3, 4]);
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849];
    assert.deepEqual(
      expected.map(() => generator.next()),
      expected,
    );
  });

  it('repeats itself from one seed and not from another', () => {
    const draw = (seed: number) => [...new Generator(seed).bytes(8)];
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    assert.notDeepEqual(draw(0), [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('is uniform enough', () => {
    const generator = new Generator(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[generator.below(10)]!++;
    for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`);
  });

  it('forks run apart from each other', () => {
    const parent = new Generator(1);
    const [a, b] = [parent.fork(), parent.fork()];
    assert.notDeepEqual(a.bytes(8), b.bytes(8));
  });
});

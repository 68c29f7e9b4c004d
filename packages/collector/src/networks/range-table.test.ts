import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AddressRange, parsePrefix } from './prefix.ts';
import { rangeTable } from './range-table.ts';

const range = (first: number, last: number): AddressRange => ({ first, last });

test('an address is found in the range that holds it, and nowhere else', () => {
  const table = rangeTable([range(20, 29), range(0, 9), range(30, 30)]);
  const found = [0, 9, 10, 19, 20, 29, 30, 31].map((address) => table.find(address));
  assert.deepEqual(found, [1, 1, null, null, 0, 0, 2, null]);
  assert.equal(rangeTable([]).find(0), null);
});

test('the narrowest of nested ranges counts, and the wider one again behind it', () => {
  const table = rangeTable([range(0, 99), range(10, 19), range(10, 12), range(15, 99)]);
  const found = [9, 10, 12, 13, 14, 15, 99, 100].map((address) => table.find(address));
  assert.deepEqual(found, [0, 2, 2, 1, 1, 3, 3, null]);
});

test('of equal ranges the last counts', () => {
  assert.equal(rangeTable([range(5, 9), range(5, 9)]).find(7), 1);
});

test('the families have nothing to do with each other', () => {
  const table = rangeTable([range(0, 10), { first: 0n, last: 5n }]);
  assert.deepEqual([table.find(3), table.find(3n), table.find(7n)], [0, 1, null]);
});

test('the whole space of each family is a range as any other', () => {
  const table = rangeTable([parsePrefix('0.0.0.0/0')!, parsePrefix('::/0')!]);
  assert.deepEqual([table.find(0xffff_ffff), table.find((1n << 128n) - 1n)], [0, 1]);
});

/** The rule by its words: of the ranges that hold the address the one that begins last, is narrowest, stands last. */
function byTheRule(ranges: readonly AddressRange[], address: number): number | null {
  const holding = ranges.flatMap(({ first, last }, index) =>
    first <= address && address <= last ? [{ first, last, index }] : [],
  );
  holding.sort(
    (a, b) => Number(b.first) - Number(a.first) || Number(a.last) - Number(b.last) || b.index - a.index,
  );
  return holding[0]?.index ?? null;
}

test('any prefixes: the rule holds for every address', () => {
  const prefix = fc.tuple(fc.nat(63), fc.nat(6)).map(([at, size]) => {
    const first = at - (at % 2 ** size);
    return range(first, first + 2 ** size - 1);
  });
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 12 }), (ranges) => {
      const table = rangeTable(ranges);
      for (let address = 0; address < 130; address++) {
        assert.equal(table.find(address), byTheRule(ranges, address), `address ${address}`);
      }
    }),
  );
});

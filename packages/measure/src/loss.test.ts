import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countReordered, lossPercent, mostFrequent, sortArrivals } from './loss.ts';

describe('reordered (RFC 4737: below the next expected)', () => {
  for (const [sequences, reordered, why] of [
    [[], 0, 'nothing came'],
    [[0, 1, 2, 3], 0, 'in order'],
    [[0, 3, 4], 0, 'a gap is loss'],
    [[0, 2, 1, 3], 1, 'neighbours swapped'],
    [[1, 2, 3, 0], 1, 'one late among many'],
    [[3, 2, 1, 0], 3, 'backwards'],
    [[0, 1, 1, 2, 0], 0, 'repetitions'],
    [[0, 2, 1, 1, 3], 1, 'a reordered one, repeated'],
  ] as const)
    test(`${why}: ${sequences.join(' ')} → ${reordered}`, () =>
      assert.equal(countReordered(sequences), reordered));
});

describe('loss', () => {
  for (const [sent, received, percent] of [
    [50, 50, 0],
    [50, 49, 2],
    [50, 0, 100],
    [3, 2, 33.33333333333333],
    [0, 0, 0],
  ] as const)
    test(`${received} of ${sent}: ${percent} %`, () => assert.equal(lossPercent(sent, received), percent));
});

describe('arrivals', () => {
  const sent = [0, 1, 2].map((sequence) => ({ sequence, sentAtNs: sequence === 2 ? null : 100 * sequence }));
  const came = (sequence: number, receivedAtNs: number, sentAtNs: number | null = 7) => ({
    sequence,
    receivedAtNs,
    sentAtNs,
    dscp: 46,
  });

  test('the earliest copy counts, whichever was handed over first', () => {
    assert.deepEqual(sortArrivals(sent, [came(1, 500), came(0, 300), came(1, 200)]), {
      first: [
        { sequence: 1, receivedAtNs: 200, sentAtNs: 100, dscp: 46 },
        { sequence: 0, receivedAtNs: 300, sentAtNs: 0, dscp: 46 },
      ],
      duplicates: 1,
    });
  });

  test("the sender's log goes before the packet's own time, which stands in for it", () => {
    const { first } = sortArrivals(sent, [came(1, 200, 90), came(2, 300, 190)]);
    assert.deepEqual(
      first.map(({ sentAtNs }) => sentAtNs),
      [100, 190],
    );
  });

  test('what was never sent did not arrive', () => {
    assert.deepEqual(sortArrivals(sent, [came(3, 200), came(3, 300)]), { first: [], duplicates: 0 });
  });
});

describe('most frequent', () => {
  for (const [values, most, why] of [
    [[46, 0, 46], 46, 'of what most have'],
    [[0, 46, null, null, null], 0, 'of what is known'],
    [[46, 0, 0, 46], 46, 'of two as frequent what came first'],
    [[null, null], null, 'unknown'],
    [[], null, 'nothing'],
  ] as const)
    test(`${why}: ${values.join(' ')} → ${most}`, () => assert.equal(mostFrequent(values), most));
});

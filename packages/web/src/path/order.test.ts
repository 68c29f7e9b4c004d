import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countCrossings, orderLayers } from './order.ts';

const free = () => false;

describe('crossings', () => {
  const cases: [string, [number, number][], number][] = [
    [
      'parallel links',
      [
        [0, 2],
        [1, 3],
      ],
      0,
    ],
    [
      'crossed links',
      [
        [0, 3],
        [1, 2],
      ],
      1,
    ],
    [
      'links from one vertex',
      [
        [0, 2],
        [0, 3],
      ],
      0,
    ],
    [
      'all to all',
      [
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
      ],
      1,
    ],
  ];
  for (const [name, links, expected] of cases)
    test(`${name}: ${expected}`, () =>
      assert.equal(
        countCrossings(
          [
            [0, 1],
            [2, 3],
          ],
          links,
        ),
        expected,
      ));
});

describe('the order of layers', () => {
  test('is the one without crossings where a sweep finds it', () => {
    const links: [number, number][] = [
      [0, 5],
      [1, 4],
      [2, 3],
    ];
    const ordered = orderLayers({
      layers: [
        [0, 1, 2],
        [3, 4, 5],
      ],
      links,
      isFixed: free,
    });
    assert.equal(countCrossings(ordered, links), 0);
  });

  test('leaves fixed layers as they are', () => {
    const links: [number, number][] = [
      [0, 3],
      [1, 2],
    ];
    assert.deepEqual(
      orderLayers({
        layers: [
          [0, 1],
          [2, 3],
        ],
        links,
        isFixed: (layer) => layer === 1,
      }),
      [
        [1, 0],
        [2, 3],
      ],
    );
  });

  test('is never worse than the one to begin with', () => {
    let state = 7;
    const below = (limit: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) % limit;
    };
    const layers = Array.from({ length: 8 }, (_, layer) =>
      Array.from({ length: 12 }, (_, i) => layer * 12 + i),
    );
    const links = Array.from({ length: 150 }, (): [number, number] => {
      const layer = below(7);
      return [layer * 12 + below(12), (layer + 1) * 12 + below(12)];
    });
    const ordered = orderLayers({ layers, links, isFixed: free });
    assert.ok(countCrossings(ordered, links) < countCrossings(layers, links));
    assert.deepEqual(ordered, orderLayers({ layers, links, isFixed: free }));
    for (const [i, layer] of ordered.entries())
      assert.deepEqual(
        layer.toSorted((a, b) => a - b),
        layers[i],
      );
  });

  test('of nothing is nothing', () => {
    assert.deepEqual(orderLayers({ layers: [], links: [], isFixed: free }), []);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildLane } from './lanes.ts';
import { layOutPath, type PathLayout } from './layout.ts';
import { roundPath, type SceneTrace } from './scene.ts';

function layoutOf(traces: readonly SceneTrace[]): PathLayout {
  const path = roundPath(traces);
  const options = { grouping: 'interface', sourceAgentIds: null } as const;
  return layOutPath([buildLane(path, 'to-target', options), buildLane(path, 'from-target', options)], 960);
}

const at = (layout: PathLayout, key: string) => {
  const found = layout.nodes.find((node) => node.key === key);
  assert.ok(found, `${key} is in ${layout.nodes.map((node) => node.key).join(', ')}`);
  return found;
};

const both: SceneTrace[] = [
  { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1', '203.0.113.1'] },
  { direction: 'from-target', hops: ['203.0.113.2', '10.0.0.1'] },
];

describe('the layout of a path', () => {
  test('has the agents once, the source left and the target right, the lanes above and below', () => {
    const layout = layoutOf(both);
    const [source, target] = [at(layout, 'agent 1'), at(layout, 'agent 9')];
    assert.ok(source.x < target.x);
    assert.equal(source.y, target.y);
    assert.equal(layout.nodes.filter(({ lane }) => lane === null).length, 2);
    for (const node of layout.nodes) {
      if (node.lane === 'to-target') assert.ok(node.y < source.y);
      if (node.lane === 'from-target') assert.ok(node.y > source.y);
    }
  });

  test('reads to the right towards the target and to the left towards the source', () => {
    const layout = layoutOf(both);
    assert.ok(at(layout, 'to-target 10.0.0.1').x < at(layout, 'to-target 198.51.100.1').x);
    assert.ok(at(layout, 'to-target 198.51.100.1').x < at(layout, 'to-target 203.0.113.1').x);
    assert.ok(at(layout, 'from-target 203.0.113.2').x > at(layout, 'from-target 10.0.0.1').x);
  });

  test('has a hop that both lanes pass in both', () => {
    const layout = layoutOf(both);
    assert.ok(at(layout, 'to-target 10.0.0.1').y < at(layout, 'from-target 10.0.0.1').y);
  });

  test('has hops of the same distance in one column, and room between them', () => {
    const layout = layoutOf(
      ['1', '2', '3'].map((i) => ({
        direction: 'to-target' as const,
        hops: ['10.0.0.1', `198.51.100.${i}`, '203.0.113.1'],
      })),
    );
    const parallel = ['1', '2', '3'].map((i) => at(layout, `to-target 198.51.100.${i}`));
    assert.equal(new Set(parallel.map(({ x }) => x)).size, 1);
    const [a, b, c] = parallel.map(({ y }) => y).sort((one, other) => one - other) as [
      number,
      number,
      number,
    ];
    assert.ok(b - a >= 40 && c - b >= 40);
    assert.equal(at(layout, 'to-target 203.0.113.1').y, b);
  });

  test('stacks several sources at the left', () => {
    const layout = layoutOf([
      { direction: 'to-target', source: '1', hops: ['10.1.0.1', '198.51.100.1'] },
      { direction: 'to-target', source: '2', hops: ['10.2.0.1', '198.51.100.1'] },
      { direction: 'from-target', source: '2', hops: ['198.51.100.1', '10.2.0.1'] },
    ]);
    const [one, two] = [at(layout, 'agent 1'), at(layout, 'agent 2')];
    assert.equal(one.x, two.x);
    assert.ok(Math.abs(one.y - two.y) >= 40);
  });

  test('takes a link that passes columns between the hops in them', () => {
    const layout = layoutOf([
      { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1', '198.51.100.2', '198.51.100.3'] },
      { direction: 'to-target', hops: ['10.0.0.1'] },
    ]);
    const link = layout.links.find(
      ({ toKey, fromKey }) => fromKey.endsWith('10.0.0.1') && toKey === 'agent 9',
    )!;
    assert.equal(link.points.length, 5);
    for (const point of link.points.slice(1, -1))
      for (const node of layout.nodes)
        if (node.x === point.x) assert.ok(Math.abs(node.y - point.y) > 20, `passes ${node.key}`);
  });

  test('of agents that are neighbours has a link through each lane', () => {
    const layout = layoutOf([
      { direction: 'to-target', hops: [] },
      { direction: 'from-target', hops: [] },
    ]);
    const middle = at(layout, 'agent 1').y;
    const [forth, back] = ['to-target', 'from-target'].map(
      (direction) => layout.links.find(({ lane }) => lane === direction)!.points[1]!.y,
    );
    assert.ok(forth! < middle && back! > middle);
  });

  test('has no place outside of its size, and none twice', () => {
    const layout = layoutOf([
      ...Array.from({ length: 12 }, (_, i) => ({
        direction: 'to-target' as const,
        source: String(i + 10),
        hops: [`10.${i}.0.1`, '198.51.100.1'],
      })),
      { direction: 'from-target', source: '10', hops: ['198.51.100.1'] },
    ]);
    for (const { x, y } of [...layout.nodes, ...layout.links.flatMap(({ points }) => points)]) {
      assert.ok(x >= 0 && x <= layout.width);
      assert.ok(y >= 0 && y <= layout.height, `${y} of ${layout.height}`);
    }
    assert.equal(new Set(layout.nodes.map(({ x, y }) => `${x} ${y}`)).size, layout.nodes.length);
  });

  test('of one lane alone, of a trace that found nobody, and of nothing at all', () => {
    assert.equal(layoutOf([{ direction: 'from-target', hops: ['192.0.2.1'] }]).lanes.length, 1);
    const dark = layoutOf([{ direction: 'to-target', hops: [], end: 'silent' }]);
    assert.deepEqual(
      dark.nodes.map(({ key }) => key),
      ['agent 1', 'agent 9'],
    );
    assert.deepEqual(layoutOf([]).nodes, []);
  });

  test('a trace that goes in a circle is drawn too', () => {
    const layout = layoutOf([
      { direction: 'to-target', hops: ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'], end: 'loop' },
    ]);
    assert.equal(layout.links.length, 3);
  });

  test('fills the width that there is, as far as labels need and use it', () => {
    const lane = buildLane(roundPath(both), 'to-target', { grouping: 'interface', sourceAgentIds: null });
    const [narrow, fitting, wide] = [300, 800, 4000].map((width) => layOutPath([lane], width).width);
    assert.ok(narrow! > 300);
    assert.ok(fitting! > 780 && fitting! <= 800);
    assert.ok(wide! < 1000);
  });

  test('is the same for the same path', () => {
    assert.deepEqual(layoutOf(both), layoutOf(both.toReversed()));
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CollapseOptions, collapseRuns } from './collapse.ts';
import { buildLane } from './lanes.ts';
import { roundPath, type SceneTrace } from './scene.ts';

const row = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'];

function idsOf(traces: readonly SceneTrace[], options: Partial<CollapseOptions> = {}) {
  const lane = buildLane(roundPath(traces), 'to-target', { grouping: 'interface', sourceAgentIds: null });
  const collapsed = collapseRuns(lane, {
    isKept: () => false,
    isKeptLink: () => false,
    expanded: [],
    ...options,
  });
  const known = new Set(collapsed.nodes.map(({ id }) => id));
  for (const { from, to } of collapsed.links) assert.ok(known.has(from) && known.has(to));
  return collapsed.nodes.map(({ id }) => id).filter((id) => !id.startsWith('agent'));
}

describe('a row of hops without a branch', () => {
  test('is one', () => {
    assert.deepEqual(idsOf([{ direction: 'to-target', hops: row }]), ['run 198.51.100.1 to 198.51.100.4']);
  });

  test('stays what it is when it is short', () => {
    assert.deepEqual(idsOf([{ direction: 'to-target', hops: row.slice(0, 2) }]), row.slice(0, 2));
  });

  test('is broken by a branch', () => {
    const ids = idsOf([
      { direction: 'to-target', hops: [...row, '203.0.113.1', '192.0.2.1'] },
      { direction: 'to-target', hops: [...row, '203.0.113.2', '192.0.2.1'] },
    ]);
    assert.deepEqual(ids, [
      '192.0.2.1',
      'run 198.51.100.1 to 198.51.100.3',
      '198.51.100.4',
      '203.0.113.1',
      '203.0.113.2',
    ]);
  });

  test('is broken by what has to be seen, hop or link', () => {
    const trace: SceneTrace = {
      direction: 'to-target',
      hops: [...row, '192.0.2.1', '192.0.2.2', '192.0.2.3'],
    };
    assert.deepEqual(idsOf([trace], { isKept: ({ id }) => id === '198.51.100.4' }).length, 3);
    assert.deepEqual(idsOf([trace], { isKeptLink: ({ to }) => to === '192.0.2.1' }), [
      'run 192.0.2.1 to 192.0.2.3',
      'run 198.51.100.1 to 198.51.100.4',
    ]);
  });

  test('stays open where it was opened', () => {
    const expanded = ['run 198.51.100.1 to 198.51.100.4'];
    assert.deepEqual(idsOf([{ direction: 'to-target', hops: row }], { expanded }), row);
  });
});

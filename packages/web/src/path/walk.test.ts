import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildLane } from './lanes.ts';
import { layOutPath } from './layout.ts';
import { roundPath } from './scene.ts';
import { type Step, walk } from './walk.ts';

const path = roundPath([
  { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1', '203.0.113.1'] },
  { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.2', '203.0.113.1'] },
  { direction: 'from-target', hops: ['203.0.113.2', '10.0.0.1'] },
]);
const options = { grouping: 'interface', sourceAgentIds: null } as const;
const layout = layOutPath(
  [buildLane(path, 'to-target', options), buildLane(path, 'from-target', options)],
  960,
);

describe('arrow keys', () => {
  const cases: [string, Step, string | null][] = [
    ['to-target 10.0.0.1', 'left', 'agent 1'],
    ['to-target 198.51.100.1', 'right', 'to-target 203.0.113.1'],
    ['to-target 198.51.100.1', 'left', 'to-target 10.0.0.1'],
    ['to-target 198.51.100.1', 'down', 'to-target 198.51.100.2'],
    ['to-target 198.51.100.2', 'up', 'to-target 198.51.100.1'],
    ['to-target 203.0.113.1', 'right', 'agent 9'],
    ['agent 9', 'right', null],
    ['agent 1', 'left', null],
    ['from-target 203.0.113.2', 'right', 'agent 9'],
    ['from-target 203.0.113.2', 'left', 'from-target 10.0.0.1'],
    ['from-target 10.0.0.1', 'left', 'agent 1'],
    ['nowhere', 'left', null],
  ];
  for (const [from, step, to] of cases)
    test(`${step} from ${from}`, () => assert.equal(walk(layout, from, step), to));

  test('up and down lead from an agent into the lanes, and from one lane to the other', () => {
    assert.match(walk(layout, 'agent 1', 'up')!, /^to-target/);
    assert.match(walk(layout, 'agent 1', 'down')!, /^from-target/);
    assert.doesNotMatch(walk(layout, 'to-target 198.51.100.2', 'down')!, /^to-target/);
    assert.doesNotMatch(walk(layout, 'from-target 10.0.0.1', 'up')!, /^from-target/);
  });
});

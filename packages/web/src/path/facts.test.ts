import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  beginnings,
  isLossy,
  isPrivateNode,
  isSlow,
  leastRoundTrip,
  nodeWords,
  shortLabel,
} from './facts.ts';
import { buildLane } from './lanes.ts';
import { roundPath } from './scene.ts';

const path = roundPath([{ direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1'], end: 'silent' }], {
  '10.0.0.1': { nat: ['private-prefix-ends'] },
  '198.51.100.1': {
    lossPercent: 12,
    name: 'core1.example.net',
    roundTrips: [
      { fromAgentId: '1', leastMs: 8, medianMs: 9 },
      { fromAgentId: '9', leastMs: 2, medianMs: 3 },
    ],
  },
});
const lane = buildLane(path, 'to-target', { grouping: 'interface', sourceAgentIds: null });
const node = (id: string) => lane.nodes.find((each) => each.id === id)!;
const thresholds = { hopLoss: 10, linkDelayMs: 100 };

describe('a hop', () => {
  test('is lossy above the threshold, not at it', () => {
    assert.ok(isLossy(node('198.51.100.1'), thresholds));
    assert.ok(!isLossy(node('198.51.100.1'), { ...thresholds, hopLoss: 12 }));
    assert.ok(!isLossy(node('10.0.0.1'), thresholds));
  });

  test('says what it is, and what is wrong', () => {
    assert.equal(
      nodeWords(node('198.51.100.1'), 'to-target', thresholds),
      '198.51.100.1, core1.example.net, hop 2 to target, loss 12 %, over the threshold, traces stop here: nobody answered further on, 1 trace',
    );
    assert.match(nodeWords(node('10.0.0.1'), 'to-target', thresholds), /NAT/);
  });

  test('has its round trip from where the lane begins', () => {
    assert.deepEqual([...beginnings(lane)], ['1']);
    assert.equal(leastRoundTrip(node('198.51.100.1'), beginnings(lane)), 8);
    assert.equal(leastRoundTrip(node('10.0.0.1'), beginnings(lane)), null);
  });

  test('is private by its address', () => {
    assert.ok(isPrivateNode(node('10.0.0.1')));
    assert.ok(!isPrivateNode(node('198.51.100.1')));
    assert.ok(!isPrivateNode(node('agent 1')));
  });
});

test('a link is slow above the threshold', () => {
  const [link] = lane.links;
  assert.ok(!isSlow(link!, { ...thresholds, linkDelayMs: 1 }));
  assert.ok(isSlow(link!, { ...thresholds, linkDelayMs: 0.5 }));
});

test('a long label keeps what tells it apart', () => {
  assert.equal(shortLabel('198.51.100.100'), '198.51.100.100');
  assert.equal(shortLabel('2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'), '2001:db8…ee:ffff');
  assert.equal(shortLabel('Example Networks (AS 64496)'), 'Example Network…');
});

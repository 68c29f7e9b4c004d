import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PathGraph } from './graph.ts';
import { mergePaths } from './merge.ts';
import { back, forth, type HopInShort, nodeIn, trace } from './scene.ts';

/** `from → to (traces)` of each link. */
function links({ links: all }: PathGraph): string[] {
  return all.map(({ from, to, traces }) => `${from} → ${to} (${traces})`);
}

describe('a single trace', () => {
  const graph = mergePaths([
    forth([
      ['192.168.1.1', [1, 2, 1.5], { nat: 'private-prefix-ends' }],
      ['198.18.0.1', [5, 9, 7]],
      ['203.0.113.9', [11, 12, 10]],
    ]),
  ]);

  test('is a chain from agent to agent, in columns by hop', () => {
    assert.deepEqual(
      graph.nodes.map(({ id, kind, columns }) => [columns['to-target'], kind, id]),
      [
        [0, 'agent', 'agent 11'],
        [1, 'hop', '192.168.1.1 at 11'],
        [2, 'hop', '198.18.0.1'],
        [3, 'agent', 'agent 22'],
      ],
    );
    assert.deepEqual(links(graph), [
      '192.168.1.1 at 11 → 198.18.0.1 (1)',
      '198.18.0.1 → agent 22 (1)',
      'agent 11 → 192.168.1.1 at 11 (1)',
    ]);
  });

  test('tells what its hops answered', () => {
    const hop = nodeIn(graph, '198.18.0.1');
    assert.deepEqual([hop.sent, hop.answered, hop.lossPercent, hop.traces], [3, 3, 0, 1]);
    assert.deepEqual(hop.roundTrips, [{ fromAgentId: '11', leastMs: 5, medianMs: 7 }]);
    assert.deepEqual([nodeIn(graph, '192.168.1.1 at 11').nat, hop.nat], [['private-prefix-ends'], []]);
  });

  test('has links as long as their ends are apart', () => {
    assert.deepEqual(
      graph.links.map(({ to, delayMs }) => [to, delayMs]),
      [
        ['198.18.0.1', 4],
        ['agent 22', 5],
        ['192.168.1.1 at 11', 1],
      ],
    );
  });

  test('has agents at the addresses that they have themselves, or are known by', () => {
    assert.equal(nodeIn(graph, 'agent 11').address, '192.168.1.2');
    assert.equal(nodeIn(graph, 'agent 22').address, '203.0.113.9');
  });
});

test('the way back from a hop may be longer than from the next: such a link has no length', () => {
  const graph = mergePaths([
    forth([
      ['198.18.0.1', 9],
      ['198.18.0.2', 5],
    ]),
  ]);
  assert.deepEqual(
    graph.links.map(({ to, delayMs }) => [to, delayMs]),
    [
      ['198.18.0.2', null],
      ['198.18.0.1', 9],
    ],
  );
});

test('parallel ways part and meet again', () => {
  const graph = mergePaths([
    forth(
      [
        ['198.18.0.1', 1],
        ['198.18.1.1', 2],
        ['198.18.0.9', 3],
      ],
      [
        ['198.18.0.1', 1],
        ['198.18.2.1', 2],
        ['198.18.0.9', 3],
      ],
      [
        ['198.18.0.1', 1],
        ['198.18.1.1', 2],
        ['198.18.0.9', 3],
      ],
    ),
  ]);
  assert.deepEqual(links(graph), [
    '198.18.0.1 → 198.18.1.1 (2)',
    '198.18.0.1 → 198.18.2.1 (1)',
    '198.18.1.1 → 198.18.0.9 (2)',
    '198.18.2.1 → 198.18.0.9 (1)',
    'agent 11 → 198.18.0.1 (3)',
  ]);
  assert.deepEqual([nodeIn(graph, '198.18.0.1').traces, nodeIn(graph, '198.18.0.1').sent], [3, 9]);
});

describe('the two directions', () => {
  const graph = mergePaths([
    forth([
      ['192.168.1.1', 1],
      ['198.18.0.1', 4],
      ['198.18.0.2', 8],
      ['203.0.113.9', 10, { nat: 'peer-address' }],
      ['203.0.113.9', 11],
    ]),
    back([
      ['10.7.0.1', 1],
      ['198.18.0.2', 3],
      ['198.18.0.7', 6],
      ['203.0.113.5', 11],
    ]),
  ]);

  test('stand side by side, and an interface that both pass is one node', () => {
    assert.deepEqual(
      graph.nodes.map(({ id, columns }) => [id, columns['to-target'], columns['from-target']]),
      [
        ['agent 11', 0, 4],
        ['192.168.1.1 at 11', 1, null],
        ['198.18.0.1', 2, null],
        ['198.18.0.2', 3, 2],
        ['203.0.113.9', 4, null],
        ['agent 22', 5, 0],
        ['10.7.0.1 at 22', null, 1],
        ['198.18.0.7', null, 3],
      ],
    );
    assert.deepEqual(nodeIn(graph, '198.18.0.2').directions, ['to-target', 'from-target']);
    assert.deepEqual(nodeIn(graph, '198.18.0.7').directions, ['from-target']);
  });

  test('have round trips of their own, each from where it begins', () => {
    assert.deepEqual(nodeIn(graph, '198.18.0.2').roundTrips, [
      { fromAgentId: '11', leastMs: 8, medianMs: 8 },
      { fromAgentId: '22', leastMs: 3, medianMs: 3 },
    ]);
    const link = graph.links.find(({ from, to }) => from === '198.18.0.2' && to === '198.18.0.7');
    assert.deepEqual([link?.delayMs, link?.directions], [3, ['from-target']]);
  });

  test('meet the NAT in front of the peer and the peer behind it by one address, as two', () => {
    assert.deepEqual(nodeIn(graph, '203.0.113.9').nat, ['peer-address']);
    assert.equal(nodeIn(graph, 'agent 22').kind, 'agent');
  });
});

describe('loss', () => {
  test('is what no hop further on has answered: a hop that answers seldom, but forwards, loses nothing', () => {
    const graph = mergePaths([
      forth([
        ['198.18.0.1', [1]],
        ['198.18.0.2', 2],
        ['203.0.113.9', 3],
      ]),
    ]);
    assert.deepEqual(
      graph.nodes.map(({ lossPercent, answered }) => [answered, lossPercent]),
      [
        [0, null],
        [1, 0],
        [3, 0],
        [3, 0],
      ],
    );
  });

  test('shows from where it begins to the end', () => {
    const graph = mergePaths([
      forth([
        ['198.18.0.1', 1],
        ['198.18.0.2', [2, 2]],
        ['198.18.0.3', [3]],
        ['203.0.113.9', [4, 4]],
      ]),
    ]);
    assert.deepEqual(
      graph.nodes.map(({ lossPercent }) => lossPercent),
      [null, 0, 33.333, 33.333, 33.333],
    );
  });

  test('is unknown of the last hop of a path that was not seen to its end', () => {
    const graph = mergePaths([
      forth([
        ['198.18.0.1', [1, 1]],
        ['198.18.0.2', [2]],
      ]),
    ]);
    assert.deepEqual(
      graph.nodes.map(({ lossPercent }) => lossPercent),
      [null, 33.333, null, null],
    );
  });
});

test('agents are there even where no trace has come to the end, behind all hops', () => {
  const graph = mergePaths([
    forth([
      ['198.18.0.1', 1],
      ['198.18.0.2', 2],
    ]),
  ]);
  const { columns, traces, address } = nodeIn(graph, 'agent 22');
  assert.deepEqual([columns['to-target'], traces, address], [3, 0, null]);
  assert.ok(!graph.links.some(({ to }) => to === 'agent 22'));
});

test('several sources of one test come together on the way', () => {
  const far = trace([
    ['198.18.0.8', 30],
    ['198.18.0.9', 31],
    ['203.0.113.9', 35],
  ]);
  const graph = mergePaths([
    forth([
      ['198.18.0.1', 1],
      ['198.18.0.9', 3],
      ['203.0.113.9', 6],
    ]),
    { direction: 'to-target', sourceAgentId: '33', targetAgentId: '22', traces: [far] },
  ]);
  const shared = nodeIn(graph, '198.18.0.9');
  assert.deepEqual(shared.roundTrips, [
    { fromAgentId: '11', leastMs: 3, medianMs: 3 },
    { fromAgentId: '33', leastMs: 31, medianMs: 31 },
  ]);
  const last = graph.links.find(({ to }) => to === 'agent 22');
  assert.deepEqual([last?.traces, last?.delayMs], [2, 3]);
  assert.equal(graph.nodes.filter(({ kind }) => kind === 'agent').length, 3);
});

test('a hop that comes again in a trace is one node, and nobody is linked to itself', () => {
  const graph = mergePaths([
    forth([
      ['198.18.0.1', 1],
      ['198.18.0.1', 2],
      ['198.18.0.2', 3],
      ['198.18.0.1', 4],
    ]),
  ]);
  assert.deepEqual(links(graph), [
    '198.18.0.1 → 198.18.0.2 (1)',
    '198.18.0.2 → 198.18.0.1 (1)',
    'agent 11 → 198.18.0.1 (1)',
  ]);
  const { traces, sent, columns } = nodeIn(graph, '198.18.0.1');
  assert.deepEqual([traces, sent, columns['to-target']], [1, 9, 1]);
});

test('labels and the least MTU stay with the hop that told them', () => {
  const stack = (label: number) => [{ label, trafficClass: 0, bottom: true, ttl: 1 }];
  const graph = mergePaths([
    forth(
      [['198.18.0.1', 1, { mpls: stack(16_004), mtu: 1492 }]],
      [['198.18.0.1', 1, { mpls: stack(16_004), mtu: 1400 }]],
      [['198.18.0.1', 1, { mpls: stack(16_005) }]],
    ),
  ]);
  const { mpls, mtu } = nodeIn(graph, '198.18.0.1');
  assert.deepEqual([mpls, mtu], [[stack(16_004), stack(16_005)], 1400]);
});

describe('for any traces', () => {
  const address = fc.constantFrom('198.18.0.1', '198.18.0.2', '198.18.0.3', '10.0.0.1', '192.168.1.1');
  const times = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 3 });
  const hop = fc.option(fc.tuple(address, times), { freq: 4 });
  const path = fc
    .array(hop, { maxLength: 12 })
    .chain((hops) =>
      fc.boolean().map((reached): HopInShort[] => (reached ? [...hops, ['203.0.113.9', 9]] : hops)),
    );
  const some = fc.record({
    forth: fc.array(path, { maxLength: 6 }),
    back: fc.array(path, { maxLength: 6 }),
  });

  test('their order makes no difference', () => {
    fc.assert(
      fc.property(some, (paths) => {
        const graph = mergePaths([forth(...paths.forth), back(...paths.back)]);
        const turned = mergePaths([back(...paths.back.toReversed()), forth(...paths.forth.toReversed())]);
        assert.deepEqual(turned, graph);
      }),
    );
  });

  test('links join nodes that are there, probes are counted once, and what is told is possible', () => {
    fc.assert(
      fc.property(some, (paths) => {
        const graph = mergePaths([forth(...paths.forth), back(...paths.back)]);
        const ids = new Set(graph.nodes.map(({ id }) => id));
        assert.equal(ids.size, graph.nodes.length);
        for (const { from, to, traces, delayMs } of graph.links) {
          assert.ok(ids.has(from) && ids.has(to) && from !== to && traces > 0);
          assert.ok(delayMs === null || delayMs >= 0);
        }
        for (const { sent, answered, lossPercent } of graph.nodes) {
          assert.ok(answered <= sent);
          assert.ok(lossPercent === null || (lossPercent >= 0 && lossPercent <= 100));
        }
        const answering = (hops: HopInShort[]) => hops.findLastIndex((each) => each !== null) + 1;
        const hops = [...paths.forth, ...paths.back].reduce((sum, each) => sum + answering(each), 0);
        assert.equal(
          graph.nodes.reduce((sum, { sent }) => sum + sent, 0),
          3 * hops,
        );
      }),
    );
  });
});

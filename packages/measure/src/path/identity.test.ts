import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mergePaths } from './merge.ts';
import { back, forth, nodeIn, trace } from './scene.ts';

describe('private addresses', () => {
  test('name one router at each end', () => {
    const graph = mergePaths([
      forth([
        ['192.168.1.1', 1],
        ['198.18.0.1', 4],
        ['203.0.113.9', 9],
      ]),
      back([
        ['192.168.1.1', 1],
        ['198.18.0.1', 4],
        ['203.0.113.5', 9],
      ]),
    ]);
    assert.deepEqual(nodeIn(graph, '192.168.1.1 at 11').directions, ['to-target']);
    assert.deepEqual(nodeIn(graph, '192.168.1.1 at 22').directions, ['from-target']);
  });

  test("name the same one for whoever comes by: behind the last public hop they are the peer's", () => {
    const graph = mergePaths([
      forth([
        ['198.18.0.1', 4],
        ['10.7.0.1', 6],
        ['203.0.113.9', 9],
      ]),
      back([
        ['10.7.0.1', 1],
        ['198.18.0.1', 4],
        ['203.0.113.5', 9],
      ]),
    ]);
    assert.deepEqual(nodeIn(graph, '10.7.0.1 at 22').directions, ['to-target', 'from-target']);
  });

  test('are those of one network where no public hop lies between, and of nobody between public hops', () => {
    const inside = { address: '10.7.0.2', port: 49_153 };
    const traces = [
      trace(
        [
          ['10.0.0.1', 1],
          ['10.7.0.2', 2],
        ],
        { target: inside },
      ),
    ];
    const graph = mergePaths([
      { direction: 'to-target', sourceAgentId: '11', targetAgentId: '22', traces },
      forth([
        ['198.18.0.1', 1],
        ['10.99.0.1', 2],
        ['198.18.0.2', 3],
      ]),
    ]);
    assert.equal(nodeIn(graph, '10.0.0.1').kind, 'hop');
    assert.equal(nodeIn(graph, '10.99.0.1').kind, 'hop');
  });
});

describe('silent hops', () => {
  test('are one where they stand between the same neighbours at the same distance', () => {
    const graph = mergePaths([
      forth(
        [['198.18.0.1', 1], null, null, ['198.18.0.4', 4]],
        [['198.18.0.1', 1], null, null, ['198.18.0.4', 4]],
        [['198.18.0.1', 1], null, null, ['198.18.0.5', 4]],
        [['198.18.0.1', 1], null, ['198.18.0.4', 4]],
      ),
    ]);
    const silent = graph.nodes.filter(({ kind }) => kind === 'silent');
    assert.deepEqual(silent.map(({ traces }) => traces).sort(), [1, 1, 1, 2, 2]);
    for (const { sent, traces, answered, lossPercent, address } of silent)
      assert.deepEqual([sent, answered, lossPercent, address], [3 * traces, 0, null, null]);
  });

  test('leave the length of the links to them unknown', () => {
    const graph = mergePaths([forth([['198.18.0.1', 1], null, ['198.18.0.3', 4]])]);
    assert.deepEqual(graph.links.map(({ delayMs }) => delayMs).sort(), [1, null, null]);
  });

  test('may be the first', () => {
    const [first, second] = mergePaths([forth([null, ['198.18.0.2', 1]])]).nodes;
    assert.deepEqual([first?.id, second?.kind], ['agent 11', 'silent']);
  });
});

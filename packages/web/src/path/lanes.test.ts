import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildLane, type Lane, type LaneOptions } from './lanes.ts';
import { roundPath } from './scene.ts';

const all: LaneOptions = { grouping: 'interface', sourceAgentIds: null };

const columnsOf = (lane: Lane) => Object.fromEntries(lane.nodes.map(({ id, column }) => [id, column]));
const linksOf = (lane: Lane) => lane.links.map(({ from, to, traces }) => `${from} > ${to} ${traces}`);

describe('a lane', () => {
  test('has the hops of its direction in the columns of their distance, the agent at the end behind all', () => {
    const path = roundPath([
      { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1'] },
      { direction: 'to-target', hops: ['10.0.0.1', '198.51.100.2', '198.51.100.3'] },
      { direction: 'from-target', hops: ['192.0.2.1'] },
    ]);
    const lane = buildLane(path, 'to-target', all);
    assert.deepEqual(columnsOf(lane), {
      'agent 1': 0,
      '10.0.0.1': 1,
      '198.51.100.1': 2,
      '198.51.100.2': 2,
      '198.51.100.3': 3,
      'agent 9': 4,
    });
    assert.deepEqual(linksOf(lane), [
      '10.0.0.1 > 198.51.100.1 1',
      '10.0.0.1 > 198.51.100.2 1',
      '198.51.100.1 > agent 9 1',
      '198.51.100.2 > 198.51.100.3 1',
      '198.51.100.3 > agent 9 1',
      'agent 1 > 10.0.0.1 2',
    ]);
    assert.deepEqual(lane.hops, { least: 3, most: 4 });
    assert.deepEqual(columnsOf(buildLane(path, 'from-target', all)), {
      'agent 9': 0,
      '192.0.2.1': 1,
      'agent 1': 2,
    });
  });

  test('tells where traces stop that did not reach the agent, which has its place all the same', () => {
    const path = roundPath([{ direction: 'to-target', hops: ['10.0.0.1', '198.51.100.1'], end: 'silent' }]);
    const lane = buildLane(path, 'to-target', all);
    assert.deepEqual(lane.nodes.find(({ id }) => id === '198.51.100.1')?.endings, ['silent']);
    assert.equal(columnsOf(lane)['agent 9'], 3);
    assert.equal(lane.hops, null);
  });

  test('is of some of the sources where that is asked for', () => {
    const path = roundPath([
      { direction: 'to-target', source: '1', hops: ['10.0.0.1', '198.51.100.1'] },
      { direction: 'to-target', source: '2', hops: ['10.2.0.1', '198.51.100.1'] },
    ]);
    const lane = buildLane(path, 'to-target', { ...all, sourceAgentIds: ['2'] });
    assert.deepEqual(linksOf(lane), [
      '10.2.0.1 > 198.51.100.1 1',
      '198.51.100.1 > agent 9 1',
      'agent 2 > 10.2.0.1 1',
    ]);
  });

  test('names agents by their names, hops by their addresses', () => {
    const lane = buildLane(
      roundPath([{ direction: 'to-target', hops: ['*', '10.0.0.1'] }]),
      'to-target',
      all,
    );
    assert.deepEqual(
      lane.nodes.map(({ kind, label }) => [kind, label]),
      [
        ['hop', '10.0.0.1'],
        ['agent', 'Site 1'],
        ['agent', 'Target'],
        ['silent', 'no reply'],
      ],
    );
  });

  test('makes one of the hops of a network, with what is silent inside, and keeps the slowest link between two', () => {
    const path = roundPath(
      [
        {
          direction: 'to-target',
          hops: ['198.51.100.1', '*', '198.51.100.2', '203.0.113.1', '*', '192.0.2.1'],
        },
        { direction: 'to-target', hops: ['198.51.100.3', '198.51.100.2', '203.0.113.1', '*', '192.0.2.1'] },
      ],
      {
        '198.51.100.1': { asn: 64496, network: 'Alpha (AS 64496)' },
        '198.51.100.2': { asn: 64496, network: 'Alpha Two (AS 64496)' },
        '198.51.100.3': { asn: 64496, network: 'Alpha (AS 64496)' },
        '203.0.113.1': { asn: 64497, network: 'Beta (AS 64497)' },
      },
    );
    const lane = buildLane(path, 'to-target', { ...all, grouping: 'network' });
    const silent = 'silent after 203.0.113.1 before 192.0.2.1';
    assert.deepEqual(columnsOf(lane), {
      'agent 1': 0,
      'network 64496': 1,
      'network 64497': 3,
      [silent]: 4,
      '192.0.2.1': 5,
      'agent 9': 7,
    });
    const alpha = lane.nodes.find(({ id }) => id === 'network 64496')!;
    assert.equal(alpha.kind, 'group');
    assert.equal(alpha.label, 'Alpha (AS 64496)');
    assert.deepEqual(
      alpha.members.map(({ id }) => id),
      ['198.51.100.1', '198.51.100.2', '198.51.100.3'],
    );
    assert.equal(alpha.traces, 2);
  });

  test('does not make one of private hops of the same prefix, which may be at both ends', () => {
    const path = roundPath([
      { direction: 'to-target', hops: ['10.0.0.1', '10.0.0.2', '198.51.100.1', '198.51.100.9'] },
    ]);
    const lane = buildLane(path, 'to-target', { ...all, grouping: 'prefix' });
    assert.deepEqual(Object.keys(columnsOf(lane)), [
      '10.0.0.1',
      '10.0.0.2',
      'agent 1',
      'agent 9',
      'prefix 198.51.100.0/24',
    ]);
  });

  test('is the same in whichever order the traces come', () => {
    const traces = [
      { direction: 'to-target' as const, source: '2', hops: ['10.0.0.1', '198.51.100.1'] },
      { direction: 'to-target' as const, source: '1', hops: ['10.1.0.1', '198.51.100.1'] },
    ];
    assert.deepEqual(
      buildLane(roundPath(traces), 'to-target', all),
      buildLane(roundPath(traces.toReversed()), 'to-target', all),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFound } from './find.ts';
import { buildLane } from './lanes.ts';
import { roundPath } from './scene.ts';

const path = roundPath([{ direction: 'to-target', hops: ['198.51.100.7', '*', '203.0.113.1'] }], {
  '198.51.100.7': {
    name: 'core1.example.net',
    network: 'Example Networks (AS 64496)',
    asn: 64496,
    location: 'Cape Town, South Africa',
  },
});
const lane = buildLane(path, 'to-target', { grouping: 'interface', sourceAgentIds: null });
const found = (text: string) => lane.nodes.filter((node) => isFound(node, text)).map(({ label }) => label);

describe('a hop is found by', () => {
  const cases: [string, string, string[]][] = [
    ['its address', '198.51.100.7', ['198.51.100.7']],
    ['the beginning of it', '198.51', ['198.51.100.7']],
    ['a prefix that it is in', '203.0.113.0/24', ['203.0.113.1']],
    ['its name', 'CORE1', ['198.51.100.7']],
    ['its network', 'example networks', ['198.51.100.7']],
    ['its autonomous system', 'AS64496', ['198.51.100.7']],
    ['its place', 'cape town', ['198.51.100.7']],
    ['its silence', 'no reply', ['no reply']],
  ];
  for (const [name, text, expected] of cases)
    test(`${name}: ${text}`, () => assert.deepEqual(found(text), expected));
});

test('nothing is found by nothing, or by what is nowhere', () => {
  assert.deepEqual(found('  '), []);
  assert.deepEqual(found('AS6449'), []);
  assert.deepEqual(found(')('), []);
});

test('an agent is found by its name', () => assert.deepEqual(found('site 1'), ['Site 1']));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Test } from '@pinhole/contract';
import { shownTests } from './list.ts';

const source = (agentId: string, agentName: string) => ({
  agentId,
  agentName,
  agentType: 'enterprise' as const,
  enabled: true,
  ipAddresses: [],
  publicIpAddresses: [],
});
const base = {
  type: 'agent-to-agent',
  enabled: true,
  protocol: 'tcp',
  direction: 'to-target',
  interval: 300,
} as unknown as Test;
const tests: Test[] = [
  { ...base, testId: '1', testName: 'Office 10', targetAgentId: '8', agents: [source('7', 'Lyon')] },
  {
    ...base,
    testId: '2',
    testName: 'Office 9',
    targetAgentId: '9',
    interval: 60,
    protocol: 'udp',
    agents: [source('8', 'Oslo')],
  },
];
const agentNames = new Map([['8', 'Oslo']]);
const names = (search: Parameters<typeof shownTests>[2]) =>
  shownTests(tests, agentNames, search).map((listed) => listed.test.testName);

test('an order by interval is one of numbers', () => {
  assert.deepEqual(names({ sort: 'interval' }), ['Office 9', 'Office 10']);
  assert.deepEqual(names({ sort: 'interval', desc: true }), ['Office 10', 'Office 9']);
});

test('an agent finds the tests in which it is source or target', () => {
  assert.deepEqual(names({ agent: '8' }), ['Office 9', 'Office 10']);
  assert.deepEqual(names({ agent: '7' }), ['Office 10']);
});

test('the words of the direction, the protocol and the agents are found', () => {
  assert.deepEqual(names({ q: 'source to target lyon' }), ['Office 10']);
  assert.deepEqual(names({ q: 'udp' }), ['Office 9']);
});

test('a target that is gone is named by its id', () => {
  assert.equal(shownTests(tests, agentNames, { q: 'Office 9' })[0]?.targetName, '9');
});

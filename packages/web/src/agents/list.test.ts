import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleAgent } from './example.ts';
import { shownAgents } from './list.ts';

const frankfurt = exampleAgent({ agentId: '1', agentName: 'Frankfurt 10', lastSeen: '2026-11-22T12:00:30Z' });
const lyon = exampleAgent({
  agentId: '2',
  agentName: 'Frankfurt 9',
  ipAddresses: ['10.1.0.7'],
  agentState: 'offline',
});
const oslo = exampleAgent({
  agentId: '3',
  agentName: 'Oslo',
  agentState: 'disabled',
  errorDetails: [{ code: 'nat-traversal-error', description: 'NAT Issues: NAT traversal not supported' }],
});
const all = [oslo, frankfurt, lyon];

const names = (search: Parameters<typeof shownAgents>[1]) =>
  shownAgents(all, search).map(({ agentName }) => agentName);

test('by name, numbers as numbers, until another order is asked for', () => {
  assert.deepEqual(names({}), ['Frankfurt 9', 'Frankfurt 10', 'Oslo']);
  assert.deepEqual(names({ desc: true }), ['Oslo', 'Frankfurt 10', 'Frankfurt 9']);
  assert.deepEqual(names({ sort: 'contact', desc: true })[0], 'Frankfurt 10');
});

test('every word must be found, in a name or an address', () => {
  assert.deepEqual(names({ q: 'frank 10.1' }), ['Frankfurt 9']);
  assert.deepEqual(names({ q: 'OSLO' }), ['Oslo']);
  assert.deepEqual(names({ q: 'nowhere' }), []);
});

test('a filter by problem shows those that have it', () => {
  assert.deepEqual(names({ problem: 'any' }), ['Frankfurt 9', 'Oslo']);
  assert.deepEqual(names({ problem: 'nat' }), ['Oslo']);
  assert.deepEqual(names({ problem: 'offline' }), ['Frankfurt 9']);
  assert.deepEqual(names({ problem: 'disabled' }), ['Oslo']);
});

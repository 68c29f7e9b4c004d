import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleAgent } from './example.ts';
import { generalChange, generalErrors, generalFormOf } from './general-form.ts';

const agent = exampleAgent({ targetForTests: '192.0.2.99' });
const form = generalFormOf(agent);

test('only what was changed is asked for', () => {
  assert.deepEqual(generalChange(form, agent), {});
  assert.deepEqual(generalChange({ ...form, agentName: ' Lyon ' }, agent), { agentName: 'Lyon' });
  assert.deepEqual(generalChange({ ...form, enabled: false }, agent), { enabled: false });
});

test('an emptied target for tests is cleared', () => {
  assert.deepEqual(generalChange({ ...form, targetForTests: ' ' }, agent), { targetForTests: '' });
});

test('a wrong address and an empty name are told at their fields', () => {
  assert.deepEqual(generalErrors(form), {});
  assert.deepEqual(Object.keys(generalErrors({ ...form, agentName: ' ', targetForTests: '192.0.2' })), [
    'agentName',
    'targetForTests',
  ]);
});

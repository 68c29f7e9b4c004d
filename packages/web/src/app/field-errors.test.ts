import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../api/errors.ts';
import { fieldError, otherErrors } from './field-errors.ts';

const errors = [
  { code: 'name-taken', field: 'testName', message: 'Another test is called "x" already.' },
  { code: 'unknown-agent', field: 'agents.1.agentId', message: 'There is no agent 7' },
];

test('an error stands at its field, or at the list it is a part of', () => {
  assert.equal(fieldError(errors, 'testName'), 'Another test is called "x" already.');
  assert.equal(fieldError(errors, 'agents'), 'There is no agent 7.');
  assert.equal(fieldError(errors, 'agent'), undefined);
});

test('what has no field on the screen is told with its name', () => {
  const error = new ApiError('invalid', 'Invalid.', errors);
  assert.equal(otherErrors(error, ['testName']), 'agents.1.agentId: There is no agent 7.');
  assert.match(otherErrors(error, ['testName', 'agents']), /marked below/);
});

test('an error without fields is its own sentence', () => {
  assert.equal(otherErrors(new ApiError('conflict', 'Not now.'), ['a']), 'Not now.');
});

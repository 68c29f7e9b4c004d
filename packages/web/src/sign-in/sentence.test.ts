import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../api/errors.ts';
import { signInSentence } from './sentence.ts';

test('a refusal does not tell which of the two is wrong', () => {
  assert.equal(signInSentence(new ApiError('signed-out', 'Whatever.')), 'Name or password is wrong.');
});

test('too many attempts are told in the words of the collector', () => {
  assert.equal(signInSentence(new ApiError('too-many', 'Wait a minute.')), 'Wait a minute.');
});

test('a stopped collector is not taken for a wrong password', () => {
  assert.match(signInSentence(new ApiError('unreachable', '')), /does not answer/);
});

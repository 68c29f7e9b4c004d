import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordError } from './password-form.ts';

test('a password has 12 to 200 characters, whatever they are', () => {
  assert.equal(passwordError('            '), undefined);
  assert.match(passwordError('elevenchars') ?? '', /at least 12/);
  assert.match(passwordError('x'.repeat(201)) ?? '', /at most 200/);
});

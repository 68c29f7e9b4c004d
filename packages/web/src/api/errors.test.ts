import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf } from './errors.ts';

test('a problem body gives its detail, and the fields that are wrong', () => {
  const error = errorOf(400, {
    type: 'about:blank',
    title: 'Request validation failed.',
    status: 400,
    detail: 'The request contains invalid fields.',
    errors: [{ code: 'name-taken', field: 'testName', message: 'Another test is called "x" already.' }],
  });
  assert.equal(error.code, 'invalid');
  assert.equal(error.message, 'The request contains invalid fields.');
  assert.deepEqual(
    error.fieldErrors.map(({ field }) => field),
    ['testName'],
  );
});

test('without a detail, the title is shown', () => {
  const error = errorOf(403, { type: 'about:blank', title: 'Forbidden', status: 403 });
  assert.equal(error.code, 'forbidden');
  assert.equal(error.message, 'Forbidden');
});

test("REST's 401 has a form of its own", () => {
  const error = errorOf(401, { error: 'invalid_token', error_description: 'Invalid access token' });
  assert.equal(error.code, 'signed-out');
  assert.equal(error.message, 'Invalid access token.');
});

test("a proxy's page is no reason to show", () => {
  const error = errorOf(502, null);
  assert.equal(error.code, 'unavailable');
  assert.equal(error.message, 'The collector answered with 502 and gave no reason.');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSearch, stringifySearch } from './search.ts';

test('values stay text, however much they look like numbers', () => {
  assert.deepEqual(parseSearch('?agent=1234567890123456789&round=1700000000'), {
    agent: '1234567890123456789',
    round: '1700000000',
  });
});

test('what is not set does not stand in the address bar', () => {
  assert.equal(stringifySearch({ a: undefined, b: null, c: '', d: false, e: [] }), '');
});

test('a list is one value with commas, and comes back as it was written', () => {
  const text = stringifySearch({ agents: ['1', '2'], find: 'a b&c', follow: true });
  assert.equal(text, '?agents=1,2&find=a+b%26c&follow=true');
  assert.deepEqual(parseSearch(text), { agents: '1,2', find: 'a b&c', follow: 'true' });
});

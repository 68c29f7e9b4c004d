import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../harness.ts';
import { assertDescribed } from './described.ts';

const answer = (status: number, body: unknown, type = 'application/hal+json'): Answer => ({
  status,
  headers: new Headers({ 'content-type': type }),
  body,
});
const _links = { self: { href: 'http://collector.example/v7/account-groups' } };
const group = {
  aid: '1',
  accountGroupName: 'Default',
  isCurrentAccountGroup: true,
  isDefaultAccountGroup: true,
};
const problem = { type: 'about:blank', title: 'Not Found', status: 404 };
const problemType = 'application/problem+json';

const right: [string, string, string, Answer][] = [
  ['a body', 'GET', '/v7/account-groups', answer(200, { accountGroups: [group], _links })],
  ['no body', 'DELETE', '/v7/agents/1', answer(204, null)],
  ['a problem', 'GET', '/v7/agents/1', answer(404, problem, `${problemType}; charset=utf-8`)],
  ['a problem at a path that does not exist', 'GET', '/v7/nonsense', answer(404, problem, problemType)],
  ['anything that is not REST', 'GET', '/agent/v1/changes', answer(200, 'text', 'text/plain')],
];
for (const [what, method, path, given] of right)
  test(`${what} is what the document describes`, () => assertDescribed(method, path, given));

const { aid: _, ...nameless } = group;
const wrong: [string, string, string, Answer][] = [
  ['a further member', 'GET', '/v7/account-groups', answer(200, { accountGroups: [group], _links, more: 1 })],
  [
    'a further member deep inside',
    'GET',
    '/v7/account-groups',
    answer(200, { accountGroups: [{ ...group, more: 1 }], _links }),
  ],
  ['a missing member', 'GET', '/v7/account-groups', answer(200, { accountGroups: [nameless], _links })],
  [
    'another type',
    'GET',
    '/v7/account-groups',
    answer(200, { accountGroups: [{ ...group, aid: 1 }], _links }),
  ],
  [
    'another media type',
    'GET',
    '/v7/account-groups',
    answer(200, { accountGroups: [group], _links }, 'application/json'),
  ],
  ['a body where none is', 'DELETE', '/v7/agents/1', answer(204, {})],
  ['an error of another form', 'GET', '/v7/agents/1', answer(404, { message: 'no' }, problemType)],
  ['an operation that is not there', 'GET', '/v7/nonsense', answer(200, {})],
];
for (const [what, method, path, given] of wrong)
  test(`${what} is not`, () => assert.throws(() => assertDescribed(method, path, given), /GET|DELETE/));

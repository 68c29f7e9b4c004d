// What ThousandEyes API v7 says of wrong requests, in the bodies of its published description.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, startWorld } from '../harness.ts';
import { assertPublished, published } from './published.ts';
import { filled, nameOf, operations, rightBody, scene } from './scene.ts';

describe('wrong requests', () => {
  test("without a token, or with a wrong one, get v7's 401", async (t) => {
    const { world, ids } = await scene(t);
    for (const operation of operations) {
      const url = filled(operation.path, ids);
      for (const [token, error] of [
        [null, 'unauthorized'],
        ['wrong', 'invalid_token'],
      ] as const) {
        if (token !== null && operation.path !== '/agents') continue;
        const answer = await ask(`${world.collector.url}/v7${url}`, operation.method, token, undefined);
        assert.deepEqual([answer.status, answer.body.error], [401, error], nameOf(operation));
        assertPublished(operation.method, url, answer);
      }
    }
  });

  test('with a token for reading get 403 where something would change', async (t) => {
    const { world, ids } = await scene(t);
    const { body } = await world.rest('POST', '/page/tokens', { name: 'reader', access: 'read' });
    for (const operation of operations) {
      const url = filled(operation.path, ids);
      if (operation.method === 'GET') continue;
      const request = rightBody(operation, ids);
      const answer = await ask(`${world.collector.url}/v7${url}`, operation.method, body.token, request);
      assert.equal(answer.status, 403, nameOf(operation));
      assertPublished(operation.method, url, answer);
    }
    const { status } = await ask(`${world.collector.url}/v7/agents`, 'GET', body.token);
    assert.equal(status, 200);
    const group = await ask(`${world.collector.url}/v7/account-groups/1`, 'GET', body.token);
    assert.deepEqual([group.status, 'accountToken' in group.body], [200, false]);
  });

  test('for another account group get 403', async (t) => {
    const { v7, ids } = await scene(t);
    for (const operation of operations.filter(({ operation }) => operation.query.includes('aid'))) {
      const { path, method } = operation;
      const { status } = await v7(method, `${filled(path, ids)}?aid=2`, rightBody(operation, ids));
      assert.equal(status, 403, nameOf(operation));
    }
  });

  test('for what does not exist get 404', async (t) => {
    const { v7, ids } = await scene(t);
    const unknown = Object.fromEntries(Object.keys(ids).map((name) => [name, '999']));
    const alertId = '00000000-0000-4000-8000-000000000000';
    for (const operation of operations.filter(({ path }) => path.includes('{'))) {
      const { path, method } = operation;
      const { status } = await v7(method, filled(path, { ...unknown, alertId }), rightBody(operation, ids));
      assert.equal(status, 404, nameOf(operation));
    }
  });

  test('with a body of the wrong form get 400 and a list of what is wrong', async (t) => {
    const { v7, ids } = await scene(t);
    for (const operation of operations.filter(({ operation }) => operation.request !== undefined)) {
      const { path, method } = operation;
      // There is no other account group, whatever is asked for.
      if (nameOf(operation) === 'POST /account-groups') continue;
      const url = filled(path, ids);
      const wrong = Object.fromEntries(
        Object.keys(rightBody(operation, ids) as object).map((member) => [member, { wrong: true }]),
      );
      for (const body of [wrong, '[', '"text"']) {
        const answer = await v7(method, url, body);
        assert.equal(answer.status, path === '/streams/{id}' ? answer.status : 400, nameOf(operation));
        if (body !== wrong || path.startsWith('/streams')) continue;
        const fields = answer.body.errors.map(({ field }: { field: string }) => field.split('.')[0]);
        assert.deepEqual([...new Set(fields)].sort(), Object.keys(wrong).sort(), nameOf(operation));
      }
    }
  });

  test('with parameters of the wrong form get 400', async (t) => {
    const { v7, testId, ids } = await scene(t);
    const results = `/test-results/${testId}/network`;
    for (const [url, field] of [
      ['/agents?expand=nonsense', 'expand.0'],
      ['/agents?agentTypes=enterprise,nonsense', 'agentTypes.1'],
      [`/tests/agent-to-agent/${testId}?expand=nonsense`, 'expand.0'],
      [`/tests/${testId}/history?limit=501`, 'limit'],
      [`${results}?window=1y`, 'window'],
      [`${results}?window=1d&startDate=2026-01-01T00:00:00Z`, 'window'],
      [`${results}?endDate=2026-01-01T00:00:00Z`, 'endDate'],
      [`${results}?startDate=yesterday`, 'startDate'],
      [`${results}?direction=sideways`, 'direction'],
      [`${results}?cursor=nonsense`, 'cursor'],
      [`/test-results/${testId}/path-vis?direction=bidirectional`, 'direction'],
      [`/test-results/${testId}/path-vis/agent/${ids.agentId}/round/last`, 'roundId'],
      ['/account-groups/1?expand=nonsense', 'expand.0'],
    ] as const) {
      const { status, body } = await v7('GET', url);
      assert.deepEqual([status, body.errors?.[0].field], [400, field], url);
    }
  });

  test('by a method that a path has not get 405 and the ones it has', async (t) => {
    const { world, ids } = await scene(t);
    for (const [path, methods] of Object.entries(published.paths)) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        if (method.toLowerCase() in methods) continue;
        // The same path by another name: a test called instant, an agent called proxies, a rule called rules.
        if (/\/(instant|proxies|notification-rules|rules)$/.test(path) && method !== 'PATCH') continue;
        const body = method === 'GET' || method === 'DELETE' ? undefined : {};
        const { status, headers } = await world.rest(method, `/v7${filled(path, ids)}`, body);
        assert.equal(status, 405, `${method} ${path}`);
        const allowed = Object.keys(methods).map((name) => name.toUpperCase());
        assert.deepEqual(headers.get('allow')?.split(', ').sort(), allowed.sort(), `${method} ${path}`);
      }
    }
  });

  test('too many of them get 429, and each answer says how many are left', async (t) => {
    const world = await startWorld(t, { limits: { restPerMinute: 4 } });
    const statuses: number[] = [];
    const left: (string | null)[] = [];
    for (const path of [
      '/agents',
      '/agents/999',
      '/nonsense',
      '/tests/1/history?limit=0',
      '/agents',
      '/tests',
    ]) {
      const answer = await world.rest('GET', `/v7${path}`);
      statuses.push(answer.status);
      left.push(answer.headers.get('x-organization-rate-limit-remaining'));
      for (const name of ['limit', 'reset'])
        assert.match(answer.headers.get(`x-organization-rate-limit-${name}`) ?? '', /^\d+$/);
      if (answer.status === 429) assertPublished('GET', path, answer);
    }
    assert.deepEqual(statuses, [200, 404, 404, 400, 429, 429]);
    assert.deepEqual(left, ['3', '2', '1', '0', '0', '0']);
  });
});

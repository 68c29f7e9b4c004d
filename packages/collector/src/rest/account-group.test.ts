import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startWorld } from '../../test/harness.ts';

const path = '/v7/account-groups';
const codes = (body: { errors: { code: string; field: string }[] }) =>
  body.errors.map(({ code, field }) => `${code} ${field}`);

test('there is one account group, with the token that agents enrol with', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const { body } = await world.rest('GET', path);
  const [group] = body.accountGroups;
  assert.deepEqual(body.accountGroups, [
    { aid: '1', accountGroupName: 'Default', isCurrentAccountGroup: true, isDefaultAccountGroup: true },
  ]);
  const plain = (await world.rest('GET', `${path}/${group.aid}`)).body;
  const accountToken = readFileSync(world.collector.accountTokenFile, 'utf8').trim();
  assert.deepEqual(plain, {
    ...group,
    accountToken,
    _links: { self: { href: `${world.collector.url}${path}/1` } },
  });
  const { body: expanded } = await world.rest('GET', `${path}/1?expand=agent,user`);
  assert.deepEqual(
    expanded.agents.map(({ agentId }: { agentId: string }) => agentId),
    [agent.agentId],
  );
  assert.deepEqual(
    expanded.users.map(({ name }: { name: string }) => name),
    ['admin'],
  );
  assert.deepEqual(expanded.users[0].roles, [
    { roleId: 'write', name: 'Account Admin', isBuiltin: true, hasManagementPermissions: true },
  ]);
});

test('it can be renamed, which its agents show', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const { status, body } = await world.rest('PUT', `${path}/1`, { accountGroupName: 'Backbone' });
  assert.deepEqual([status, body.accountGroupName], [200, 'Backbone']);
  await world.restart();
  const shown = (await world.rest('GET', `/v7/agents/${agent.agentId}`)).body;
  assert.deepEqual(shown.accountGroups, [{ aid: '1', accountGroupName: 'Backbone' }]);
  const read = (await world.rest('GET', `${path}/1?expand=agent,user`)).body;
  assert.equal((await world.rest('PUT', `${path}/1`, read)).status, 200);
});

test('a list of its agents has to be whole', async (t) => {
  const world = await startWorld(t);
  const [first, second] = [await world.enroll('first'), await world.enroll('second')];
  const put = (agents: string[]) => world.rest('PUT', `${path}/1`, { accountGroupName: 'Backbone', agents });
  assert.equal((await put([first.agentId, second.agentId])).status, 200);
  const left = await put([first.agentId, '999']);
  assert.equal(left.status, 400);
  assert.deepEqual(codes(left.body), ['unknown-agent agents.1', 'agent-left-out agents']);
  assert.deepEqual(codes((await world.rest('PUT', `${path}/1`, {})).body), ['invalid-type accountGroupName']);
});

test('it is the only one', async (t) => {
  const world = await startWorld(t);
  const request = { accountGroupName: 'Another' };
  assert.equal((await world.rest('POST', path, request)).status, 403);
  assert.equal((await world.rest('DELETE', `${path}/1`)).status, 403);
  for (const method of ['GET', 'PUT', 'DELETE'])
    assert.equal((await world.rest(method, `${path}/2`, method === 'PUT' ? request : undefined)).status, 404);
});

test('every operation takes the account group, and refuses another', async (t) => {
  const world = await startWorld(t);
  for (const url of ['/v7/agents', '/v7/tests', path, '/v7/agents/proxies']) {
    assert.equal((await world.rest('GET', `${url}?aid=1`)).status, 200);
    for (const query of ['aid=2', 'aid=', 'aid=1&aid=1']) {
      const { status, body } = await world.rest('GET', `${url}?${query}`);
      assert.equal(status, 403, query);
      assert.match(body.detail, /account group/);
    }
  }
});

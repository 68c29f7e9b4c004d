import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../../test/harness.ts';

test('agents have no notification rules and no proxies', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  assert.deepEqual((await world.rest('GET', '/v7/agents/notification-rules')).body.agentAlertRules, []);
  assert.deepEqual((await world.rest('GET', '/v7/agents/proxies')).body.agentProxies, []);
  assert.equal((await world.rest('GET', '/v7/agents/notification-rules/1')).status, 404);
  const expanded = await world.rest('GET', `/v7/agents/${agent.agentId}?expand=notification-rule`);
  assert.deepEqual(expanded.body.notificationRules, []);
});

test('agents stand alone and cannot be made a cluster', async (t) => {
  const world = await startWorld(t);
  const { agentId } = await world.enroll('first');
  const answer = async (kind: string, body: unknown, of = agentId) => {
    const { status, body: problem } = await world.rest('POST', `/v7/agents/${of}/cluster/${kind}`, body);
    return [status, problem.errors?.[0].code];
  };
  assert.deepEqual(await answer('assign', { agents: [] }), [400, 'no-clusters']);
  assert.deepEqual(await answer('unassign', { members: ['1'] }), [400, 'not-a-cluster']);
  assert.deepEqual(await answer('assign', undefined), [400, 'invalid-type']);
  assert.deepEqual(await answer('assign', { agents: [] }, '999'), [404, undefined]);
  const expanded = await world.rest('GET', `/v7/agents/${agentId}?expand=cluster-member`);
  assert.equal('clusterMembers' in expanded.body, false);
});

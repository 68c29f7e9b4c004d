// ThousandEyes API v7 as its published description has it: each operation and each body.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failed, measured, traced } from '../harness.ts';
import { assertPublishedRequest } from './published.ts';
import { filled, nameOf, operations, rightBody, scene } from './scene.ts';

/** What Pinhole has none of, so that these never succeed. */
const neverSucceed = [
  'POST /account-groups',
  'DELETE /account-groups/{id}',
  'POST /agents/{agentId}/cluster/assign',
  'POST /agents/{agentId}/cluster/unassign',
  'GET /agents/notification-rules/{notificationRuleId}',
];

describe('the bodies of v7', () => {
  test('agents', async (t) => {
    const { v7, source, testId } = await scene(t);
    const agent = `/agents/${source.agentId}`;
    const every = 'expand=cluster-member,test,test-ids,notification-rule';
    await v7('GET', '/agents?expand=cluster-member,test,test-ids&agentTypes=enterprise,cloud');
    assert.equal((await v7('GET', `${agent}?${every}`)).status, 200);
    const { body } = await v7('PUT', `${agent}?${every}`, {
      agentName: 'renamed',
      enabled: true,
      accountGroups: ['1'],
      tests: [testId],
      ipv6Policy: 'prefer-ipv6',
      keepBrowserCache: false,
      targetForTests: '192.0.2.1',
      localResolutionPrefixes: ['10.1.1.0/24'],
    });
    assert.deepEqual([body.agentName, body.targetForTests], ['renamed', '192.0.2.1']);
    for (const kind of ['assign', 'unassign', 'override'])
      assert.equal((await v7('POST', `${agent}/tests/${kind}`, { testIds: [testId] })).status, 200);
    for (const path of ['/agents/notification-rules', '/agents/proxies'])
      assert.equal((await v7('GET', path)).status, 200);
    assert.equal((await v7('DELETE', agent)).status, 204);
  });

  test('an agent whose NAT does not support traversal', async (t) => {
    const { v7, world, source } = await scene(t);
    await world.rest('PUT', `/v7/agents/${source.agentId}`, { behindNat: true });
    assert.equal((await v7('GET', `/agents/${source.agentId}`)).body.natTraversal.status, 'checking');
  });

  test('tests', async (t) => {
    const { v7, ids } = await scene(t);
    const tests = '/tests/agent-to-agent';
    const every = 'expand=agent,alert-rule,monitor,label,tag,shared-with-account';
    const request = {
      testName: 'everything',
      description: 'what v7 has',
      enabled: true,
      alertsEnabled: true,
      alertRules: ['1'],
      interval: 300,
      bgpMeasurements: true,
      usePublicBgp: true,
      monitors: [],
      labels: [],
      tags: [],
      sharedWithAccounts: ['1'],
      direction: 'bidirectional',
      dscpId: '46',
      mss: 1400,
      numPathTraces: 10,
      pathTraceMode: 'in-session',
      port: 49_153,
      protocol: 'udp',
      randomizedStartTime: true,
      targetAgentId: '2',
      throughputMeasurements: true,
      throughputDuration: 30_000,
      throughputRate: 1000,
      fixedPacketRate: 100,
      agents: [{ agentId: ids.agentId, sourceIpAddress: '192.168.1.2' }],
    };
    assertPublishedRequest('POST', tests, request);
    const created = await v7('POST', `${tests}?${every}`, request);
    assert.equal(created.status, 201);
    assert.ok(created.headers.get('location')?.endsWith(`${tests}/${created.body.testId}`));
    const { testName, targetAgentId, throughputRate } = created.body;
    assert.deepEqual([testName, targetAgentId, throughputRate], ['everything', '2', 1000]);
    const own = `${tests}/${created.body.testId}`;
    assert.equal((await v7('GET', `${own}?${every}`)).status, 200);
    assert.equal((await v7('PUT', `${own}?${every}`, { ...request, interval: 60 })).body.interval, 60);
    assert.equal((await v7('GET', '/tests')).body.tests.length, 2);
    assert.equal((await v7('GET', tests)).body.tests.length, 2);
    const { body } = await v7('GET', `/tests/${created.body.testId}/history?limit=500`);
    assert.equal(body.testVersionHistory.length, 2);
    const { versionId } = body.testVersionHistory[1];
    assert.equal((await v7('GET', `${own}?versionId=${versionId}`)).body.interval, 300);
    assert.equal((await v7('DELETE', own)).status, 204);
  });

  test('instant tests', async (t) => {
    const { v7, ids } = await scene(t);
    const { status, body } = await v7('POST', '/tests/agent-to-agent/instant?expand=agent', {
      testName: 'now',
      targetAgentId: '2',
      agents: [{ agentId: ids.agentId }],
    });
    assert.equal(status, 201);
    assert.equal((await v7('POST', `/tests/${body.testId}/run`)).status, 200);
  });

  test('network results', async (t) => {
    const { v7, key, keep, testId } = await scene(t);
    await keep([0, 1].flatMap((ago) => [measured(key(ago), ago), measured(key(ago, 'from-target'))]));
    await keep([failed(key(2)), failed(key(2, 'from-target'))]);
    const path = `/test-results/${testId}/network`;
    for (const query of ['', '?window=1d', '?window=1d&direction=bidirectional', '?direction=from-target'])
      assert.ok((await v7('GET', path + query)).body.results.length > 0, query);
    const startDate = new Date(key(1).roundId * 1000).toISOString();
    assert.equal((await v7('GET', `${path}?startDate=${startDate}`)).body.results.length, 4);
  });

  test('paths', async (t) => {
    const { v7, key, keep, testId, ids } = await scene(t);
    const routes = [['192.168.1.1', null, '198.51.100.7', '203.0.113.2'], ['192.168.1.1']];
    await keep([traced(key(0), routes), traced(key(0, 'from-target'), routes)]);
    const path = `/test-results/${testId}/path-vis`;
    for (const query of ['', '?window=1d', '?window=1d&direction=to-target'])
      assert.ok((await v7('GET', path + query)).body.results.length > 0, query);
    const detail = `${path}/agent/${ids.agentId}/round/${ids.roundId}`;
    assert.equal((await v7('GET', detail)).body.results.length, 2);
    assert.equal((await v7('GET', `${detail}?direction=from-target`)).body.results.length, 1);
  });

  test('account groups', async (t) => {
    const { v7 } = await scene(t);
    assert.equal((await v7('GET', '/account-groups')).status, 200);
    assert.equal((await v7('GET', '/account-groups/1?expand=user,agent')).status, 200);
    assert.equal((await v7('PUT', '/account-groups/1', { accountGroupName: 'Backbone' })).status, 200);
  });

  for (const operation of operations.filter(({ path }) => /^\/(alerts|streams)/.test(path))) {
    const { path, method } = operation;
    if (path === '/alerts/{alertId}') continue;
    test(nameOf(operation), async (t) => {
      const { v7, ids } = await scene(t);
      const made = path.startsWith('/streams/')
        ? (await v7('POST', '/streams', rightBody({ path: '/streams', method: 'POST' }, ids))).body.id
        : '1';
      const { status, body } = await v7(
        method,
        filled(path, { ...ids, id: made }),
        rightBody(operation, ids),
      );
      assert.ok(status < 300, JSON.stringify(body));
    });
  }
});

test('each operation of the description is there, and succeeds where it can', async (t) => {
  const { v7, ids } = await scene(t);
  for (const operation of operations) {
    const { path, method } = operation;
    if (path.startsWith('/alerts') || path.startsWith('/streams') || method === 'DELETE') continue;
    const url = filled(path, ids);
    const request = rightBody(operation, ids);
    if (request !== undefined) assertPublishedRequest(method, path, request);
    const { status } = await v7(method, url, request);
    const expected = neverSucceed.includes(nameOf(operation)) ? [400, 403, 404] : [200, 201];
    // A scheduled test is not run on request.
    if (path === '/tests/{testId}/run') assert.equal(status, 409);
    else assert.ok(expected.includes(status), `${nameOf(operation)}: ${status}`);
  }
});

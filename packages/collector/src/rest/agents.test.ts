import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentSchema } from '@pinhole/contract';
import { startWorld } from '../../test/harness.ts';

test('an agent is listed and shown with what it reported', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  await agent.checkIn({
    registration: { status: 'failed', tcp: null, udp: null, detail: 'no route' },
  });
  const { body } = await world.rest('GET', `/v7/agents/${agent.agentId}`);
  assert.deepEqual(agentSchema.parse(body), body);
  assert.deepEqual(
    { ...body, createdDate: '', lastSeen: '' },
    {
      agentId: agent.agentId,
      agentName: 'first',
      agentType: 'enterprise',
      enabled: true,
      ipAddresses: ['192.168.1.2'],
      publicIpAddresses: ['127.0.0.1'],
      agentState: 'online',
      hostname: 'host.example',
      createdDate: '',
      lastSeen: '',
      interfaceIpMapping: [{ interfaceName: 'eth0', ipAddresses: ['192.168.1.2'] }],
      errorDetails: [],
      accountGroups: [{ aid: '1', accountGroupName: 'Default' }],
      behindNat: false,
      registration: { status: 'failed', tcp: null, udp: null, detail: 'no route' },
      natTraversal: { status: 'off' },
      testPort: 49_153,
      agentVersion: '0.1.0',
      limitations: [],
      _links: { self: { href: `${world.collector.url}/v7/agents/${agent.agentId}` } },
    },
  );
  assert.deepEqual((await world.rest('GET', '/v7/agents')).body.agents, [body]);
  assert.deepEqual((await world.rest('GET', '/v7/agents?agentTypes=cloud')).body.agents, []);
});

test('an agent that enrols under a name that is taken gets a number behind it', async (t) => {
  const world = await startWorld(t);
  await world.enroll('same');
  const second = await world.enroll('same');
  assert.equal((await world.rest('GET', `/v7/agents/${second.agentId}`)).body.agentName, 'same (2)');
});

test('an agent is offline after 30 minutes without contact', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const state = async () => (await world.rest('GET', `/v7/agents/${agent.agentId}`)).body.agentState;
  world.clock.advance(29 * 60_000);
  assert.equal(await state(), 'online');
  world.clock.advance(2 * 60_000);
  assert.equal(await state(), 'offline');
  await agent.checkIn();
  assert.equal(await state(), 'online');
});

test('settings are changed one by one, and written back as they were read', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const url = `/v7/agents/${agent.agentId}`;
  const changed = await world.rest('PUT', url, { behindNat: true, targetForTests: '203.0.113.9' });
  assert.equal(changed.status, 200);
  assert.deepEqual(
    [changed.body.behindNat, changed.body.targetForTests, changed.body.agentName],
    [true, '203.0.113.9', 'first'],
  );
  assert.deepEqual((await world.rest('PUT', url, changed.body)).body, changed.body);
  assert.equal('targetForTests' in (await world.rest('PUT', url, { targetForTests: '' })).body, false);
  assert.equal((await world.rest('PUT', url, { targetForTests: 'nonsense' })).status, 400);
});

test('two agents cannot have one name', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  await world.enroll('second');
  const { status, body } = await world.rest('PUT', `/v7/agents/${agent.agentId}`, { agentName: 'second' });
  assert.equal(status, 400);
  assert.deepEqual(
    body.errors.map((error: { code: string }) => error.code),
    ['name-taken'],
  );
});

test('a disabled agent is told so, and goes on checking in until it is enabled again', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const disabled = await world.rest('PUT', `/v7/agents/${agent.agentId}`, { enabled: false });
  assert.equal(disabled.body.agentState, 'disabled');
  assert.equal((await agent.checkIn()).config?.enabled, false);
  await world.rest('PUT', `/v7/agents/${agent.agentId}`, { enabled: true });
  assert.equal((await agent.checkIn()).config?.enabled, true);
});

test('a deleted agent is unknown to both sides', async (t) => {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  assert.equal((await world.rest('DELETE', `/v7/agents/${agent.agentId}`)).status, 204);
  assert.equal((await agent.post()).status, 401);
  assert.equal((await world.rest('GET', `/v7/agents/${agent.agentId}`)).status, 404);
});

test('the tests of an agent are shown when asked for', async (t) => {
  const world = await startWorld(t);
  const source = await world.enroll('source');
  const target = await world.enroll('target');
  const { body } = await world.rest('POST', '/v7/tests/agent-to-agent', {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  });
  for (const { agentId } of [source, target]) {
    const shown = await world.rest('GET', `/v7/agents/${agentId}?expand=test,test-ids`);
    assert.deepEqual(shown.body.testIds, [Number(body.testId)]);
    assert.equal(shown.body.tests[0].testName, 'a test');
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testSchema } from '@pinhole/contract';
import { startWorld, type World } from '../../test/harness.ts';

const path = '/v7/tests/agent-to-agent';

async function worldWithAgents(t: Parameters<typeof startWorld>[0]) {
  const world = await startWorld(t);
  const source = await world.enroll('source');
  const target = await world.enroll('target');
  const request = {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  };
  return { world, source, target, request };
}

async function create(world: World, request: object): Promise<string> {
  const { status, body } = await world.rest('POST', path, request);
  assert.equal(status, 201, JSON.stringify(body));
  return body.testId;
}

describe('a test', () => {
  test('is created with the defaults of v7, and found again', async (t) => {
    const { world, request, target } = await worldWithAgents(t);
    const created = await world.rest('POST', path, request);
    assert.equal(created.status, 201);
    assert.match(created.headers.get('content-type') ?? '', /^application\/hal\+json/);
    const self = `${world.collector.url}${path}/${created.body.testId}`;
    assert.equal(created.headers.get('location'), self);
    assert.deepEqual(testSchema.parse(created.body), created.body);
    assert.deepEqual(
      { ...created.body, createdDate: '', modifiedDate: '' },
      {
        testId: created.body.testId,
        testName: 'a test',
        type: 'agent-to-agent',
        createdDate: '',
        modifiedDate: '',
        enabled: true,
        interval: 60,
        alertsEnabled: true,
        bgpMeasurements: false,
        usePublicBgp: false,
        savedEvent: false,
        liveShare: false,
        direction: 'to-target',
        protocol: 'udp',
        targetAgentId: target.agentId,
        port: 49_153,
        dscp: 'Best Effort (DSCP 0)',
        dscpId: '0',
        numPathTraces: 3,
        pathTraceMode: 'classic',
        randomizedStartTime: false,
        throughputMeasurements: false,
        throughputDuration: 10_000,
        _links: {
          self: { href: self },
          testResults: ['network', 'path-vis'].map((kind) => ({
            href: `${world.collector.url}/v7/test-results/${created.body.testId}/${kind}`,
          })),
        },
      },
    );
    const shown = await world.rest('GET', `${path}/${created.body.testId}`);
    assert.deepEqual(shown.body, created.body);
    const listed = await world.rest('GET', path);
    assert.deepEqual(listed.body.tests, [created.body]);
    assert.equal(listed.body._links.self.href, world.collector.url + path);
  });

  test('shows its sources when asked to', async (t) => {
    const { world, request, source } = await worldWithAgents(t);
    const created = await world.rest('POST', `${path}?expand=agent`, request);
    assert.equal(created.body.agents[0].agentId, source.agentId);
    assert.equal(created.body.agents[0].agentType, 'enterprise');
    const plain = await world.rest('GET', `${path}/${created.body.testId}`);
    assert.equal('agents' in plain.body, false);
  });

  test('shows the rest of what v7 can expand', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const testId = await create(world, { ...request, sharedWithAccounts: ['1'] });
    const { body } = await world.rest(
      'GET',
      `${path}/${testId}?expand=alert-rule,label,tag,monitor,shared-with-account`,
    );
    const { alertRules, labels, tags, monitors, sharedWithAccounts } = body;
    assert.deepEqual(
      alertRules.map(({ isDefault }: { isDefault: boolean }) => isDefault),
      [true],
    );
    assert.deepEqual(
      { labels, tags, monitors, sharedWithAccounts },
      { labels: [], tags: [], monitors: [], sharedWithAccounts: [{ aid: '1', name: 'Default' }] },
    );
  });

  test('has the alert rules that it names, or the default one', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const rules = async (change: object) => {
      const { body } = await world.rest('PUT', `${path}/${testId}?expand=alert-rule`, change);
      return body.alertRules.map(({ ruleId }: { ruleId: string }) => ruleId);
    };
    const testId = await create(world, { ...request, alertsEnabled: false });
    assert.equal((await world.rest('GET', `${path}/${testId}`)).body.alertsEnabled, false);
    const [byDefault] = await rules({ alertsEnabled: true });
    assert.ok(byDefault !== undefined);
    assert.deepEqual(await rules({ alertRules: [] }), []);
    assert.deepEqual(await rules({ alertRules: [byDefault] }), [byDefault]);
  });

  test('takes what clients send of BGP, and measures none', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const bgp = { bgpMeasurements: true, usePublicBgp: true, monitors: [] };
    const { status, body } = await world.rest('POST', path, { ...request, ...bgp });
    assert.deepEqual([status, body.bgpMeasurements, body.usePublicBgp], [201, false, false]);
  });

  test('takes the source address of an agent that has no other', async (t) => {
    const { world, request, source } = await worldWithAgents(t);
    const many = await world.enroll('many', {
      interfaces: [{ interfaceName: 'eth0', ipAddresses: ['192.0.2.1', '192.0.2.2'] }],
    });
    const post = (agentId: string, sourceIpAddress: string) =>
      world.rest('POST', path, { ...request, agents: [{ agentId, sourceIpAddress }] });
    assert.equal((await post(source.agentId, '192.168.1.2')).status, 201);
    const { body } = await post(many.agentId, '192.0.2.2');
    assert.deepEqual(
      body.errors.map(({ code }: { code: string }) => code),
      ['name-taken', 'source-address-not-selectable'],
    );
  });

  test('is in the list of tests of all types', async (t) => {
    const { world, request } = await worldWithAgents(t);
    await create(world, request);
    const all = (await world.rest('GET', '/v7/tests')).body;
    const { tests } = (await world.rest('GET', path)).body;
    assert.deepEqual(all, { tests, _links: { self: { href: `${world.collector.url}/v7/tests` } } });
  });

  test('can be written back as it was read', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const testId = await create(world, { ...request, mss: 100, fixedPacketRate: 50, description: 'why' });
    const expand = 'expand=agent,alert-rule,label,tag,monitor,shared-with-account';
    const read = await world.rest('GET', `${path}/${testId}?${expand}`);
    const written = await world.rest('PUT', `${path}/${testId}?${expand}`, read.body);
    assert.equal(written.status, 200);
    assert.deepEqual({ ...written.body, modifiedDate: '' }, { ...read.body, modifiedDate: '' });
  });

  test('keeps what an update leaves out', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const testId = await create(world, { ...request, mss: 100 });
    const { status, body } = await world.rest('PUT', `${path}/${testId}`, { interval: 300, dscpId: '46' });
    assert.equal(status, 200);
    assert.deepEqual(
      [body.interval, body.dscp, body.mss, body.testName],
      [300, 'EF (DSCP 46)', 100, 'a test'],
    );
  });

  test('is gone once deleted', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const testId = await create(world, request);
    assert.equal((await world.rest('DELETE', `${path}/${testId}`)).status, 204);
    assert.equal((await world.rest('GET', `${path}/${testId}`)).status, 404);
    assert.equal((await world.rest('DELETE', `${path}/${testId}`)).status, 404);
  });

  test('is disabled when its last source or its target is deleted, and not before', async (t) => {
    const { world, request, source, target } = await worldWithAgents(t);
    const second = await world.enroll('second');
    const agents = [source, second].map(({ agentId }) => ({ agentId }));
    const testId = await create(world, { ...request, agents });
    const enabled = async () => (await world.rest('GET', `${path}/${testId}`)).body.enabled;
    assert.equal((await world.rest('DELETE', `/v7/agents/${second.agentId}`)).status, 204);
    assert.equal(await enabled(), true);
    assert.equal((await world.rest('DELETE', `/v7/agents/${source.agentId}`)).status, 204);
    assert.equal(await enabled(), false);
    assert.equal((await world.rest('DELETE', `/v7/agents/${target.agentId}`)).status, 204);
    assert.equal((await world.rest('GET', `${path}/${testId}`)).body.targetAgentId, target.agentId);
    const revived = await world.rest('PUT', `${path}/${testId}`, { enabled: true });
    assert.equal(revived.status, 400);
  });
});

test('a test is refused with every reason at once', async (t) => {
  const { world, request, source, target } = await worldWithAgents(t);
  await create(world, request);
  const refused: [object, string[]][] = [
    [{}, ['name-taken testName']],
    [{ testName: 'x', protocol: 'icmp' }, ['invalid-value protocol']],
    [
      { testName: 'x', throughputDuration: 31_000, throughputRate: 7 },
      ['too-big throughputDuration', 'too-small throughputRate'],
    ],
    [{ testName: 'x', targetAgentId: '999' }, ['unknown-agent targetAgentId']],
    [
      {
        testName: 'x',
        agents: [{ agentId: source.agentId }, { agentId: target.agentId }, { agentId: '999' }],
      },
      ['source-is-target agents.1.agentId', 'unknown-agent agents.2.agentId'],
    ],
    [{ testName: 'x', port: 50_000 }, ['port-differs port']],
    [{ testName: 'x', interval: 61, mss: 10 }, ['invalid-value interval', 'too-small mss']],
    [{ testName: 'x', agents: [] }, ['too-small agents']],
    [{ testName: 'x', alertRules: ['1', '999'] }, ['unknown-alert-rule alertRules.1']],
    [
      { testName: 'x', labels: ['1'], tags: ['2'], monitors: ['3'], sharedWithAccounts: ['1', '4'] },
      [
        'unknown-label labels.0',
        'unknown-tag tags.0',
        'unknown-monitor monitors.0',
        'unknown-account-group sharedWithAccounts.1',
      ],
    ],
    [
      { testName: 'x', agents: [{ agentId: source.agentId, sourceIpAddress: '192.0.2.1' }] },
      ['unknown-address agents.0.sourceIpAddress'],
    ],
  ];
  for (const [change, expected] of refused) {
    const { status, body, headers } = await world.rest('POST', path, { ...request, ...change });
    assert.equal(status, 400);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.deepEqual(
      body.errors.map((error: { code: string; field: string }) => `${error.code} ${error.field}`),
      expected,
    );
  }
  assert.equal((await world.rest('GET', path)).body.tests.length, 1);
});

describe('an instant test', () => {
  const instant = `${path}/instant`;

  test('runs at once, and again on request, each time as a round of its own', async (t) => {
    const { world, source, target } = await worldWithAgents(t);
    const request = { protocol: 'udp', targetAgentId: target.agentId, agents: [{ agentId: source.agentId }] };
    const created = await world.rest('POST', instant, request);
    assert.equal(created.status, 201);
    assert.equal('interval' in created.body, false);
    const testId: string = created.body.testId;
    assert.equal(created.headers.get('location'), `${world.collector.url}${path}/${testId}`);
    const again = await world.rest('POST', `/v7/tests/${testId}/run`);
    assert.equal(again.status, 200);
    const { config } = await source.checkIn();
    const schedule = config?.assignments[0]?.schedule;
    assert.equal(schedule?.kind, 'once');
    assert.equal(schedule.roundIds.length, 2);
    assert.equal(schedule.roundIds[1], again.body.roundId);
    assert.ok(schedule.roundIds[1]! > schedule.roundIds[0]!);
    assert.equal((await world.rest('GET', path)).body.tests.length, 0);
    assert.equal((await world.rest('GET', `${path}/${testId}`)).status, 200);
  });

  test('two may have the same name', async (t) => {
    const { world, request } = await worldWithAgents(t);
    assert.equal((await world.rest('POST', instant, request)).status, 201);
    assert.equal((await world.rest('POST', instant, request)).status, 201);
  });

  test('cannot be changed, and a scheduled test cannot be run', async (t) => {
    const { world, request } = await worldWithAgents(t);
    const { body } = await world.rest('POST', instant, request);
    assert.equal((await world.rest('PUT', `${path}/${body.testId}`, { testName: 'y' })).status, 409);
    const scheduled = await create(world, request);
    assert.equal((await world.rest('POST', `/v7/tests/${scheduled}/run`)).status, 409);
    assert.equal((await world.rest('POST', '/v7/tests/999/run')).status, 404);
  });
});

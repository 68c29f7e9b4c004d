import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agentConfigSchema } from '@pinhole/contract';
import { decodeTicket, traversalCredential } from '@pinhole/wire';
import { ask, facts, startWorld } from '../../test/harness.ts';

const dayMs = 86_400_000;

async function worldWithTest(t: Parameters<typeof startWorld>[0], change: object = {}) {
  const world = await startWorld(t);
  const source = await world.enroll('source');
  const target = await world.enroll('target', { port: 50_000 });
  const { body } = await world.rest('POST', '/v7/tests/agent-to-agent', {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
    ...change,
  });
  return { world, source, target, testId: body.testId as string };
}

describe('enrolment', () => {
  test('needs the account group token', async (t) => {
    const { collector } = await startWorld(t, { accountToken: 'the-right-token' });
    const request = { accountToken: 'the-wrong-token', agentName: 'x', facts };
    const url = `${collector.url}/agent/v1/enroll`;
    assert.equal((await ask(url, 'POST', null, request)).status, 401);
    assert.equal((await ask(url, 'POST', null, { ...request, accountToken: 'the-right-token' })).status, 201);
  });

  test('is limited for each address', async (t) => {
    const { collector } = await startWorld(t, { limits: { enrollmentsPerMinute: 3 } });
    const request = { accountToken: 'wrong', agentName: 'x', facts };
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      statuses.push((await ask(`${collector.url}/agent/v1/enroll`, 'POST', null, request)).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
  });

  test('is refused before what is sent is read, beyond the limit and where it is more than facts can be', async (t) => {
    const { collector } = await startWorld(t, { limits: { enrollmentsPerMinute: 3 } });
    const url = `${collector.url}/agent/v1/enroll`;
    assert.equal((await ask(url, 'POST', null, '['.repeat(300_000))).status, 413);
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await ask(url, 'POST', null, '[')).status);
    assert.deepEqual(statuses, [400, 400, 429, 429]);
  });

  test('takes the largest facts that there can be', async (t) => {
    const { collector } = await startWorld(t, { accountToken: 'the-right-token' });
    const all = <T>(count: number, each: T) => Array.from({ length: count }, () => each);
    // Of what is escaped, six bytes a character; of addresses the longest.
    const text = (length: number) => '\u0001'.repeat(length);
    const address = '2001:0db8:ffff:ffff:ffff:ffff:203.113.113.113';
    const request = {
      accountToken: 'the-right-token',
      agentName: `x${text(119)}`,
      facts: {
        hostname: text(253),
        version: text(64),
        port: 65_535,
        interfaces: all(64, { interfaceName: text(64), ipAddresses: all(64, address) }),
        limitations: all(20, text(200)),
      },
    };
    assert.equal((await ask(`${collector.url}/agent/v1/enroll`, 'POST', null, request)).status, 201);
  });
});

describe('the configuration', () => {
  test('tells both ends of a pair the same, each from its side', async (t) => {
    const { source, target, testId } = await worldWithTest(t, {
      direction: 'bidirectional',
      dscpId: '46',
      mss: 200,
      fixedPacketRate: 0,
    });
    const [atSource, atTarget] = [(await source.checkIn()).config, (await target.checkIn()).config];
    assert.deepEqual(agentConfigSchema.parse(atSource), atSource);
    const [there, back] = [atSource!.assignments[0]!, atTarget!.assignments[0]!];
    assert.deepEqual([there.role, back.role], ['source', 'target']);
    assert.equal(there.pairKey, back.pairKey);
    assert.deepEqual(there.schedule, back.schedule);
    assert.deepEqual(there.peer, {
      agentId: target.agentId,
      agentName: 'target',
      behindNat: false,
      endpoint: { address: '127.0.0.1', port: 50_000 },
    });
    assert.deepEqual(
      [there.testId, there.direction, there.dscp, there.payloadBytes, there.packetRate, there.ticket],
      [testId, 'bidirectional', 46, 200, null, null],
    );
    assert.equal(atSource!.traversal, null);
  });

  const wanted: [string, object, object][] = [
    ['nothing is asked for', {}, { path: { mode: 'classic', traces: 3 }, throughput: null }],
    [
      'paths are',
      { pathTraceMode: 'in-session', numPathTraces: 10 },
      { path: { mode: 'in-session', traces: 10 }, throughput: null },
    ],
    [
      'throughput over UDP is, at a rate of its own',
      { throughputMeasurements: true, throughputDuration: 5000, throughputRate: 100 },
      { path: { mode: 'classic', traces: 3 }, throughput: { durationMs: 5000, rateMbps: 100 } },
    ],
    [
      'throughput over UDP is, and no rate',
      { throughputMeasurements: true },
      { path: { mode: 'classic', traces: 3 }, throughput: { durationMs: 10_000, rateMbps: 10 } },
    ],
    [
      'throughput over TCP is, which takes no rate',
      { throughputMeasurements: true, throughputRate: 100, protocol: 'tcp' },
      { path: { mode: 'classic', traces: 3 }, throughput: { durationMs: 10_000, rateMbps: null } },
    ],
  ];
  for (const [what, change, expected] of wanted) {
    test(`tells what else to do: ${what}`, async (t) => {
      const { source } = await worldWithTest(t, change);
      const { path, throughput } = (await source.checkIn()).config!.assignments[0]!;
      assert.deepEqual({ path, throughput }, expected);
    });
  }

  test('says whether rounds begin at moments that the agent draws', async (t) => {
    const { world, source, testId } = await worldWithTest(t);
    const randomized = async () => {
      const { schedule } = (await source.checkIn()).config!.assignments[0]!;
      return schedule.kind === 'every' && schedule.randomized;
    };
    assert.equal(await randomized(), false);
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { randomizedStartTime: true });
    assert.equal(await randomized(), true);
  });

  test('is sent when it differs from what the agent holds, under a version that grows', async (t) => {
    const { world, source, testId } = await worldWithTest(t);
    const first = await source.checkIn();
    const again = await source.checkIn({ configVersion: first.configVersion });
    assert.equal(again.config, undefined);
    assert.equal(again.configVersion, first.configVersion);
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { interval: 120 });
    await world.restart();
    const changed = await source.checkIn({ configVersion: first.configVersion });
    assert.ok(changed.configVersion > first.configVersion);
    assert.equal(changed.config?.assignments[0]?.schedule.kind, 'every');
  });

  test('is the same after a restart', async (t) => {
    const { world, source } = await worldWithTest(t);
    const before = await source.checkIn();
    await world.restart();
    assert.deepEqual(await source.checkIn(), before);
  });

  test('leaves out disabled tests and disabled agents', async (t) => {
    const { world, source, target, testId } = await worldWithTest(t);
    const count = async () => (await source.checkIn()).config?.assignments.length;
    assert.equal(await count(), 1);
    await world.rest('PUT', `/v7/agents/${target.agentId}`, { enabled: false });
    assert.equal(await count(), 0);
    await world.rest('PUT', `/v7/agents/${target.agentId}`, { enabled: true });
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { enabled: false });
    assert.equal(await count(), 0);
  });

  test('gives access to NAT traversal to an agent behind a NAT, and to the source of a target that is', async (t) => {
    const { world, source, target, testId } = await worldWithTest(t);
    const bystander = await world.enroll('bystander');
    await world.rest('PUT', `/v7/agents/${target.agentId}`, { behindNat: true });
    const atSource = (await source.checkIn()).config!;
    const atTarget = (await target.checkIn()).config!;
    assert.equal((await bystander.checkIn()).config?.traversal, null);
    assert.equal(atTarget.behindNat, true);
    for (const config of [atSource, atTarget]) {
      const { username, password, servers, expiresAtMs } = config.traversal!;
      assert.deepEqual(servers, [{ host: null, ports: [9119, 9120] }]);
      assert.deepEqual(
        { username, password },
        traversalCredential(world.collector.traversalSecret, config.agentId, expiresAtMs / 1000),
      );
    }
    const assignment = atSource.assignments[0]!;
    assert.equal(assignment.peer.endpoint, null);
    const decoded = decodeTicket(world.collector.traversalSecret, Buffer.from(assignment.ticket!, 'base64'));
    assert.deepEqual(decoded, {
      ok: true,
      ticket: {
        testId,
        sourceAgentId: source.agentId,
        targetAgentId: target.agentId,
        expiresAtS: atSource.traversal!.expiresAtMs / 1000,
      },
    });
    assert.equal(atTarget.assignments[0]!.ticket, null);
  });

  test('renews credentials long before they expire', async (t) => {
    const { world, target } = await worldWithTest(t);
    await world.rest('PUT', `/v7/agents/${target.agentId}`, { behindNat: true });
    let { configVersion, config } = await target.checkIn();
    for (let hour = 0; hour < 72; hour += 1) {
      world.clock.advance(3_600_000);
      const answer = await target.checkIn({ configVersion });
      assert.ok(answer.configVersion >= configVersion);
      configVersion = answer.configVersion;
      config = answer.config ?? config;
      assert.ok(config!.traversal!.expiresAtMs - world.clock.wallMs() >= dayMs);
    }
  });
});

describe('a held request for changes', () => {
  test('is answered when the configuration changes, and only then', async (t) => {
    const { world, source, target, testId } = await worldWithTest(t);
    const bystander = await world.enroll('bystander');
    const { configVersion } = await source.checkIn();
    const quiet = await bystander.checkIn();
    const answered: string[] = [];
    const held = source.changes(configVersion).finally(() => answered.push('source'));
    const heldQuietly = bystander.changes(quiet.configVersion).finally(() => answered.push('bystander'));
    await world.rest('PUT', `/v7/agents/${target.agentId}`, { behindNat: true });
    const { status, body } = await held;
    assert.equal(status, 200);
    assert.ok(body.configVersion > configVersion);
    assert.deepEqual(answered, ['source']);
    await world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`);
    world.clock.advance(51_000);
    assert.equal((await heldQuietly).body, null);
  });

  test('is answered at once when the version is another already', async (t) => {
    const { source } = await worldWithTest(t);
    const { configVersion } = await source.checkIn();
    assert.equal((await source.changes(0)).body.configVersion, configVersion);
  });

  test('begins at once and says something every eight seconds, so that the way stays open', async (t) => {
    const { world, source } = await worldWithTest(t);
    const { configVersion } = await source.checkIn();
    const response = await fetch(`${world.collector.url}/agent/v1/changes?version=${configVersion}`, {
      headers: { authorization: `Bearer ${source.agentSecret}` },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async () => (await reader?.read())?.value;
    assert.equal(await read(), '\n');
    for (let words = 0; words < 5; words++) {
      world.clock.advance(8_000);
      assert.equal(await read(), '\n');
    }
    world.clock.advance(10_000);
    let rest = '';
    for (let text = await read(); text !== undefined; text = await read()) rest += text;
    assert.equal(JSON.parse(rest), null);
  });

  test('gives way to a newer one of the same agent', async (t) => {
    const { world, source } = await worldWithTest(t);
    const { configVersion } = await source.checkIn();
    const first = source.changes(configVersion);
    const second = source.changes(configVersion);
    const ended = await Promise.race([first, second]);
    assert.equal(ended.body, null);
    world.clock.advance(51_000);
    assert.deepEqual(
      (await Promise.all([first, second])).map(({ body }) => body),
      [null, null],
    );
  });

  test('ends when the agent is deleted or disabled', async (t) => {
    const { world, source, target } = await worldWithTest(t);
    const atSource = await source.checkIn();
    const disabled = source.changes(atSource.configVersion);
    await world.rest('PUT', `/v7/agents/${source.agentId}`, { enabled: false });
    assert.equal((await disabled).status, 200);
    const deleted = target.changes((await target.checkIn()).configVersion);
    await world.rest('DELETE', `/v7/agents/${target.agentId}`);
    assert.equal((await deleted).body, null);
    assert.equal((await target.changes(1)).status, 401);
  });

  test('does not keep the collector from closing', async (t) => {
    const { world, source } = await worldWithTest(t);
    const { configVersion } = await source.checkIn();
    const held = [source.changes(configVersion), source.changes(configVersion)];
    // The one ends because the other has begun to wait.
    await Promise.race(held);
    const before = performance.now();
    await world.restart();
    assert.ok(performance.now() - before < 10_000);
    assert.deepEqual(
      (await Promise.all(held)).map(({ body }) => body),
      [null, null],
    );
  });
});

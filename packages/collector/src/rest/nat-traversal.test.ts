import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type Agent,
  agentSchema,
  type NatTraversal,
  natTraversalSchema,
  type ProtocolVerdict,
} from '@pinhole/contract';
import { startWorld, type TestAgent, type World } from '../../test/harness.ts';

const sentence = 'NAT Issues: NAT traversal not supported';
const checkedAtMs = Date.UTC(2026, 5, 1, 12);
const supported: ProtocolVerdict = { supported: 'yes', failedRequirement: null, evidence: [], advice: null };
const unknown: ProtocolVerdict = { ...supported, supported: 'unknown' };
const failed = (failedRequirement: 1 | 2 | 3 | 4): ProtocolVerdict => ({
  supported: 'no',
  failedRequirement,
  evidence: [{ sent: 'SYN', received: 'nothing' }],
  advice: 'Let it in.',
});

/** A check that found this, and knows nothing else. */
function check(
  verdict: NatTraversal['verdict'],
  mapped = { address: '203.0.113.5', port: 40_000 },
): NatTraversal {
  const fact = { value: 'unknown', evidence: [] };
  const none = { value: null, evidence: [] };
  const facts = ['reachable', 'translated', 'mappingDependsOnAddress', 'mappingDependsOnPort', 'mapping'];
  const more = ['filteringDependsOnAddress', 'filteringDependsOnPort', 'filtering', 'portPreserved'];
  const transport = {
    ...Object.fromEntries([...facts, ...more, 'pairedPooling', 'hairpinning'].map((name) => [name, fact])),
    mapped: { value: mapped, evidence: [] },
    allocation: none,
    mappingLifetimeMs: none,
  };
  return natTraversalSchema.parse({
    checkedAtMs,
    verdict,
    report: {
      udp: { ...transport, poisonable: fact },
      tcp: { ...transport, unsolicitedSyn: fact, simultaneousOpen: fact },
      privateAddress: fact,
      keepAlives: fact,
      natHops: none,
    },
    recent: { udp: [{ label: 'mapping unknown', checks: 1 }], tcp: [] },
  });
}

async function tickedAgent(
  t: TestContext,
): Promise<{ world: World; agent: TestAgent; shown: () => Promise<Agent> }> {
  const world = await startWorld(t);
  const agent = await world.enroll('first');
  const shown = async () => (await world.rest('GET', `/v7/agents/${agent.agentId}`)).body;
  await tick(world, agent, true);
  return { world, agent, shown };
}

async function tick(world: World, { agentId }: TestAgent, behindNat: boolean): Promise<Agent> {
  return (await world.rest('PUT', `/v7/agents/${agentId}`, { behindNat })).body;
}

test('an agent for which "Behind a NAT" is ticked is being checked until it has reported', async (t) => {
  const { world, agent, shown } = await tickedAgent(t);
  assert.deepEqual((await shown()).natTraversal, { status: 'checking' });
  await agent.checkIn();
  assert.deepEqual((await shown()).natTraversal, { status: 'checking' });
  const found = check({ udp: supported, tcp: supported });
  await agent.checkIn({ natTraversal: found });
  const body = await shown();
  assert.deepEqual(agentSchema.parse(body), body);
  assert.deepEqual(body.errorDetails, []);
  assert.deepEqual(body.natTraversal, {
    status: 'supported',
    checkedAt: '2026-06-01T12:00:00Z',
    publicEndpoint: { address: '203.0.113.5', port: 40_000 },
    ...found.verdict,
    recent: found.recent,
    report: found.report,
  });
  // A check-in without one changes nothing, nor does a new start of the collector.
  await agent.checkIn();
  await world.restart();
  assert.deepEqual((await shown()).natTraversal, body.natTraversal);
});

for (const [name, verdict, status] of [
  ['that fails for both protocols', { udp: failed(2), tcp: failed(2) }, 'not-supported'],
  ['that fails for UDP alone', { udp: failed(1), tcp: supported }, 'not-supported'],
  ['that fails for TCP alone', { udp: supported, tcp: failed(4) }, 'not-supported'],
  ['that fails for one and knows nothing of the other', { udp: unknown, tcp: failed(3) }, 'not-supported'],
  ['that does not know all', { udp: unknown, tcp: unknown }, 'supported'],
] as const) {
  test(`a check ${name} is ${status}, in the list too`, async (t) => {
    const { world, agent, shown } = await tickedAgent(t);
    await agent.checkIn({ natTraversal: check({ ...verdict }) });
    const { natTraversal, errorDetails } = await shown();
    assert.equal(natTraversal.status, status);
    assert.deepEqual([natTraversal.udp, natTraversal.tcp], [verdict.udp, verdict.tcp]);
    const error = { code: 'nat-traversal-error', description: sentence };
    assert.deepEqual(errorDetails, status === 'supported' ? [] : [error]);
    const [listed] = (await world.rest('GET', '/v7/agents')).body.agents;
    assert.deepEqual(listed.errorDetails, errorDetails);
    const { report, ...brief } = natTraversal;
    assert.ok(report !== undefined);
    assert.deepEqual(listed.natTraversal, brief);
  });
}

test('the latest check counts', async (t) => {
  const { agent, shown } = await tickedAgent(t);
  await agent.checkIn({ natTraversal: check({ udp: failed(1), tcp: failed(1) }) });
  await agent.checkIn({ natTraversal: check({ udp: supported, tcp: supported }) });
  assert.equal((await shown()).natTraversal.status, 'supported');
});

test('a tick that is taken away ends it all, and one that is set again begins anew', async (t) => {
  const { world, agent, shown } = await tickedAgent(t);
  const { config: first } = await agent.checkIn({ natTraversal: check({ udp: failed(1), tcp: failed(1) }) });
  assert.deepEqual((await tick(world, agent, true)).natTraversal, (await shown()).natTraversal);
  const off = await tick(world, agent, false);
  assert.deepEqual([off.natTraversal, off.errorDetails], [{ status: 'off' }, []]);
  // What was under way when the tick was taken away.
  await agent.checkIn({ natTraversal: check({ udp: failed(1), tcp: failed(1) }) });
  assert.deepEqual((await tick(world, agent, true)).natTraversal, { status: 'checking' });
  // An agent that did not hear of the time between has to begin anew as well.
  const { config: again } = await agent.checkIn();
  assert.ok((again?.behindNatSinceMs ?? 0) > (first?.behindNatSinceMs ?? 0));
});

test('a check that cannot be read costs nothing else', async (t) => {
  const { agent, shown } = await tickedAgent(t);
  const sound = check({ udp: supported, tcp: supported });
  // The second is a number, but no date.
  for (const checkedAtMs of ['yesterday', 9e15]) {
    const { status } = await agent.post({
      natTraversal: { ...sound, checkedAtMs } as unknown as NatTraversal,
      registration: { status: 'failed', tcp: null, udp: null, detail: 'no route' },
    });
    assert.equal(status, 200);
    const body = await shown();
    assert.equal(body.registration?.detail, 'no route');
    assert.deepEqual(body.natTraversal, { status: 'checking' });
  }
});

test('the check of a deleted agent goes with it', async (t) => {
  const { world, agent } = await tickedAgent(t);
  await agent.checkIn({ natTraversal: check({ udp: supported, tcp: supported }) });
  assert.equal((await world.rest('DELETE', `/v7/agents/${agent.agentId}`)).status, 204);
});

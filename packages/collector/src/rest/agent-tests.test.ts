import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startWorld } from '../../test/harness.ts';

/** Four tests towards one target, of which `first` is a source of the first two, and `second` of all. */
async function worldWithTests(t: Parameters<typeof startWorld>[0]) {
  const world = await startWorld(t);
  const first = await world.enroll('first');
  const second = await world.enroll('second');
  const target = await world.enroll('target');
  const testIds: string[] = [];
  for (const sources of [[first, second], [first, second], [second], [second]]) {
    const { body } = await world.rest('POST', '/v7/tests/agent-to-agent', {
      testName: `test ${testIds.length}`,
      interval: 60,
      targetAgentId: target.agentId,
      agents: sources.map(({ agentId }) => ({ agentId })),
    });
    testIds.push(body.testId);
  }
  const numbers = (ids: readonly string[]) => ids.map((id) => Number(id));
  return {
    world,
    first,
    second,
    target,
    testIds,
    post: (kind: string, ids: unknown, agentId = first.agentId) =>
      world.rest('POST', `/v7/agents/${agentId}/tests/${kind}`, { testIds: ids }),
    /** Which of the four an agent is in. */
    of: async (agentId = first.agentId) => {
      const { body } = await world.rest('GET', `/v7/agents/${agentId}?expand=test-ids`);
      return numbers(testIds).flatMap((id, at) => (body.testIds.includes(id) ? [at] : []));
    },
  };
}

describe("an agent's tests", () => {
  test('are assigned to those it has', async (t) => {
    const { first, testIds, post, of } = await worldWithTests(t);
    const { status, body } = await post('assign', [testIds[1], testIds[2]]);
    assert.equal(status, 200);
    assert.equal(body.agentId, first.agentId);
    assert.deepEqual(
      body.tests.map(({ testName }: { testName: string }) => testName),
      ['test 0', 'test 1', 'test 2'],
    );
    assert.deepEqual(await of(), [0, 1, 2]);
    assert.equal((await first.checkIn()).config?.assignments.length, 3);
  });

  test('are taken from it, which wakes it', async (t) => {
    const { first, testIds, post, of } = await worldWithTests(t);
    const { configVersion } = await first.checkIn();
    const held = first.changes(configVersion);
    assert.equal((await post('unassign', [testIds[0], testIds[3]])).status, 200);
    assert.ok((await held).body.configVersion > configVersion);
    assert.deepEqual(await of(), [1]);
  });

  test('are those of a list and no others', async (t) => {
    const { testIds, post, of } = await worldWithTests(t);
    assert.equal((await post('override', [testIds[1], testIds[3]])).status, 200);
    assert.deepEqual(await of(), [1, 3]);
    assert.equal((await post('override', [])).status, 200);
    assert.deepEqual(await of(), []);
  });

  test('are changed with the agent too, and written back as they were read', async (t) => {
    const { world, first, target, testIds, of } = await worldWithTests(t);
    for (const { agentId } of [first, target]) {
      const read = (await world.rest('GET', `/v7/agents/${agentId}?expand=test`)).body;
      assert.equal((await world.rest('PUT', `/v7/agents/${agentId}`, read)).status, 200);
    }
    assert.deepEqual(
      [await of(), await of(target.agentId)],
      [
        [0, 1],
        [0, 1, 2, 3],
      ],
    );
    const { status } = await world.rest('PUT', `/v7/agents/${first.agentId}`, { tests: [testIds[2]] });
    assert.deepEqual([status, await of()], [200, [2]]);
  });

  test('stay where it is the target', async (t) => {
    const { target, testIds, post, of } = await worldWithTests(t);
    assert.equal((await post('assign', testIds, target.agentId)).status, 200);
    assert.equal((await post('override', [], target.agentId)).status, 200);
    assert.deepEqual(await of(target.agentId), [0, 1, 2, 3]);
    const { status, body } = await post('unassign', [testIds[0]], target.agentId);
    assert.deepEqual([status, body.errors[0].code], [400, 'agent-is-target']);
  });

  test('change all or not at all', async (t) => {
    const { world, second, target, testIds, post, of } = await worldWithTests(t);
    const { body: instant } = await world.rest('POST', '/v7/tests/agent-to-agent/instant', {
      targetAgentId: target.agentId,
      agents: [{ agentId: second.agentId }],
    });
    for (const kind of ['assign', 'unassign', 'override']) {
      const { status, body } = await post(kind, [testIds[0], testIds[2], '999', instant.testId]);
      assert.equal(status, 400);
      assert.deepEqual(
        body.errors.map(({ code, field }: { code: string; field: string }) => `${code} ${field}`),
        ['unknown-test testIds.2', 'instant-test testIds.3'],
      );
      assert.deepEqual(await of(), [0, 1]);
    }
    assert.equal((await post('assign', undefined)).status, 400);
    assert.equal((await post('assign', [], '999')).status, 404);
  });
});

test('a test that loses its last source is disabled, and is not enabled by a new one', async (t) => {
  const { world, first, second, testIds, post } = await worldWithTests(t);
  const path = `/v7/tests/agent-to-agent/${testIds[2]}`;
  await post('unassign', [testIds[2]], second.agentId);
  const { body } = await world.rest('GET', `${path}?expand=agent`);
  assert.deepEqual([body.enabled, body.agents], [false, []]);
  await post('assign', [testIds[2]], first.agentId);
  assert.equal((await world.rest('GET', path)).body.enabled, false);
});

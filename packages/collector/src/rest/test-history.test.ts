import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldWithTest } from '../../test/measured-test.ts';

type Version = { versionId: string; testId: string; versionTimestamp: string };

async function worldWithHistory(t: Parameters<typeof worldWithTest>[0]) {
  const world = await worldWithTest(t, 'to-target');
  const path = `/v7/tests/agent-to-agent/${world.testId}`;
  return {
    ...world,
    put: (change: object) => world.world.rest('PUT', path, change),
    history: async (query = ''): Promise<Version[]> =>
      (await world.world.rest('GET', `/v7/tests/${world.testId}/history${query}`)).body.testVersionHistory,
    version: (versionId: string, query = '') =>
      world.world.rest('GET', `${path}?versionId=${versionId}${query}`),
  };
}

test('a test remembers how it was made and each change, newest first', async (t) => {
  const { world, testId, source, put, history, version } = await worldWithHistory(t);
  world.clock.advance(60_000);
  await put({ interval: 300 });
  world.clock.advance(60_000);
  const { body: last } = await put({ testName: 'another name' });
  const versions = await history();
  assert.deepEqual(
    versions.map((each) => each.testId),
    [testId, testId, testId],
  );
  assert.equal(versions[0]!.versionTimestamp, last.modifiedDate);
  assert.equal(new Set(versions.map((each) => each.versionTimestamp)).size, 3);
  const shown = await Promise.all(versions.map(async ({ versionId }) => (await version(versionId)).body));
  assert.deepEqual(
    shown.map(({ testName, interval }) => [testName, interval]),
    [
      ['another name', 300],
      ['a test', 300],
      ['a test', 60],
    ],
  );
  assert.deepEqual(shown[0], last);
  assert.deepEqual(
    shown.map(({ modifiedDate }) => modifiedDate),
    versions.map(({ versionTimestamp }) => versionTimestamp),
  );
  const { body } = await version(versions[2]!.versionId, '&expand=agent');
  assert.equal(body.agents[0].agentId, source.agentId);
});

test('changes that come about through agents are remembered as well', async (t) => {
  const { world, testId, source, history, version } = await worldWithHistory(t);
  const other = await world.enroll('other');
  await world.rest('POST', `/v7/agents/${other.agentId}/tests/assign`, { testIds: [testId] });
  await world.rest('DELETE', `/v7/agents/${source.agentId}`);
  const agents = async (at: number) =>
    (await version((await history())[at]!.versionId, '&expand=agent')).body.agents.map(
      ({ agentName }: { agentName: string }) => agentName,
    );
  assert.equal((await history()).length, 3);
  assert.deepEqual([await agents(0), await agents(1)], [['other'], ['other']]);
});

test('a limit is kept, and what is no version is not found', async (t) => {
  const { world, testId, put, history, version } = await worldWithHistory(t);
  for (let interval = 0; interval < 3; interval += 1) await put({ description: String(interval) });
  assert.equal((await history('?limit=2')).length, 2);
  for (const limit of ['0', '501', 'x'])
    assert.equal((await world.rest('GET', `/v7/tests/${testId}/history?limit=${limit}`)).status, 400);
  assert.equal((await version('999')).status, 404);
  assert.equal((await version('x')).status, 404);
  assert.equal((await world.rest('GET', '/v7/tests/999/history')).status, 404);
});

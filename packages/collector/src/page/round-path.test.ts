import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type PathGraphNode, type RoundPath, roundPathSchema } from '@pinhole/contract';
import { startDnsServer } from '../../test/dns-server.ts';
import { temporaryFolder, traced } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';

const peer = '203.0.113.2';

async function pathOf({ world, testId, key }: Awaited<ReturnType<typeof worldWithTest>>): Promise<RoundPath> {
  const { status, body } = await world.rest('GET', `/page/tests/${testId}/rounds/${key(0).roundId}/path`);
  assert.equal(status, 200);
  assert.deepEqual(roundPathSchema.parse(body), body);
  return body;
}

describe('the path of a round', () => {
  test('is all traces of all sources in both directions, as one graph', async (t) => {
    const given = await worldWithTest(t, 'bidirectional');
    const { world, source, target, testId, key, keep } = given;
    const other = await world.enroll('other');
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, {
      agents: [{ agentId: source.agentId }, { agentId: other.agentId }],
    });
    await keep([
      traced(key(0), [
        ['198.51.100.1', '198.51.100.7', peer],
        ['198.51.100.1', null, '198.51.100.9', peer],
      ]),
      traced(key(0, 'from-target'), [['198.51.100.7', '198.51.100.1', peer]]),
      traced(key(1), [['192.0.2.99', peer]]),
    ]);
    await other.checkIn({
      results: [traced({ ...key(0), sourceAgentId: other.agentId }, [['198.51.100.7']])],
    });
    const { agents, nodes, traces, links } = await pathOf(given);
    assert.deepEqual(agents.map(({ agentName, role }) => [agentName, role]).sort(), [
      ['other', 'source'],
      ['source', 'source'],
      ['target', 'target'],
    ]);
    const node = (id: string): PathGraphNode => {
      const found = nodes.find((each) => each.id === id);
      assert.ok(found !== undefined, id);
      return found;
    };
    assert.deepEqual(node('198.51.100.7').directions.toSorted(), ['from-target', 'to-target']);
    assert.equal(node('198.51.100.7').traces, 3);
    assert.equal(nodes.filter(({ kind }) => kind === 'silent').length, 1);
    assert.equal(nodes.filter(({ kind }) => kind === 'agent').length, 3);
    assert.ok(!nodes.some(({ id }) => id === '192.0.2.99'));
    assert.ok(links.some(({ from, to }) => from === '198.51.100.1' && to === '198.51.100.7'));

    assert.equal(traces.length, 4);
    const ids = new Set(nodes.map(({ id }) => id));
    for (const { nodeIds } of traces) for (const id of nodeIds) assert.ok(ids.has(id), id);
    const [first, second] = traces.filter(
      ({ direction, sourceAgentId }) => direction === 'to-target' && sourceAgentId === source.agentId,
    );
    const ends = [`agent ${source.agentId}`, `agent ${target.agentId}`];
    assert.deepEqual(first!.nodeIds, [ends[0], '198.51.100.1', '198.51.100.7', ends[1]]);
    assert.equal(second!.nodeIds.length, 5);
    const back = traces.find(({ direction }) => direction === 'from-target');
    assert.deepEqual(back!.nodeIds, [ends[1], '198.51.100.7', '198.51.100.1', ends[0]]);
    // One that has not arrived does not pass the agent that it went to.
    const lost = traces.find(({ sourceAgentId }) => sourceAgentId === other.agentId);
    assert.deepEqual(lost!.nodeIds, [`agent ${other.agentId}`, '198.51.100.7']);
    assert.equal(lost!.end, 'silent');
    assert.match(
      first!.text,
      /^traceroute to 203\.0\.113\.2:49153 from 192\.168\.1\.2:49153, udp, classic\n 1 {2}198\.51/,
    );
  });

  test('has names and networks, as far as they are known, and what could not be traced', async (t) => {
    const { server } = await startDnsServer(t, (question) =>
      question === '1.100.51.198.in-addr.arpa' ? ['router.example'] : 'none',
    );
    const networks = join(temporaryFolder(t), 'networks.csv');
    writeFileSync(networks, '198.51.100.0/24,64496,EXAMPLE,ZA\n');
    const options = { reverseDns: true, dnsServers: [server], networks: [networks] };
    const given = await worldWithTest(t, 'to-target', options);
    const limitation = 'CAP_NET_RAW is missing.';
    await given.keep([{ ...traced(given.key(0), [['198.51.100.1', peer]]), limitation }]);
    const { nodes, limitations } = await pathOf(given);
    const router = nodes.find(({ id }) => id === '198.51.100.1');
    assert.deepEqual(
      [router?.name, router?.network, router?.asn, router?.prefix, router?.countryId],
      ['router.example', 'EXAMPLE (AS 64496)', 64_496, '198.51.100.0/24', 'ZA'],
    );
    assert.deepEqual(limitations, ['source: CAP_NET_RAW is missing.']);
  });

  test('passes a loop’s routers once each', async (t) => {
    const given = await worldWithTest(t, 'to-target');
    const loop = ['198.51.100.1', '198.51.100.2', '198.51.100.1', '198.51.100.2'];
    await given.keep([traced(given.key(0), [loop])]);
    const [trace] = (await pathOf(given)).traces;
    assert.deepEqual(trace!.nodeIds, [`agent ${given.source.agentId}`, '198.51.100.1', '198.51.100.2']);
  });

  test('outlives its agents', async (t) => {
    const given = await worldWithTest(t, 'to-target');
    await given.keep([traced(given.key(0), [[peer]])]);
    await given.world.rest('DELETE', `/v7/agents/${given.source.agentId}`);
    const { agents } = await pathOf(given);
    assert.deepEqual(agents.map(({ agentName }) => agentName).sort(), [null, 'target'].sort());
  });

  test('that was not traced is empty; of what is none, there is none', async (t) => {
    const given = await worldWithTest(t, 'to-target');
    assert.deepEqual(await pathOf(given), {
      testId: given.testId,
      roundId: given.key(0).roundId,
      agents: [],
      nodes: [],
      links: [],
      traces: [],
      limitations: [],
    });
    assert.equal((await given.world.rest('GET', '/page/tests/999/rounds/60/path')).status, 404);
    assert.equal((await given.world.rest('GET', `/page/tests/${given.testId}/rounds/x/path`)).status, 400);
  });
});

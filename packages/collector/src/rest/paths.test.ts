import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import {
  type PathVisDetailResult,
  type PathVisResult,
  pathVisDetailResultsSchema,
  pathVisResultsSchema,
  type TracedHop,
  type TracedResult,
} from '@pinhole/contract';
import { Kysely } from 'kysely';
import { traced } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { keepPaths } from '../store/paths.ts';
import type { Tables } from '../store/schema.ts';
import { nodeSqliteDialect } from '../store/sqlite.ts';

const peer = '203.0.113.2';

/** With a change of one of its hops. */
function withHop(result: TracedResult, ttl: number, change: Partial<TracedHop>): TracedResult {
  const hops = (all: TracedHop[]) => all.map((hop) => (hop.ttl === ttl ? { ...hop, ...change } : hop));
  return { ...result, traces: result.traces.map((trace) => ({ ...trace, hops: hops(trace.hops) })) };
}

describe('the paths of a test', () => {
  test('are rows of v7 with a line for each trace, and ours beside it', async (t) => {
    const { world, source, target, testId, key, keep, paths } = await worldWithTest(t, 'to-target');
    const result = traced(key(0), [
      ['192.168.1.1', null, '198.51.100.7', peer],
      ['192.168.1.1', null],
    ]);
    await keep([result]);
    const { status, body, headers } = await paths();
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/hal\+json/);
    assert.deepEqual(pathVisResultsSchema.parse(body), body);
    const { roundId } = result;
    const [row] = body.results;
    for (const { pathId } of row.pathTraces) assert.match(pathId, /^\d{40,60}$/);
    const ids: string[] = row.pathTraces.map(({ pathId }: { pathId: string }) => pathId);
    assert.equal(new Set(ids).size, 2);
    const facts = { mode: 'classic', protocol: 'udp', pathMtu: 1500 };
    assert.deepEqual(row, {
      agent: { agentId: source.agentId, agentName: 'source' },
      date: new Date(roundId * 1000).toISOString().replace('.000', ''),
      roundId,
      startTime: roundId,
      endTime: roundId + 5,
      direction: 'to-target',
      server: `${peer}:49153`,
      serverIp: peer,
      sourceIp: '192.168.1.2',
      targetAgent: { agentId: target.agentId, agentName: 'target' },
      _links: { appLink: { href: `${world.collector.url}/views/${testId}?round=${roundId}` } },
      pathTraces: [
        {
          pathId: ids[0],
          ipAddress: peer,
          numberOfHops: 4,
          responseTime: 5,
          responseTimeMs: 4.5,
          end: 'reached',
          ...facts,
        },
        { pathId: ids[1], ipAddress: '192.168.1.1', numberOfHops: 2, end: 'silent', ...facts },
      ],
    });
    assert.equal(body.test.testId, testId);
    assert.equal(body._links.self.href, `${world.collector.url}/v7/test-results/${testId}/path-vis`);
  });

  test('have the same agent and server whoever has traced', async (t) => {
    const { source, target, key, keep, paths } = await worldWithTest(t, 'bidirectional');
    const there = traced(key(0), [[peer]]);
    const back = traced(key(0, 'from-target'), [[peer]]);
    await keep([there, back]);
    const rows: PathVisResult[] = (await paths()).body.results;
    assert.deepEqual(
      rows.map((row) => [
        row.direction,
        row.agent.agentId,
        row.targetAgent.agentId,
        row.sourceIp,
        row.serverIp,
        row.server,
      ]),
      [
        ['to-target', source.agentId, target.agentId, '192.168.1.2', peer, `${peer}:49153`],
        // The port is that of a trace, not of the test.
        ['from-target', source.agentId, target.agentId, peer, '192.168.1.2', '192.168.1.2'],
      ],
    );
    const directions = async (query: string) =>
      (await paths(query)).body.results.map(({ direction }: PathVisResult) => direction);
    assert.deepEqual(await directions('?direction=to-target'), ['to-target']);
    assert.deepEqual(await directions('?direction=from-target'), ['from-target']);
  });

  test('say what could not be traced', async (t) => {
    const { key, keep, paths, pathsOfRound } = await worldWithTest(t, 'to-target');
    const limitation = 'Paths over TCP need CAP_NET_RAW on this machine.';
    await keep([{ ...traced(key(0), []), limitation }]);
    for (const { body } of [await paths(), await pathsOfRound(key(0).roundId)]) {
      const [row] = body.results;
      assert.deepEqual([row.limitation, row.pathTraces, 'server' in row], [limitation, [], false]);
    }
  });

  test('are those of the latest round that was traced, or of a window', async (t) => {
    const { key, keep, paths } = await worldWithTest(t, 'to-target');
    assert.deepEqual((await paths()).body.results, []);
    await keep([3, 2, 1].map((ago) => traced(key(ago), [[peer]])));
    const rounds = (body: { results: PathVisResult[] }) => body.results.map(({ roundId }) => roundId);
    const latest = await paths();
    assert.deepEqual(rounds(latest.body), [key(1).roundId]);
    assert.equal('startDate' in latest.body, false);
    const all = await paths('?window=1d');
    assert.deepEqual(
      rounds(all.body),
      [1, 2, 3].map((ago) => key(ago).roundId),
    );
    assert.ok('startDate' in all.body && 'endDate' in all.body);
    const date = (ago: number) => new Date(key(ago).roundId * 1000).toISOString();
    assert.deepEqual(rounds((await paths(`?startDate=${date(3)}&endDate=${date(2)}`)).body), [
      key(2).roundId,
      key(3).roundId,
    ]);
  });

  test('page through 10,000 rounds without one that is missing or comes twice', async (t) => {
    const { key, paths, world } = await worldWithTest(t, 'bidirectional');
    const rounds = 5_000;
    const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { timeout: 5000 });
    const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
    await db.transaction().execute(async (tx) => {
      for (let from = 0; from < rounds; from += 1000) {
        const part = Array.from({ length: 1000 }, (_, at) => from + at);
        await keepPaths(
          tx,
          part.flatMap((ago) => [traced(key(ago), []), traced(key(ago, 'from-target'), [])]),
        );
      }
    });
    await db.destroy();
    // In the order in which they are to come.
    let expectedRound = key(0).roundId;
    let expectedDirection = 'to-target';
    let count = 0;
    let { body } = await paths('?window=40d');
    for (;;) {
      for (const { roundId, direction } of body.results as PathVisResult[]) {
        assert.deepEqual([roundId, direction], [expectedRound, expectedDirection]);
        if (direction === 'from-target') expectedRound -= 60;
        expectedDirection = direction === 'to-target' ? 'from-target' : 'to-target';
        count += 1;
      }
      if (body._links.next === undefined) break;
      body = (await world.rest('GET', body._links.next.href.slice(world.collector.url.length))).body;
    }
    assert.equal(count, 2 * rounds);
  });
});

describe('the paths of a round', () => {
  test('are rows of v7 with every hop, and ours beside it', async (t) => {
    const { key, keep, paths, pathsOfRound, world } = await worldWithTest(t, 'to-target');
    const labels = [
      { label: 16_010, trafficClass: 0, bottom: false, ttl: 1 },
      { label: 24_001, trafficClass: 5, bottom: true, ttl: 254 },
    ];
    const plain = traced(key(0), [['192.168.1.1', null, '198.51.100.7', '2001:DB8:0::7', peer]]);
    const result = withHop(withHop(plain, 3, { mpls: labels, mtu: 1400 }), 1, { nat: 'private-prefix-ends' });
    await keep([result]);
    const { status, body } = await pathsOfRound(key(0).roundId);
    assert.equal(status, 200);
    assert.deepEqual(pathVisDetailResultsSchema.parse(body), body);
    const [row] = body.results as PathVisDetailResult[];
    const [route] = row!.pathTraces;
    const [first, second, third, fourth, fifth] = route!.hops;
    const answer = { sent: 3, icmp: { type: 11, code: 0 }, quotedTtl: 1, mplsLabels: [] };
    assert.deepEqual(first, {
      hop: 1,
      ipAddress: '192.168.1.1',
      responseTime: 2,
      roundTripsMs: [1.25, 1.75],
      nat: 'private-prefix-ends',
      ...answer,
    });
    assert.deepEqual(second, { hop: 2, sent: 3, roundTripsMs: [], mplsLabels: [] });
    assert.deepEqual(third, {
      hop: 3,
      ipAddress: '198.51.100.7',
      responseTime: 4,
      roundTripsMs: [3.25, 3.75],
      mpls: 'L=16010,E=0,S=0,T=1/L=24001,E=5,S=1,T=254',
      mtu: 1400,
      ...answer,
      mplsLabels: labels,
    });
    assert.equal(fourth?.ipAddress, '2001:db8::7');
    assert.deepEqual(fifth, {
      hop: 5,
      ipAddress: peer,
      responseTime: 6,
      roundTripsMs: [5.25, 5.75],
      sent: 3,
      mplsLabels: [],
    });
    const { hops, pathId, ...rest } = route!;
    const { startedAtMs, finishedAtMs } = result;
    assert.deepEqual(rest, {
      mode: 'classic',
      protocol: 'udp',
      end: 'reached',
      probeSource: { address: '192.168.1.2', port: 49_153 },
      probeTarget: { address: peer, port: 49_153 },
      pathMtu: 1500,
      startedAtMs,
      finishedAtMs,
    });
    assert.equal(hops.length, 5);
    const summary: PathVisResult[] = (await paths()).body.results;
    assert.equal(summary[0]?.pathTraces[0]?.pathId, pathId);
    await world.restart();
    assert.equal((await pathsOfRound(key(0).roundId)).body.results[0].pathTraces[0].pathId, pathId);
  });

  test('say how a trace came to its end', async (t) => {
    const { key, keep, pathsOfRound } = await worldWithTest(t, 'to-target');
    const result = traced(key(0), [['192.0.2.1']]);
    const change = {
      end: 'unreachable',
      endIcmp: { type: 3, code: 13 },
      mss: 1380,
      ttlRewrittenAt: 3,
    } as const;
    await keep([{ ...result, traces: result.traces.map((trace) => ({ ...trace, ...change })) }]);
    const [trace] = (await pathsOfRound(key(0).roundId)).body.results[0].pathTraces;
    const { end, endIcmp, mss, ttlRewrittenAt } = trace;
    assert.deepEqual({ end, endIcmp, mss, ttlRewrittenAt }, change);
  });

  test('are of both directions, or one', async (t) => {
    const { key, keep, pathsOfRound } = await worldWithTest(t, 'bidirectional');
    await keep(
      [1, 0].flatMap((ago) => [traced(key(ago), [[peer]]), traced(key(ago, 'from-target'), [[peer]])]),
    );
    const found = async (query: string) =>
      (await pathsOfRound(key(1).roundId, query)).body.results.map((row: PathVisDetailResult) => [
        row.roundId,
        row.direction,
      ]);
    const { roundId } = key(1);
    assert.deepEqual(await found(''), [
      [roundId, 'to-target'],
      [roundId, 'from-target'],
    ]);
    assert.deepEqual(await found('?direction=from-target'), [[roundId, 'from-target']]);
  });

  test('are none where the round has none, and stay when an agent goes', async (t) => {
    const { key, keep, pathsOfRound, world, source, testId } = await worldWithTest(t, 'to-target');
    await keep([traced(key(0), [[peer]])]);
    const empty = await pathsOfRound(key(1).roundId);
    assert.deepEqual([empty.status, empty.body.results], [200, []]);
    await world.rest('DELETE', `/v7/agents/${source.agentId}`);
    const [row] = (await pathsOfRound(key(0).roundId)).body.results;
    assert.deepEqual(row.agent, { agentId: source.agentId });
    await world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`);
    assert.equal((await pathsOfRound(key(0).roundId)).status, 404);
  });
});

test('what is wrong with a request for paths is said', async (t) => {
  const { key, target, world, paths, pathsOfRound } = await worldWithTest(t, 'to-target');
  const { roundId } = key(0);
  const wrong: [string, () => ReturnType<typeof paths>, number, string | null][] = [
    [
      'a direction that is none of a path',
      () => paths('?direction=bidirectional'),
      400,
      'invalid-value direction',
    ],
    [
      'a direction that the test has not',
      () => paths('?direction=from-target'),
      400,
      'direction-not-measured direction',
    ],
    [
      'the same of one round',
      () => pathsOfRound(roundId, '?direction=from-target'),
      400,
      'direction-not-measured direction',
    ],
    ['a window that is none', () => paths('?window=1y'), 400, 'invalid-format window'],
    ['a cursor that is none', () => paths('?cursor=nonsense'), 400, 'invalid-cursor cursor'],
    ['a window and dates', () => paths('?window=1d&startDate=2026-01-01T00:00:00Z'), 400, 'custom window'],
    ['a round that is none', () => pathsOfRound('last'), 400, 'invalid-format roundId'],
    ['an agent that is no source', () => pathsOfRound(roundId, '', target.agentId), 404, null],
    ['an agent that is none', () => pathsOfRound(roundId, '', 'x'), 404, null],
    ['a test that is none', () => world.rest('GET', '/v7/test-results/999/path-vis'), 404, null],
  ];
  for (const [what, request, expected, error] of wrong) {
    const { status, body, headers } = await request();
    assert.equal(status, expected, what);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, what);
    const errors = body.errors?.map((each: { code: string; field: string }) => `${each.code} ${each.field}`);
    assert.deepEqual(errors, error === null ? undefined : [error], what);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkResultsSchema } from '@pinhole/contract';
import { failed, measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';

test('a measured round is a row of v7, with ours beside it', async (t) => {
  const { world, source, target, testId, key, keep, network } = await worldWithTest(t, 'to-target');
  const result = measured(key(0), 5);
  await keep([result]);
  const { status, body, headers } = await network();
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/hal\+json/);
  assert.deepEqual(networkResultsSchema.parse(body), body);
  const { roundId } = result;
  assert.deepEqual(body.results, [
    {
      agent: { agentId: source.agentId, agentName: 'source' },
      date: new Date(roundId * 1000).toISOString().replace('.000', ''),
      roundId,
      startTime: roundId,
      endTime: roundId + 3,
      direction: 'to-target',
      targetAgent: { agentId: target.agentId, agentName: 'target' },
      _links: { appLink: { href: `${world.collector.url}/views/${testId}?round=${roundId}` } },
      server: '192.0.2.2:49153',
      serverIp: '192.0.2.2',
      loss: 10,
      avgLatency: 10,
      minLatency: 9,
      maxLatency: 12,
      jitter: 0.5,
      medianLatency: 10.5,
      p95Latency: 11.5,
      pdv95: 1,
      latencyErrorBound: 9,
      avgRoundTrip: 20,
      minRoundTrip: 18,
      medianRoundTrip: 21,
      p95RoundTrip: 23,
      maxRoundTrip: 24,
      measurement: result.measurement,
      method: 'direct',
    },
  ]);
  assert.equal(body.test.testId, testId);
  assert.equal(body._links.self.href, `${world.collector.url}/v7/test-results/${testId}/network`);
});

test('without a comparison of the clocks there is no error bound; what did not arrive has no latency', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'to-target');
  const result = measured(key(0));
  const { measurement } = result;
  const unbounded = { ...measurement, delay: { ...measurement.delay!, errorBoundMs: null }, clock: null };
  const lost = { ...measured(key(1), 50).measurement, delay: null, roundTrip: null };
  await keep([
    { ...result, measurement: unbounded },
    { ...measured(key(1)), measurement: lost },
  ]);
  const [first, second] = (await network('?window=1h')).body.results;
  assert.deepEqual([first.medianLatency, 'latencyErrorBound' in first], [10.5, false]);
  const figures = Object.keys(second).filter((name) => /latency|roundTrip|pdv|jitter/i.test(name));
  assert.deepEqual([second.loss, figures], [100, []]);
});

test('throughput is in megabits a second, or says why it is not there; the connection has its figures', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'bidirectional');
  const throughput = {
    outcome: 'measured',
    bitsPerSecond: 93_500_000,
    durationMs: 10_000,
    receivedBytes: 116_875_000,
    lossPercent: null,
  } as const;
  const tcp = {
    retransmissions: 3,
    roundTripMs: 20.5,
    roundTripDeviationMs: 1.5,
    leastRoundTripMs: 19.75,
    mss: 1448,
    pathMtu: 1500,
  };
  const busy = { outcome: 'refused', reason: 'busy' } as const;
  await keep([
    { ...measured(key(0)), throughput, tcp },
    { ...measured(key(0, 'from-target')), throughput: busy, tcp: null },
  ]);
  const { body } = await network();
  assert.deepEqual(networkResultsSchema.parse(body), body);
  const [there, back] = body.results;
  assert.deepEqual([there.throughput, there.throughputDetails, there.tcp], [93.5, throughput, tcp]);
  assert.deepEqual([back.throughputDetails, 'throughput' in back, 'tcp' in back], [busy, false, false]);
});

test('a failed round has no metrics, and says why in the words of the catalogue', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'to-target');
  await keep([failed(key(0))]);
  const [row] = (await network()).body.results;
  assert.equal(row.errorDetails, 'Connection to target agent failed');
  assert.deepEqual(
    [row.errorCode, row.errorParty, row.errorEvidence],
    ['connection-failed', 'target', 'no answer to 12 probes'],
  );
  assert.equal('loss' in row, false);
  assert.equal('avgLatency' in row, false);
});

test('a row says how the agents met and after what time; a result from before that was measured has no time', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'bidirectional');
  const there = { ...measured(key(0)), method: 'searched', connectMs: 812.5 } as const;
  const back = { ...measured(key(0, 'from-target')), method: 'searched', connectMs: 640.25 } as const;
  const before = [measured(key(1)), { ...measured(key(1, 'from-target')), connectMs: null }];
  await keep([there, back, ...before]);
  const meetings = async (query: string) =>
    (await network(query)).body.results.map(({ method, ...row }: { method: string; connectMs?: number }) => [
      method,
      'connectMs' in row ? row.connectMs : 'no time',
    ]);
  assert.deepEqual(await meetings('?window=1h'), [
    ['searched', 812.5],
    ['searched', 640.25],
    ['direct', 'no time'],
    ['direct', 'no time'],
  ]);
  assert.deepEqual(await meetings('?window=1h&direction=bidirectional'), [
    ['searched', 640.25],
    ['direct', 'no time'],
  ]);
});

test('without a window only the latest round is shown', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'to-target');
  assert.deepEqual((await network()).body.results, []);
  await keep([measured(key(2)), measured(key(1))]);
  const { body } = await network();
  assert.deepEqual(
    body.results.map((row: { roundId: number }) => row.roundId),
    [key(1).roundId],
  );
  assert.equal('startDate' in body, false);
});

test('both directions: a row each, one of them, or both together', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'bidirectional');
  await keep([measured(key(0), 5), measured(key(0, 'from-target'), 10)]);
  const directions = (body: { results: { direction: string }[] }) => body.results.map((row) => row.direction);
  assert.deepEqual(directions((await network()).body), ['to-target', 'from-target']);
  assert.deepEqual(directions((await network('?direction=from-target')).body), ['from-target']);
  const [row] = (await network('?direction=bidirectional')).body.results;
  assert.deepEqual(
    [row.direction, row.loss, row.avgLatency, row.minLatency, row.maxLatency, row.jitter],
    ['bidirectional', 15, 20, 18, 24, 0.5],
  );
});

test('both directions together wait for both, unless one failed', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'bidirectional');
  await keep([measured(key(0))]);
  assert.deepEqual((await network('?direction=bidirectional')).body.results, []);
  await keep([failed(key(0, 'from-target'))]);
  const [row] = (await network('?direction=bidirectional')).body.results;
  assert.equal(row.errorCode, 'connection-failed');
  assert.equal('loss' in row, false);
});

test('a direction that the test does not measure is an error', async (t) => {
  const { network } = await worldWithTest(t, 'to-target');
  for (const direction of ['from-target', 'bidirectional']) {
    const { status, body } = await network(`?direction=${direction}`);
    assert.equal(status, 400);
    assert.equal(body.errors[0].code, 'direction-not-measured');
  }
});

test('a window and dates choose the rounds, newest first', async (t) => {
  const { key, keep, network } = await worldWithTest(t, 'to-target');
  await keep([0, 1, 2, 3].map((ago) => measured(key(ago))));
  const rounds = async (query: string) =>
    (await network(query)).body.results.map((row: { roundId: number }) => row.roundId);
  assert.deepEqual(
    await rounds('?window=1w'),
    [0, 1, 2, 3].map((ago) => key(ago).roundId),
  );
  const date = (ago: number) => new Date(key(ago).roundId * 1000).toISOString();
  assert.deepEqual(await rounds(`?startDate=${date(2)}&endDate=${date(1)}`), [
    key(1).roundId,
    key(2).roundId,
  ]);
  assert.deepEqual(await rounds(`?startDate=${date(1)}`), [key(0).roundId, key(1).roundId]);
  assert.equal((await network('?window=1y')).status, 400);
  assert.equal((await network('?window=999999999w')).status, 200);
});

test('pages follow one another without a gap or a repetition', async (t) => {
  const { key, keep, network, world } = await worldWithTest(t, 'bidirectional');
  const rounds = Array.from({ length: 601 }, (_, ago) => ago);
  await keep(rounds.flatMap((ago) => [measured(key(ago)), measured(key(ago, 'from-target'))]));
  const seen: string[] = [];
  const sizes: number[] = [];
  let { body } = await network('?window=1d');
  for (;;) {
    sizes.push(body.results.length);
    seen.push(
      ...body.results.map((row: { roundId: number; direction: string }) => row.roundId + row.direction),
    );
    if (body._links.next === undefined) break;
    body = (await world.rest('GET', body._links.next.href.slice(world.collector.url.length))).body;
    assert.ok('startDate' in body);
  }
  assert.deepEqual(sizes, [500, 500, 202]);
  assert.equal(new Set(seen).size, 1202);
  assert.equal((await network('?cursor=nonsense')).status, 400);
});

test('results go with their test, and stay when an agent goes', async (t) => {
  const { key, keep, network, world, source, testId } = await worldWithTest(t, 'to-target');
  await keep([measured(key(0))]);
  await world.rest('DELETE', `/v7/agents/${source.agentId}`);
  assert.deepEqual((await network()).body.results[0].agent, { agentId: source.agentId });
  await world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`);
  assert.equal((await network()).status, 404);
});

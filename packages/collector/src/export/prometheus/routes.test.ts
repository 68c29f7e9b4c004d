import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { failed, measured, type World } from '../../../test/harness.ts';
import { worldWithTest } from '../../../test/measured-test.ts';

async function scrape(
  world: World,
  token: string | null = readFileSync(world.collector.apiTokenFile, 'utf8').trim(),
) {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${world.collector.url}/metrics`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** The values of a metric by the labels that differ. */
function valuesOf(text: string, name: string, ...labels: string[]): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const of = (label: string) => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? 'no label';
      return [labels.map(of).join(' '), Number(line.slice(line.lastIndexOf(' ')))];
    }),
  );
}

test('the last round of each direction, in base units', async (t) => {
  const { world, keep, key, source, target, testId } = await worldWithTest(t, 'bidirectional');
  await keep([measured(key(1), 50), measured(key(0), 5), measured(key(1, 'from-target'))]);
  await keep([failed(key(0, 'from-target'))]);
  const { status, type, text } = await scrape(world);
  assert.equal(status, 200);
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  const rounds = (name: string) => valuesOf(text, `pinhole_round_${name}`, 'direction');
  assert.deepEqual(rounds('up'), { 'to-target': 1, 'from-target': 0 });
  assert.deepEqual(rounds('loss_ratio'), { 'to-target': 0.1 });
  assert.deepEqual(rounds('delay_mean_seconds'), { 'to-target': 0.01 });
  assert.deepEqual(rounds('jitter_seconds'), { 'to-target': 0.0005 });
  assert.deepEqual(rounds('round_trip_mean_seconds'), { 'to-target': 0.02 });
  assert.deepEqual(rounds('start_timestamp_seconds'), {
    'to-target': key(0).roundId,
    'from-target': key(0).roundId,
  });
  const labels =
    `{test_id="${testId}",test_name="a test",protocol="udp",direction="to-target",` +
    `source_agent_id="${source.agentId}",source_agent_name="source",` +
    `target_agent_id="${target.agentId}",target_agent_name="target"}`;
  assert.ok(text.includes(`\npinhole_round_loss_ratio${labels} 0.1\n`), text);
  assert.deepEqual(valuesOf(text, 'pinhole_rounds_measured_total', 'direction'), {
    'to-target': 2,
    'from-target': 1,
  });
  assert.deepEqual(valuesOf(text, 'pinhole_rounds_failed_total', 'direction', 'error'), {
    'from-target connection-failed': 1,
  });
});

test('a result that comes twice is counted once', async (t) => {
  const { world, key, source, target } = await worldWithTest(t, 'to-target');
  await source.checkIn({ results: [measured(key(0))] });
  await target.checkIn({ results: [measured(key(0))] });
  assert.deepEqual(valuesOf((await scrape(world)).text, 'pinhole_rounds_measured_total', 'direction'), {
    'to-target': 1,
  });
});

test('rounds older than three intervals, and of tests that are off, are left out', async (t) => {
  const { world, keep, key, testId } = await worldWithTest(t, 'to-target');
  await keep([measured(key(4))]);
  const rounds = async () => valuesOf((await scrape(world)).text, 'pinhole_round_up', 'direction');
  assert.deepEqual(await rounds(), {});
  await keep([measured(key(0))]);
  assert.deepEqual(await rounds(), { 'to-target': 1 });
  await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { enabled: false });
  assert.deepEqual(await rounds(), {});
});

test("agents' states, and alerts that are active", async (t) => {
  const { world, keep, key, source } = await worldWithTest(t, 'to-target');
  await world.rest('PUT', `/v7/agents/${source.agentId}`, { enabled: false });
  await keep([measured(key(0), 50)]);
  const { text } = await scrape(world);
  const states = valuesOf(text, 'pinhole_agent_state', 'agent_name', 'state');
  assert.deepEqual([states['source disabled'], states['source online'], states['target online']], [1, 0, 1]);
  assert.deepEqual(valuesOf(text, 'pinhole_active_alerts', 'severity'), { major: 1 });
});

test('a token is needed', async (t) => {
  const { world } = await worldWithTest(t, 'to-target');
  assert.equal((await scrape(world, null)).status, 401);
  assert.equal((await scrape(world, 'wrong')).status, 401);
});

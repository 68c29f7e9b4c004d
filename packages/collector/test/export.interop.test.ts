// What is exported, as others read it: Prometheus scrapes and keeps it, and its promtool finds nothing to say; protoc
// decodes what a stream sends by OpenTelemetry's own definitions. scripts/interop.ts installs them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { failed, measured, temporaryFolder } from './harness.ts';
import { worldWithTest } from './measured-test.ts';
import { startReceiver } from './receiver.ts';

/** Of the folder with opentelemetry/proto/collector/metrics/v1/metrics_service.proto. */
const definitions = process.env.PINHOLE_OTLP_DEFINITIONS ?? '';

async function measuredWorld(t: Parameters<typeof worldWithTest>[0]) {
  const fixture = await worldWithTest(t, 'bidirectional');
  const { keep, key } = fixture;
  await keep([failed(key(1)), measured(key(0), 5), measured(key(0, 'from-target'))]);
  return fixture;
}

test('promtool finds nothing wrong with /metrics', async (t) => {
  const { world } = await measuredWorld(t);
  const { stdout } = spawnSync('cat', [world.collector.apiTokenFile]);
  const authorization = `Bearer ${String(stdout).trim()}`;
  const response = await fetch(`${world.collector.url}/metrics`, { headers: { authorization } });
  const input = await response.text();
  assert.match(input, /^pinhole_round_loss_ratio\{/m);
  const checked = spawnSync('promtool', ['check', 'metrics'], { input });
  assert.deepEqual([checked.status, String(checked.stdout), String(checked.stderr)], [0, '', '']);
});

test('Prometheus scrapes the figures, with the collector’s token', async (t) => {
  const { world, key } = await measuredWorld(t);
  const folder = temporaryFolder(t);
  const port = await freePort();
  const config = {
    scrape_configs: [
      {
        job_name: 'pinhole',
        scrape_interval: '1s',
        authorization: { credentials_file: world.collector.apiTokenFile },
        static_configs: [{ targets: [new URL(world.collector.url).host] }],
      },
    ],
  };
  const configFile = join(folder, 'prometheus.json');
  writeFileSync(configFile, JSON.stringify(config));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(() => child.kill('SIGKILL'));

  const query = async (expression: string): Promise<Sample[]> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok !== true) return [];
    const { data } = (await answer.json()) as { data: { result: Sample[] } };
    return data.result;
  };
  const expression = 'pinhole_round_loss_ratio{direction="to-target"}';
  let samples = await query(expression);
  for (let tries = 0; samples.length === 0; tries += 1) {
    assert.ok(tries < 240, 'Prometheus has no figure within a minute');
    await setTimeout(250);
    samples = await query(expression);
  }
  assert.deepEqual(
    samples.map(({ metric, value }) => [metric.test_name, metric.source_agent_name, Number(value[1])]),
    [['a test', 'source', 0.1]],
  );
  const [start] = await query('pinhole_round_start_timestamp_seconds{direction="to-target"}');
  assert.equal(Number(start?.value[1]), key(0).roundId);
  const [errors] = await query('pinhole_rounds_failed_total{error="connection-failed"}');
  assert.equal(Number(errors?.value[1]), 1);
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

test("a stream's requests are what OpenTelemetry's definitions say", async (t) => {
  assert.notEqual(definitions, '', 'PINHOLE_OTLP_DEFINITIONS is not set: run this by  npm run test:interop');
  const receiver = await startReceiver(t);
  const { world, keep, key, testId } = await worldWithTest(t, 'to-target');
  await world.rest('POST', '/v7/streams', {
    endpointType: 'http',
    streamEndpointUrl: `${receiver.url}/v1/metrics`,
  });
  await keep([measured(key(0), 5)]);
  await receiver.until(1);
  const message = 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest';
  const service = 'opentelemetry/proto/collector/metrics/v1/metrics_service.proto';
  const decoded = spawnSync('protoc', [`--proto_path=${definitions}`, `--decode=${message}`, service], {
    input: receiver.taken[0]!.body,
  });
  assert.equal(String(decoded.stderr), '');
  assert.equal(decoded.status, 0);
  const text = String(decoded.stdout);
  // What the definitions do not know is shown by its number.
  assert.doesNotMatch(text, /^ *\d+[:{ ]/m);
  const metric = (name: string) =>
    text.split('metrics {').find((part) => part.includes(`name: "${name}"`)) ?? '';
  const figures: [name: string, unit: string, value: string][] = [
    ['network.latency', 's', '0.01'],
    ['network.loss', '%', '10'],
    ['network.jitter', 'ms', '0.5'],
  ];
  for (const [name, unit, value] of figures) {
    const shown = metric(name);
    assert.match(shown, /gauge \{/);
    assert.ok(shown.includes(`unit: "${unit}"`), shown);
    assert.ok(shown.includes(`as_double: ${value}\n`), shown);
    assert.ok(shown.includes(`time_unix_nano: ${key(0).roundId}000000000\n`), shown);
    assert.match(shown, new RegExp(`key: "thousandeyes.test.id"\\s+value \\{\\s+string_value: "${testId}"`));
    assert.match(shown, /key: "server.port"\s+value \{\s+int_value: 49153/);
  }
  assert.match(
    text,
    /resource \{\s+attributes \{\s+key: "service.name"\s+value \{\s+string_value: "pinhole"/,
  );
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

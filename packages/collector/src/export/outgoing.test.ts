import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, facts, measured, registration, temporaryFolder } from '../../test/harness.ts';
import { startReceiver } from '../../test/receiver.ts';

const apiToken = 'the-api-token';
const rounds = 5;

test('kill -9 loses no notification and no result of a stream', async (t) => {
  const dataDir = temporaryFolder(t);
  const receiver = await startReceiver(t);
  // Nothing is taken before the collector is killed.
  receiver.answer = { status: 404 };
  let { url, child } = await start();
  t.after(() => child.kill('SIGKILL'));

  const rest = (method: string, path: string, body: unknown) => ask(url + path, method, apiToken, body);
  const enroll = async (agentName: string) => {
    const request = { accountToken: 'the-account-token', agentName, facts };
    return (await ask(`${url}/agent/v1/enroll`, 'POST', null, request)).body;
  };
  const [source, target] = [await enroll('source'), await enroll('target')];
  const { body: created } = await rest('POST', '/v7/tests/agent-to-agent', {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  });
  await rest('PUT', '/v7/alerts/rules/1', {
    ruleName: 'a rule',
    alertType: 'end-to-end-agent',
    expression: '((loss >= 20 %))',
    roundsViolatingOutOf: 1,
    notifications: { webhook: [{ target: `${receiver.url}/hook` }] },
  });
  await rest('POST', '/v7/streams', {
    endpointType: 'http',
    streamEndpointUrl: `${receiver.url}/v1/metrics`,
  });

  const firstRound = Math.floor(Date.now() / 60_000) * 60 - 60 * rounds;
  for (let round = 0; round < rounds; round += 1) {
    const key = {
      testId: created.testId,
      roundId: firstRound + 60 * round,
      sourceAgentId: source.agentId,
      targetAgentId: target.agentId,
      direction: 'to-target',
    } as const;
    const report = { configVersion: 0, facts, registration, results: [measured(key, 25)] };
    const { status } = await ask(`${url}/agent/v1/check-in`, 'POST', target.agentSecret, report);
    assert.equal(status, 200);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');

  const before = receiver.taken.length;
  receiver.answer = { status: 200 };
  ({ url, child } = await start());
  await receiver.until(before + 2);
  const after = receiver.taken.slice(before);
  const hook = after.find(({ path }) => path === '/hook');
  assert.equal(JSON.parse(String(hook?.body)).eventType, 'ALERT_NOTIFICATION_TRIGGER');
  const stream = after.find(({ path }) => path === '/v1/metrics');
  for (let round = 0; round < rounds; round += 1) {
    // A fixed64 of the round's time in nanoseconds, as protobuf has it.
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(BigInt(firstRound + 60 * round) * 1_000_000_000n);
    assert.ok(stream?.body.includes(time), `round ${round}`);
  }
  const [alert, ...others] = (await ask(`${url}/v7/alerts`, 'GET', apiToken)).body.alerts;
  assert.equal(alert.alertState, 'trigger');
  assert.equal(others.length, 0);

  async function start() {
    const path = fileURLToPath(import.meta.resolve('../../test/child.ts'));
    const started = spawn(process.execPath, [path, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(started.stdout!), 'line');
    assert.match(line, /^http:/);
    return { url: line as string, child: started };
  }
});

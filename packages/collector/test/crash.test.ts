import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask, facts, measured, registration, temporaryFolder } from './harness.ts';

const rounds = 3;
const batchResults = 20;
const apiToken = 'the-api-token';

test('what was acknowledged is there after kill -9, and nothing twice', async (t) => {
  const dataDir = temporaryFolder(t);
  let { url, child } = await start();
  t.after(() => child.kill('SIGKILL'));

  const agents = await Promise.all(['source', 'target'].map(enroll));
  const [source, target] = agents as [Enrolled, Enrolled];
  const created = await ask(`${url}/v7/tests/agent-to-agent`, 'POST', apiToken, {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  });
  const testId: string = created.body.testId;
  const acknowledged = new Set<number>();
  let nextRound = Math.floor(Date.now() / 1000) - 80_000;
  let unacknowledged: number[] = [];

  for (let life = 0; life < rounds; life += 1) {
    const enough = acknowledged.size + 10 * batchResults;
    // Kills while further check-ins are under way.
    const writers = [0, 1, 2].map(() => writeUntilDead());
    while (acknowledged.size < enough) await setTimeout(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await Promise.all(writers);
    ({ url, child } = await start());
    // As an agent does: what was not acknowledged is sent again, though it may have been kept.
    for (const batch of chunks(unacknowledged)) assert.equal(await send(batch), true);
    unacknowledged = [];
  }

  const kept = await keptRounds();
  assert.equal(new Set(kept).size, kept.length, 'kept twice');
  assert.deepEqual(new Set(kept), acknowledged);

  async function start(): Promise<{ url: string; child: ChildProcess }> {
    const path = fileURLToPath(import.meta.resolve('./child.ts'));
    const started = spawn(process.execPath, [path, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(started.stdout!), 'line');
    assert.match(line, /^http:/);
    return { url: line, child: started };
  }

  async function enroll(agentName: string): Promise<Enrolled> {
    const request = { accountToken: 'the-account-token', agentName, facts };
    return (await ask(`${url}/agent/v1/enroll`, 'POST', null, request)).body;
  }

  async function writeUntilDead(): Promise<void> {
    for (;;) {
      const batch = Array.from({ length: batchResults }, () => nextRound++);
      if (await send(batch)) continue;
      unacknowledged.push(...batch);
      return;
    }
  }

  async function send(batch: number[]): Promise<boolean> {
    const key = { testId, sourceAgentId: source.agentId, targetAgentId: target.agentId };
    const results = batch.map((roundId) => measured({ ...key, roundId, direction: 'to-target' }));
    const report = { configVersion: 0, facts, registration, results };
    try {
      const { status, body } = await ask(`${url}/agent/v1/check-in`, 'POST', target.agentSecret, report);
      if (status !== 200) return false;
      for (const roundId of batch.slice(0, body.acknowledged)) acknowledged.add(roundId);
      return body.acknowledged === batch.length;
    } catch {
      return false;
    }
  }

  async function keptRounds(): Promise<number[]> {
    const found: number[] = [];
    let next: string | undefined = `${url}/v7/test-results/${testId}/network?window=2d`;
    while (next !== undefined) {
      const { body } = await ask(next, 'GET', apiToken);
      found.push(...body.results.map((row: { roundId: number }) => row.roundId));
      next = body._links.next?.href;
    }
    return found;
  }
});

interface Enrolled {
  readonly agentId: string;
  readonly agentSecret: string;
}

function chunks(items: number[]): number[][] {
  return Array.from({ length: Math.ceil(items.length / batchResults) }, (_, at) =>
    items.slice(at * batchResults, (at + 1) * batchResults),
  );
}

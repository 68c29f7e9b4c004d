import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, facts, measured, registration, temporaryFolder } from './harness.ts';

const child = fileURLToPath(import.meta.resolve('./child.ts'));

// The disk is a tmpfs in a mount namespace of its own, seen from here through the shell that made it.
const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const skip = canMount || process.env.CI ? false : 'this machine lets nobody mount a tmpfs';

/** A process that has a tmpfs on a folder, and starts a collector on it when told to. */
async function smallDisk(t: TestContext, mountOptions: string) {
  const folder = temporaryFolder(t);
  const script = `mount -t tmpfs -o ${mountOptions} tmpfs "$1" && echo mounted && read -r _ && exec "$2" "$3" "$1"`;
  const arguments_ = ['-Urm', 'sh', '-c', script, 'sh', folder, process.execPath, child];
  const shell = spawn('unshare', arguments_, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    if (shell.exitCode !== null || shell.signalCode !== null) return;
    const exited = once(shell, 'exit');
    shell.kill('SIGKILL');
    await exited;
  });
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'mounted');
  return {
    /** The folder as this process sees it. */
    path: join(`/proc/${shell.pid}/root`, folder),
    /** Starts the collector; what it prints first. */
    async start(): Promise<string> {
      shell.stdin.write('\n');
      return (await lines.next()).value as string;
    },
  };
}

function fill(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, 'filling'), Buffer.alloc(bavail * bsize));
}

test('a collector does not start on a disk that it may only read', { skip }, async (t) => {
  const disk = await smallDisk(t, 'size=512k,ro');
  assert.equal(await disk.start(), 'data-folder-not-writable');
});

test('a collector on a full disk does not start, and leaves nothing half-written', { skip }, async (t) => {
  const disk = await smallDisk(t, 'size=512k');
  fill(disk.path);
  assert.equal(await disk.start(), 'disk-full');
  const left = readdirSync(disk.path).filter((name) => /token|secret/.test(name));
  assert.deepEqual(left, []);
});

test('a disk that fills up costs no acknowledged result, and the collector goes on when there is room', {
  skip,
}, async (t) => {
  const disk = await smallDisk(t, 'size=4096k');
  const url = await disk.start();
  const enroll = async (agentName: string) => {
    const request = { accountToken: 'the-account-token', agentName, facts };
    return (await ask(`${url}/agent/v1/enroll`, 'POST', null, request)).body;
  };
  const [source, target] = [await enroll('source'), await enroll('target')];
  const { body } = await ask(`${url}/v7/tests/agent-to-agent`, 'POST', 'the-api-token', {
    testName: 'a test',
    interval: 60,
    protocol: 'udp',
    targetAgentId: target.agentId,
    agents: [{ agentId: source.agentId }],
  });
  const testId: string = body.testId;
  const firstRound = Math.floor(Date.now() / 1000) - 80_000;
  let acknowledged = 0;
  const send = async () => {
    const key = { testId, sourceAgentId: source.agentId, targetAgentId: target.agentId };
    const results = Array.from({ length: 100 }, (_, at) =>
      measured({ ...key, roundId: firstRound + acknowledged + at, direction: 'to-target' }),
    );
    const report = { configVersion: 0, facts, registration, results };
    const answer = await ask(`${url}/agent/v1/check-in`, 'POST', target.agentSecret, report);
    if (answer.status === 200) acknowledged += answer.body.acknowledged;
    return answer;
  };
  const kept = async () => {
    let count = 0;
    let next: string | undefined = `${url}/v7/test-results/${testId}/network?window=2d`;
    while (next !== undefined) {
      const page: { body: { results: unknown[]; _links: { next?: { href: string } } } } = await ask(
        next,
        'GET',
        'the-api-token',
      );
      count += page.body.results.length;
      next = page.body._links.next?.href;
    }
    return count;
  };

  assert.equal((await send()).status, 200);
  fill(disk.path);
  // The log written ahead has some room of its own left.
  let answer = await send();
  for (let count = 0; answer.status === 200 && count < 100; count += 1) answer = await send();
  assert.equal(answer.status, 503);
  assert.match(answer.body.detail, /cannot write/);
  assert.equal(await kept(), acknowledged);

  unlinkSync(join(disk.path, 'filling'));
  assert.equal((await send()).status, 200);
  assert.equal(await kept(), acknowledged);
});

// `pinhole demo`, as a newcomer runs it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { networkResultsSchema, pageHeader, testsSchema } from '@pinhole/contract';
import { labAvailable } from '@pinhole/lab';

const executable = fileURLToPath(new URL('../../../bin/pinhole', import.meta.url));
const lab = await labAvailable();
const skip = lab.available || process.env.CI === 'true' ? false : lab.reason;

/** Ends with the test, if not before. */
function startDemo(
  t: TestContext,
  ...args: string[]
): {
  child: ChildProcess;
  output: () => string;
  said: (text: string) => Promise<void>;
} {
  // Standard input that is no terminal, and a process group of its own, as under an init system.
  const child = spawn(executable, ['demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    child,
    output: () => output,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.includes(text) && resolve();
        child.stdout.on('data', look);
        ended.then(() => reject(new Error(`ended without ${text}:\n${output}`)), reject);
        look();
      }),
  };
}

/** What a demo could leave on this machine. */
function traces(): { processes: string[]; namespaces: string; rules: string; folders: string[] } {
  const processes = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pinhole-demo');
    } catch {
      return false;
    }
  });
  return {
    processes,
    namespaces: spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '',
    rules: spawnSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }).stdout ?? '',
    folders: readdirSync(tmpdir()).filter((name) => name.startsWith('pinhole-demo-')),
  };
}

/** Where the page is, and how to sign in there. */
function signInOf(output: string): { url: string; name: string; password: string } {
  const [url = '', name = '', password = ''] = ['Open', 'Name', 'Password'].map(
    (label) => new RegExp(`^ +${label} +(\\S+)$`, 'm').exec(output)?.[1],
  );
  return { url, name, password };
}

const directions = String.raw`→ +\d+ % +\d+\.\d ms +← +\d+ % +\d+\.\d ms`;

test('shows the first test’s round in both directions, and ends', { skip }, async (t) => {
  const before = traces();
  const demo = startDemo(t, '--rounds', '1', '--listen', '127.0.0.1:0');
  const [code] = await once(demo.child, 'close');
  const output = demo.output();
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`UDP +Oslo workshop – Berlin office +${directions} +punched$`, 'm'));
  assert.deepEqual(traces(), before);
});

test('the page lets in whoever signs in as it says, and Ctrl-C leaves nothing behind', {
  skip,
}, async (t) => {
  const before = traces();
  const demo = startDemo(t, '--listen', '127.0.0.1:0');
  await demo.said('punched');
  const { url, name, password } = signInOf(demo.output());
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  assert.equal(page.status, 200, await page.text());
  const signIn = await fetch(`${url}/page/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [pageHeader]: '1' },
    body: JSON.stringify({ name, password }),
  });
  assert.equal(signIn.status, 200, await signIn.text());
  const cookie = signIn.headers.getSetCookie()[0]!.split(';')[0]!;
  const ask = async <T>(path: string, schema: { parse(body: unknown): T }) => {
    const response = await fetch(`${url}${path}`, { headers: { cookie } });
    assert.equal(response.status, 200);
    return schema.parse(await response.json());
  };
  const { tests } = await ask('/v7/tests/agent-to-agent', testsSchema);
  const { testId } = tests.find(({ testName }) => testName === 'Oslo to Berlin')!;
  const { results } = await ask(`/v7/test-results/${testId}/network`, networkResultsSchema);
  assert.ok(results.length >= 2);

  demo.child.kill('SIGINT');
  const [code] = await once(demo.child, 'close');
  assert.equal(code, 0, demo.output());
  assert.deepEqual(traces(), before);
});

test('where there can be no lab, it measures on loopback and says so', { skip }, () => {
  // A machine without nft: in a mount namespace of its own, nothing that runs stands at its place.
  const nft = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v nft'], {
    encoding: 'utf8',
  }).stdout.trim();
  const script = `mount --bind /dev/null ${nft} && exec "$0" demo --rounds 1 --listen 127.0.0.1:0`;
  const demo = spawnSync('unshare', ['-Urm', 'sh', '-c', script, executable], {
    encoding: 'utf8',
    timeout: 90_000,
  });
  assert.equal(demo.status, 0, demo.stdout + demo.stderr);
  assert.match(demo.stdout, /^.*nft.*\nSo there are no NATs in this demo/);
  assert.match(demo.stdout, new RegExp(`Site A – Site B +${directions} +direct$`, 'm'));
  assert.match(signInOf(demo.stdout).url, /^http:\/\/127\.0\.0\.1:\d+$/);
});

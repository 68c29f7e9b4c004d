// `pinhole demo`, as a newcomer runs it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { labAvailable } from '@pinhole/lab';

const executable = fileURLToPath(new URL('../../../bin/pinhole', import.meta.url));
const lab = await labAvailable();
const skip = lab.available || process.env.CI === 'true' ? false : lab.reason;

function startDemo(...args: string[]): {
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

test('shows a round in both directions, with the address of REST, and ends', { skip }, async () => {
  const before = traces();
  const demo = startDemo('--rounds', '1');
  const [code] = await once(demo.child, 'close');
  const output = demo.output();
  assert.equal(code, 0, output);
  assert.match(output, /^Round of .*over the path punched through both NATs:$/m);
  for (const direction of ['A → B', 'B → A']) {
    assert.match(
      output,
      new RegExp(`${direction} +loss +0 % +latency +\\d+\\.\\d+ ms +jitter +\\d+\\.\\d+ ms`),
    );
  }
  assert.deepEqual(traces(), before);
});

test('REST answers at the address it shows, and Ctrl-C leaves nothing behind', { skip }, async () => {
  const before = traces();
  const demo = startDemo('--listen', '127.0.0.1:0');
  await demo.said('Ctrl-C ends the demo');
  const [, token, url] = /Bearer (\S+)" (\S+)/.exec(demo.output()) ?? [];
  const response = await fetch(String(url), { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  const { results } = (await response.json()) as { results: unknown[] };
  assert.equal(results.length, 2);
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
  assert.match(demo.stdout, /A → B +loss +0 %/);
});

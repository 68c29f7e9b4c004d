// How the programs start and end, as a person or an init system sees it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const executable = fileURLToPath(new URL('../../../bin/pinhole', import.meta.url));

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  output(): string;
  /** Resolves when the output has this text; rejects when the program ends before. */
  said(text: string): Promise<void>;
}

function run(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(executable, args, { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stdout.includes(text) && resolve();
      child.stdout.on('data', look);
      ended.then(
        (end) =>
          reject(new Error(`ended with ${end.code} before it said ${text}: ${end.stdout}${end.stderr}`)),
        reject,
      );
      look();
    });
  return { child, ended, output: () => stdout, said };
}

const onLoopback = ['--listen', '127.0.0.1:0', '--no-embedded-traversal'];

describe('pinhole', { concurrency: 2 }, () => {
  it('tells its version', async (t) => {
    const { stdout } = await run(t, ['--version']).ended;
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    assert.equal(stdout.trim(), version);
  });

  for (const args of [
    [],
    ['collector'],
    ['traversal'],
    ['agent'],
    ['stamp'],
    ['stamp', 'send'],
    ['stamp', 'reflect'],
    ['lab'],
    ['lab', 'up'],
    ['lab', 'run'],
    ['lab', 'exec'],
    ['lab', 'list'],
    ['demo'],
  ]) {
    it(`${['pinhole', ...args].join(' ')} --help helps`, async (t) => {
      const { code, stdout } = await run(t, [...args, '--help']).ended;
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: pinhole/);
    });
  }

  for (const command of [['collector'], ['traversal'], ['agent'], ['demo'], ['lab', 'up'], ['lab', 'run']]) {
    it(`each option of ${command.join(' ')} has a twin in the environment`, async (t) => {
      const { stdout } = await run(t, [...command, '--help']).ended;
      const options = stdout
        .split(/\n {2}(?=-)/)
        .slice(1)
        .filter((option) => !option.startsWith('-h'));
      assert.ok(options.length >= 2);
      for (const option of options) assert.match(option, /env:\s+PINHOLE_[A-Z_]+/, option);
    });
  }

  for (const [name, args, sentence] of [
    ['an unknown command', ['colector'], /unknown command 'colector'/],
    ['an unknown option', ['demo', '--colour'], /unknown option '--colour'/],
    ['an agent without a collector', ['agent'], /--collector <url>' not specified/],
    [
      'a port of 70000',
      ['agent', '--collector', 'http://127.0.0.1', '--account-token', 'x', '--port', '70000'],
      /a port is 1 to 65535/,
    ],
    ['a collector of no URL', ['agent', '--collector', 'here', '--account-token', 'x'], /expected http/],
    [
      'an address that is none',
      ['traversal', '--address', '1.2.3', '--secret-file', '/dev/null'],
      /is not an IP address/,
    ],
    [
      'an empty secret',
      ['traversal', '--address', '127.0.0.1', '--secret-file', '/dev/null'],
      /holds no secret/,
    ],
    ['a listening place without a port', ['collector', '--listen', 'here'], /expected HOST:PORT/],
  ] as const) {
    it(`${name} is told in a sentence, with exit code 1`, async (t) => {
      const { code, stderr } = await run(t, args).ended;
      assert.equal(code, 1);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /^ {4}at /m);
    });
  }
});

describe('pinhole collector', () => {
  it('makes its tokens at the first start, says where they are, and keeps them', async (t) => {
    const data = path.join(temporaryFolder(t), 'data');
    const first = run(t, ['collector', ...onLoopback, '--data', data]);
    await first.said(path.join(data, 'api-token'));
    first.child.kill('SIGTERM');
    assert.equal((await first.ended).code, 0);
    const token = readFileSync(path.join(data, 'api-token'), 'utf8');
    assert.equal(statSync(path.join(data, 'account-token')).mode & 0o777, 0o600);
    assert.equal(statSync(data).mode & 0o777, 0o700);
    const second = run(t, ['collector', ...onLoopback, '--data', data]);
    await second.said('"ready');
    assert.equal(readFileSync(path.join(data, 'api-token'), 'utf8'), token);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends within 2 s of ${signal}, with what is under way`, async (t) => {
      const data = path.join(temporaryFolder(t), 'data');
      const collector = run(t, ['collector', ...onLoopback, '--data', data, '--log-format', 'json']);
      await collector.said('"ready');
      const sentAtMs = performance.now();
      collector.child.kill(signal);
      const { code, stdout } = await collector.ended;
      // The program itself has 1.8 s; what the machine needs to end a process is not its own.
      assert.ok(performance.now() - sentAtMs < 4000, `${performance.now() - sentAtMs} ms`);
      assert.equal(code, 0);
      for (const line of stdout.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
    });
  }

  it('with a data folder that cannot be one says so, and leaves nothing', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'file'), 'mine');
    const { code, stderr } = await run(t, [
      'collector',
      ...onLoopback,
      '--data',
      path.join(folder, 'file', 'data'),
    ]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^pinhole: .*file/);
    assert.deepEqual(readdirSync(folder), ['file']);
    assert.equal(readFileSync(path.join(folder, 'file'), 'utf8'), 'mine');
  });

  it('beside another on the same folder, or on the same port, says so', async (t) => {
    const folder = temporaryFolder(t);
    const first = run(t, [
      'collector',
      '--listen',
      '127.0.0.1:0',
      '--no-embedded-traversal',
      '--data',
      `${folder}/a`,
      '--log-format',
      'json',
    ]);
    await first.said('"ready');
    const twin = await run(t, ['collector', ...onLoopback, '--data', `${folder}/a`]).ended;
    assert.equal(twin.code, 1);
    assert.match(twin.stderr, /^pinhole: .*(another|Another)/);
  });
});

describe('pinhole agent', () => {
  it('goes on asking while there is no collector, and ends when told to', async (t) => {
    const state = path.join(temporaryFolder(t), 'state');
    const args = [
      'agent',
      '--collector',
      'http://127.0.0.1:9',
      '--account-token',
      'x',
      '--state',
      state,
      '--port',
      '0',
    ];
    const refused = await run(t, args).ended;
    assert.match(refused.stderr, /a port is 1 to 65535/);
    const agent = run(t, [
      ...args.slice(0, -1),
      String(20_000 + (process.pid % 10_000)),
      '--log-format',
      'json',
    ]);
    await agent.said('trying again');
    agent.child.kill('SIGINT');
    assert.equal((await agent.ended).code, 0);
    assert.ok(!existsSync(path.join(state, 'agent.json')));
  });

  it('with a wrong account token is refused, and says so', async (t) => {
    const folder = temporaryFolder(t);
    const collector = run(t, [
      'collector',
      ...onLoopback,
      '--data',
      `${folder}/data`,
      '--log-format',
      'json',
    ]);
    await collector.said('"ready');
    const url = /"url":"([^"]+)"/.exec(collector.output())?.[1];
    assert.ok(url !== undefined);
    const { code, stderr } = await run(t, [
      'agent',
      '--collector',
      url,
      '--account-token',
      'wrong',
      '--state',
      `${folder}/state`,
      '--port',
      String(30_000 + (process.pid % 10_000)),
    ]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^pinhole: The collector refused to enrol this agent: .*token/);
  });
});

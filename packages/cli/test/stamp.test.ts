// `pinhole stamp send` and `pinhole stamp reflect` against each other.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { StampReport } from '@pinhole/agent/parts';
import { keyText, openSocket, reflect, run, send } from './stamp-processes.ts';

function keyFile(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-stamp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'key');
  writeFileSync(file, `${keyText}\n`);
  return file;
}

describe('pinhole stamp send to pinhole stamp reflect', { concurrency: 4 }, () => {
  for (const [name, args, env] of [
    ['unauthenticated, stateful', [], {}],
    ['unauthenticated, stateless', ['--stateless'], {}],
    ['authenticated by PINHOLE_STAMP_KEY', [], { PINHOLE_STAMP_KEY: keyText }],
  ] as const)
    it(`${name}: every probe is answered`, async (t) => {
      const reflector = await reflect(t, args, env);
      const { code, report } = await send(t, reflector.port, ['--dscp', '10'], env);
      assert.equal(code, 0);
      assert.deepEqual([report.sent, report.answered, report.late, report.lossPercent], [10, 10, 0, 0]);
      assert.deepEqual(report.loss, { forward: 0, backward: 0, unknown: 0 });
      assert.ok(report.roundTrip !== null && report.roundTrip.minMs < 1_000);
      for (const { delay } of [report.forward, report.backward]) {
        assert.ok(delay !== null && delay.errorBoundMs !== null);
        // Over loopback the true delays are between nothing and the round trip.
        assert.ok(Math.abs(delay.minMs) <= report.roundTrip.maxMs + delay.errorBoundMs);
      }
      assert.equal(report.reflector?.stateful, args.length === 0 ? true : null);
      assert.equal(report.reflector?.echoesSsid, true);
      assert.match(report.reflector?.seesUsAs ?? '', /^127\.0\.0\.1:\d+$/);
      reflector.child.kill('SIGINT');
      const end = await reflector.ended;
      assert.equal(end.code, 0);
      assert.match(end.stdout, /10 reflected/);
    });

  it('says in words what --json says in members', async (t) => {
    const { port } = await reflect(t);
    const { code, stdout } = await run(t, ['send', `127.0.0.1:${port}`, '--count', '5']).ended;
    assert.equal(code, 0);
    assert.match(stdout, /^STAMP to 127\.0\.0\.1:\d+ at [\d:]+ UTC: 5 probes sent, 5 answered\n/);
    for (const name of ['there', 'back', 'round trip'])
      assert.match(stdout, new RegExp(`^ +${name} +0\\.0 % +-?\\d+\\.\\d{3} ms`, 'm'));
    assert.match(stdout, /delays there and back are exact to ± \d/);
    assert.match(stdout, /The reflector counts its own replies/);
  });

  it('is not answered without the key, and says so with its exit code', async (t) => {
    const reflector = await reflect(t, ['--key', keyFile(t), '--json']);
    const { code, report } = await send(t, reflector.port, ['--wait', '300ms']);
    assert.deepEqual([code, report.answered, report.lossPercent, report.reflector], [1, 0, 100, null]);
    const [line] = await reflector.said(/.*"dropped":\{"[^}]*\}.*/);
    const { reflected, dropped } = JSON.parse(line);
    assert.equal(reflected, 0);
    // The TLVs behind the base packet make it long enough to be looked at.
    assert.deepEqual(Object.keys(dropped), ['not-authentic']);
    const keyed = await send(t, reflector.port, ['--key', keyFile(t)]);
    assert.deepEqual([keyed.code, keyed.report.answered], [0, 10]);
  });

  it('is not answered by a reflector that allows others only', async (t) => {
    const reflector = await reflect(t, ['--allow', '192.0.2.0/24', '--allow', '2001:db8::/32']);
    const { code } = await send(t, reflector.port, ['--wait', '300ms']);
    assert.equal(code, 1);
    await reflector.said(/10 from addresses that are not allowed|from addresses that are not allowed/);
  });

  it('measures again each so often until it is told to end', async (t) => {
    const { port } = await reflect(t);
    const target = `127.0.0.1:${port}`;
    const sender = run(t, ['send', target, '--count', '2', '--every', '300ms', '--json']);
    await sender.said(/(?:.+\n){3}/);
    sender.child.kill('SIGTERM');
    const { code, stdout } = await sender.ended;
    assert.equal(code, 0);
    for (const line of stdout.trim().split('\n')) assert.equal((JSON.parse(line) as StampReport).sent, 2);
  });

  it('where nothing listens says what came back', async (t) => {
    const socket = await openSocket(t);
    const { port } = socket.address();
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    const free = other.address().port;
    await new Promise<void>((resolve) => other.close(() => resolve()));
    assert.notEqual(free, port);
    const { code, stdout } = await run(t, ['send', `127.0.0.1:${free}`, '--count', '3', '--wait', '300ms'])
      .ended;
    assert.equal(code, 1);
    assert.match(stdout, /3 probes sent, 0 answered/);
  });

  for (const [name, args, sentence] of [
    ['no target', ['send'], /missing required argument 'target'/],
    ['a key that cannot be read', ['send', '127.0.0.1', '--key', '/nonexistent'], /key cannot be read/],
    ['a name without an address', ['send', 'nowhere.invalid'], /nowhere\.invalid has no address/],
  ] as const)
    it(`${name} is a mistake of the caller: exit code 2`, async (t) => {
      const { code, stdout, stderr } = await run(t, args).ended;
      assert.equal(code, 2, stdout);
      assert.match(stderr, sentence);
    });

  it('longer replies are not sent to just anyone', async (t) => {
    const { code, stderr } = await run(t, ['reflect', '--twamp-light']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /say to whom, with --allow/);
  });

  for (const command of ['send', 'reflect'])
    it(`each option of ${command} has a twin in the environment`, async (t) => {
      const { code, stdout } = await run(t, [command, '--help']).ended;
      assert.equal(code, 0);
      const options = stdout
        .split(/\n {2}(?=-)/)
        .slice(1)
        .filter((option) => !option.startsWith('-h'));
      assert.ok(options.length >= 8);
      for (const option of options) assert.match(option, /env:\s+PINHOLE_STAMP_[A-Z_]+/, option);
    });
});

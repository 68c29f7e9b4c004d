import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { result } from '../../test/samples.ts';
import { AgentError } from '../errors.ts';
import { Spool } from './spool.ts';

const writer = fileURLToPath(import.meta.resolve('../../test/spool-writer.ts'));

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pinhole-spool-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(t: TestContext, path: string): Spool {
  const spool = new Spool(join(path, 'spool.sqlite'));
  t.after(() => spool.close());
  return spool;
}

function rounds(spool: Spool, limit = 1_000_000): number[] {
  return spool.oldest(limit).map((each) => each.result.roundId);
}

describe('the spool', () => {
  it('gives results back in the order they were added', (t) => {
    const spool = open(t, folder(t));
    spool.add([result(1), result(2)]);
    spool.add([result(3)]);
    assert.deepEqual(rounds(spool), [1, 2, 3]);
    assert.deepEqual(rounds(spool, 2), [1, 2]);
    assert.deepEqual(spool.oldest(1)[0]?.result, result(1));
    assert.equal(spool.size, 3);
  });

  it('loses what was acknowledged, and nothing that came meanwhile', (t) => {
    const spool = open(t, folder(t));
    spool.add([result(1), result(2), result(3)]);
    const given = spool.oldest(2);
    spool.add([result(4)]);
    spool.remove(given);
    assert.deepEqual(rounds(spool), [3, 4]);
    spool.remove([]);
    spool.remove(given);
    assert.equal(spool.size, 2);
  });

  it('loses one from the middle', (t) => {
    const spool = open(t, folder(t));
    spool.add([result(1), result(2), result(3)]);
    spool.removeOne(spool.oldest(2)[1]!);
    assert.deepEqual([rounds(spool), spool.size], [[1, 3], 2]);
  });

  it('is as it was after a restart, and never gives an id twice', (t) => {
    const path = folder(t);
    const before = open(t, path);
    before.add([result(1), result(2)]);
    const given = before.oldest(2);
    before.remove(given);
    before.add([result(3)]);
    before.close();
    const after = open(t, path);
    assert.deepEqual([rounds(after), after.size], [[3], 1]);
    assert.ok(after.oldest(1)[0]!.id > given[1]!.id);
  });

  it('adds all of a round or nothing', (t) => {
    const spool = open(t, folder(t));
    const circular = result(2) as ReturnType<typeof result> & { self?: unknown };
    circular.self = circular;
    assert.throws(() => spool.add([result(1), circular]), TypeError);
    assert.deepEqual([rounds(spool), spool.size], [[], 0]);
    spool.add([result(3)]);
    assert.deepEqual(rounds(spool), [3]);
  });

  it('lets the oldest go beyond 200,000', (t) => {
    const spool = open(t, folder(t));
    const batch = Array.from({ length: 50_000 }, (_, i) => result(i));
    for (let i = 0; i < 4; i++) assert.equal(spool.add(batch), 0);
    assert.equal(spool.add([result(7), result(8)]), 2);
    assert.equal(spool.size, 200_000);
    assert.deepEqual(rounds(spool, 1), [2]);
  });

  it('can be read by its user alone', (t) => {
    const path = folder(t);
    open(t, path).add([result(1)]);
    for (const name of ['spool.sqlite', 'spool.sqlite-wal']) {
      assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name);
    }
  });

  it('may be closed twice', (t) => {
    const spool = open(t, folder(t));
    spool.close();
    spool.close();
  });
});

describe('a file that is no spool', () => {
  it('is named in an AgentError, whatever is in it, and left as it is', (t) => {
    const file = join(folder(t), 'spool.sqlite');
    writeFileSync(file, 'not a database, but long enough to be looked at as one'.repeat(50));
    assert.throws(
      () => new Spool(file),
      (error) => error instanceof AgentError && error.code === 'state-folder-unusable',
    );
    assert.equal(statSync(file).size, 2700);
  });

  it('is one that was cut in the middle, too', (t) => {
    const path = folder(t);
    const file = join(path, 'spool.sqlite');
    const spool = open(t, path);
    spool.add(Array.from({ length: 2_000 }, (_, i) => result(i, { evidence: 'x'.repeat(300) })));
    spool.close();
    truncateSync(file, 8_192);
    assert.throws(
      () => new Spool(file),
      (error) => error instanceof AgentError && error.code === 'state-folder-unusable',
    );
  });
});

/** A process that adds results for as long as it lives; prints the round of each that is there for good. */
function startWriter(path: string) {
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  return { child, lines };
}

describe('kill -9', () => {
  it('costs nothing that add() had returned for, and leaves no half of a round', async (t) => {
    const path = folder(t);
    let added = 0;
    for (let life = 0; life < 3; life++) {
      const { child, lines } = startWriter(path);
      t.after(() => child.kill('SIGKILL'));
      const enough = added + 100;
      lines.on('line', (line) => {
        added = Number(line);
        if (added >= enough) child.kill('SIGKILL');
      });
      await Promise.all([once(child, 'exit'), once(lines, 'close')]);
      assert.ok(added >= enough);
      const spool = new Spool(join(path, 'spool.sqlite'));
      const kept = rounds(spool);
      spool.close();
      // Two results a round; the last round may have been kept and not yet printed.
      const last = kept.at(-1) ?? 0;
      assert.ok(last === added || last === added + 1, `${added} printed, ${last} kept`);
      assert.deepEqual(
        kept,
        Array.from({ length: 2 * last }, (_, i) => Math.floor(i / 2) + 1),
      );
      added = last;
    }
  });
});

describe('two agents on one folder', () => {
  it('are told: the second does not start, and the first goes on', async (t) => {
    const path = folder(t);
    const { child, lines } = startWriter(path);
    t.after(() => child.kill('SIGKILL'));
    await once(lines, 'line');
    assert.throws(
      () => new Spool(join(path, 'spool.sqlite')),
      (error) => error instanceof AgentError && error.code === 'state-folder-in-use',
    );
    await once(lines, 'line');
    child.kill('SIGKILL');
    await once(child, 'exit');
    open(t, path);
  });
});

// The disk is a tmpfs in a mount namespace of its own.
const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const skip = canMount || process.env.CI ? false : 'this machine lets nobody mount a tmpfs';

describe('a full disk', { skip }, () => {
  it('is an error for whoever adds, costs nothing that was kept, and is over when there is room', (t) => {
    const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$1" full';
    const parameters = ['-Urm', 'sh', '-c', script, 'sh', folder(t), process.execPath, writer];
    const { stdout, stderr, status } = spawnSync('unshare', parameters, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const { added, kept, size, error, integrity, keptAfter } = JSON.parse(stdout);
    assert.match(error, /full/);
    assert.ok(added > 10);
    assert.deepEqual([kept, size, integrity], [added, added, 'ok']);
    assert.equal(keptAfter, added / 2 + 1);
  });
});

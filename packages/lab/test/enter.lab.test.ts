import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asNobody,
  childOf,
  namespaceOf,
  packageFile,
  parentOf,
  processesIn,
  until,
  type Watched,
  watchEntered,
  withoutNobody,
} from './process.ts';

const users = [
  { user: 'this user', wrapper: [], skip: false },
  { user: 'an ordinary user', wrapper: asNobody, skip: withoutNobody },
] as const;

const holder = packageFile('test/holder.ts');

/** A program that holds a lab, once the lab is up. */
async function hold(wrapper: readonly string[]) {
  const watched = watchEntered([process.execPath, holder], wrapper);
  await until('the lab is up', () => watched.output().includes('\n') || watched.child.exitCode !== null);
  const { initPid } = JSON.parse(watched.output()) as { initPid: number };
  const namespaces = (['mnt', 'pid'] as const).map((kind) => [kind, namespaceOf(initPid, kind)!] as const);
  return {
    watched,
    initPid,
    /** A network namespace lives by its processes, and by its mounts, which live by theirs. */
    left: () => namespaces.flatMap(([kind, namespace]) => processesIn(kind, namespace)),
  };
}

for (const { user, wrapper, skip } of users) {
  test(`as ${user}: the command's exit code is kept`, { skip }, async () => {
    assert.equal((await watchEntered(['sh', '-c', 'exit 7'], wrapper).exit).code, 7);
    assert.equal((await watchEntered(['sh', '-c', 'kill -KILL $$'], wrapper).exit).code, 128 + 9);
    assert.equal((await watchEntered(['/nowhere/nothing'], wrapper).exit).code, 127);
  });

  test(`as ${user}: inside there is loopback, and no interface else`, { skip }, async () => {
    const watched = watchEntered(['ip', '-brief', 'link'], wrapper);
    await watched.exit;
    assert.deepEqual(watched.output().match(/^\S+/gm), ['lo']);
  });

  test(`as ${user}: signals reach the command`, { skip }, async () => {
    const script = 'trap "echo stopped; exit 3" TERM; echo started; while :; do sleep 0.1; done';
    const watched = watchEntered(['sh', '-c', script], wrapper);
    await until('the command runs', () => watched.output().includes('started'));
    watched.child.kill('SIGTERM');
    assert.equal((await watched.exit).code, 3);
    assert.match(watched.output(), /stopped/);
  });

  const victims: [string, (held: { watched: Watched; initPid: number }) => number][] = [
    ['the program outside', ({ watched }) => watched.child.pid!],
    ['unshare', ({ initPid }) => parentOf(initPid)],
    ['process 1', ({ initPid }) => initPid],
    ['the supervisor', ({ initPid }) => childOf(initPid)],
  ];
  for (const [victim, pidOf] of victims) {
    test(`as ${user}: kill -9 of ${victim} leaves no process and no namespace`, { skip }, async () => {
      const held = await hold(wrapper);
      assert.ok(held.left().length > 8, 'the shell, the supervisor, the holder and a process in each place');
      process.kill(pidOf(held), 'SIGKILL');
      await until('everything is gone', () => held.left().length === 0);
      await held.watched.exit;
    });
  }

  test(`as ${user}: kill -9 of the command inside ends the run`, { skip }, async () => {
    const held = await hold(wrapper);
    const inside = childOf(childOf(held.initPid));
    process.kill(inside, 'SIGKILL');
    await until('everything is gone', () => held.left().length === 0);
    assert.equal((await held.watched.exit).code, 128 + 9);
  });

  test(`as ${user}: two labs with the same addresses stand side by side`, { skip }, async () => {
    const [one, other] = await Promise.all([hold(wrapper), hold(wrapper)]);
    assert.notEqual(namespaceOf(one.initPid, 'net'), namespaceOf(other.initPid, 'net'));
    one.watched.child.kill('SIGKILL');
    await until('the first is gone', () => one.left().length === 0);
    assert.ok(other.left().length > 8, 'the second stays');
    other.watched.child.kill('SIGKILL');
    await until('the second is gone', () => other.left().length === 0);
    await Promise.all([one.watched.exit, other.watched.exit]);
  });
}

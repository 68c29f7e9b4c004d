import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { asNobody, packageFile, until, type Watched, watch, withoutNobody } from './process.ts';

const program = packageFile('test/command.ts');
// The list of labs that are up is kept there: these tests have one of their own.
const folder = mkdtempSync(join(tmpdir(), 'pinhole-'));
chmodSync(folder, 0o1777);
after(() => rmSync(folder, { recursive: true }));
const env = { ...process.env, TMPDIR: folder };

const users = [
  { user: 'this user', wrapper: [], skip: false },
  { user: 'an ordinary user', wrapper: asNobody, skip: withoutNobody },
] as const;

for (const { user, wrapper, skip } of users) {
  const start = (name: string, options: unknown = {}): Watched => {
    const line = [...wrapper, process.execPath, program, name, JSON.stringify(options)];
    return watch(line[0]!, line.slice(1), { env });
  };
  const finish = async (name: string, options: unknown = {}) => {
    const watched = start(name, options);
    const { code } = await watched.exit;
    return { code, output: watched.output() };
  };

  test(`as ${user}: run builds, verifies, runs the command in the site and keeps its exit code`, {
    skip,
  }, async () => {
    const file = join(folder, 'lab.json');
    const sites = [
      {
        name: 'a',
        nat: 'apdm-apdf-sequential',
        link: { delayMs: 5 },
        path: { up: [{ routers: 2 }], down: [{ mpls: [16] }] },
      },
      { name: 'b', nat: ['eim-apdf', { unsolicited: 'rst', udpLifetimeMs: 2000 }] },
    ];
    writeFileSync(file, JSON.stringify({ sites }));
    const command = ['sh', '-c', 'ip -brief address show; exit 5'];
    const { code, output } = await finish('labRun', { file, place: 'b-nat', command });
    assert.match(output, /wan.* 100\.64\.2\.2\/24/);
    assert.equal(code, 5);
  });

  test(`as ${user}: exec runs in a place of a lab that is up, until Ctrl-C takes it down`, {
    skip,
  }, async () => {
    const up = start('labUp', { nat: ['a=eim-apdf', 'b=none'] });
    await until('the lab is up', () => up.output().includes('Ctrl-C') || up.child.exitCode !== null);
    const run = /^Lab (\d+) is up/.exec(up.output())![1]!;
    assert.match(up.output(), /a +eim-apdf +10\.1\.0\.2 +seen as 198\.51\.100\.2/);
    assert.match(
      (await finish('labList')).output,
      new RegExp(`^${run}  core server a-router a-nat a-host1`, 'm'),
    );

    const command = ['sh', '-c', 'pwd; ip -brief address show; exit 4'];
    const atHost = await finish('labExec', { run, place: 'a', command });
    assert.match(atHost.output, /eth0.*10\.1\.0\.2/);
    assert.ok(atHost.output.startsWith(`${process.cwd()}\n`), 'in the same folder');
    assert.equal(atHost.code, 4);
    assert.match((await finish('labExec', { run, place: 'a-nat', command })).output, /wan.*198\.51\.100\.2/);
    assert.match((await finish('labExec', { run, place: 'core', command })).output, /router-a/);
    const nowhere = await finish('labExec', { run, place: 'c', command });
    assert.deepEqual([nowhere.code, /There is no c in this lab/.test(nowhere.output)], [2, true]);

    up.child.kill('SIGINT');
    assert.equal((await up.exit).code, 0);
    assert.doesNotMatch((await finish('labList')).output, new RegExp(`^${run} `, 'm'));
  });

  test(`as ${user}: a lab killed with -9 is not listed any more`, { skip }, async () => {
    const up = start('labUp', { nat: ['a=none'] });
    await until('the lab is up', () => up.output().includes('Ctrl-C') || up.child.exitCode !== null);
    const run = /^Lab (\d+) is up/.exec(up.output())![1]!;
    up.child.kill('SIGKILL');
    await up.exit;
    await until('init is gone', () => {
      try {
        process.kill(Number(run), 0);
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ESRCH';
      }
    });
    const gone = await finish('labExec', { run, place: 'a', command: ['true'] });
    assert.equal(gone.code, 2);
    assert.match(gone.output, new RegExp(`No lab named ${run} is up`));
  });
}

test('a wrong description is a sentence and exit code 2', async () => {
  const watched = watch(process.execPath, [program, 'labUp', JSON.stringify({ nat: ['a=cone'] })]);
  assert.equal((await watched.exit).code, 2);
  assert.match(
    watched.output(),
    /^The lab's description is wrong: sites\.0\.nat: a NAT is one of none, [^\n]*\n$/,
  );
});

// The inner half of `pinhole lab up` and `pinhole lab run`: inside.ts TASK, an InsideTask as JSON.

import { readFileSync, rmSync } from 'node:fs';
import { natLabel } from '../description.ts';
import { initFile } from '../enter/unshare.ts';
import { exitCode } from '../execute.ts';
import { buildLab, type Lab } from '../lab.ts';
import { natKindNames } from '../nat/kinds.ts';
import { type InsideTask, reporting } from './commands.ts';
import { findPlace, type Run, runFilePath, writeRun } from './run-file.ts';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** For a column. */
const longestKind = Math.max(...natKindNames.map((name) => name.length));

const { description, task } = JSON.parse(process.argv[2]!) as InsideTask;
process.exitCode = await reporting(async () => {
  const lab = await buildLab(description);
  try {
    return await (task.kind === 'hold' ? hold(lab, task) : runCommand(lab, task));
  } finally {
    await lab.close();
  }
});

async function hold(
  lab: Lab,
  { runFolder, privilege }: InsideTask['task'] & { kind: 'hold' },
): Promise<number> {
  const ended = new Promise((resolve) => {
    for (const signal of endingSignals) process.once(signal, resolve);
  });
  const run = describeRun(lab, privilege);
  writeRun(runFolder, run);
  process.stdout.write(overview(lab, run.initPid));
  // A signal's listener alone does not keep the process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  await ended;
  clearInterval(alive);
  rmSync(runFilePath(runFolder, run.initPid), { force: true });
  return 0;
}

function runCommand(lab: Lab, task: InsideTask['task'] & { kind: 'run' }): Promise<number> {
  const { name } = findPlace(describeRun(lab, 'root'), task.place);
  const place = lab.places.find((each) => each.name === name)!;
  const [command, ...args] = task.command;
  return new Promise((resolve) => {
    // In this process's group, so that the terminal is the command's.
    const child = place.spawn(command!, args, { stdio: 'inherit', detached: false });
    for (const signal of endingSignals) {
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(127);
    });
    child.on('exit', (code, signal) => resolve(exitCode(code, signal)));
  });
}

function describeRun(lab: Lab, privilege: Run['privilege']): Run {
  return {
    initPid: Number(readFileSync(initFile, 'utf8')),
    privilege,
    places: lab.places.map(({ name, namespace }) => ({ name, namespace })),
  };
}

function overview(lab: Lab, run: number): string {
  const rows = [...lab.sites.values()].map(({ name, description: { nat }, hosts, publicAddress }) => {
    const inside = hosts.map(({ addresses }) => addresses.join(' ')).join(' ');
    return `  ${name.padEnd(8)}  ${natLabel(nat).padEnd(longestKind)}  ${inside}  seen as ${publicAddress}\n`;
  });
  return [
    `Lab ${run} is up; every NAT was measured and is what it is called.\n`,
    ...rows,
    `  server    ${lab.server.addresses.join(' ')}\n`,
    `Run a command in it:  pinhole lab exec ${run} PLACE -- COMMAND\n`,
    `Places: ${lab.places.map(({ name }) => name).join(', ')}\n`,
    'Ctrl-C takes it down.\n',
  ].join('');
}

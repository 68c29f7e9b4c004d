// Runs the command given as its arguments inside the private namespaces and ends with its exit code.
// Descriptor 3 is the pipe from the process outside: names of signals to pass on, a line each. Its end means that
// the process outside is gone, and that everything here is to go as well.

import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { exitCode } from '../execute.ts';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('the supervisor needs a command');

const pipe = new Socket({ fd: 3 });
pipe.on('error', () => process.exit(1));
pipe.on('close', () => process.exit(1));

const child = spawn(command, args, { stdio: 'inherit' });
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(exitCode(code, signal)));

createInterface({ input: pipe }).on('line', (name) => {
  if (name in constants.signals) child.kill(name as NodeJS.Signals);
});
// Signals from a terminal reach the command by themselves; the supervisor outlives them to report how it ended.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

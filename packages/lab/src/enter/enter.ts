// Runs a command in namespaces of its own, so that two runs stand side by side and nothing outlives a run.
//
//   this process ── unshare ── shell (process 1 inside) ── supervisor ── the command
//        └────────────────────── pipe ────────────────────────┘
//
// The command's end ends the supervisor and with it the shell, and with process 1 the kernel ends everything
// inside. This process's death, even by SIGKILL, closes the pipe, at which the supervisor ends; unshare's death
// kills the shell by its --kill-child.

import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';
import { exitCode, labEnvironment } from '../execute.ts';
import { labAvailable } from './available.ts';
import { unshareCommand } from './unshare.ts';

const supervisorProgram = fileURLToPath(new URL('./supervisor.ts', import.meta.url));

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs `argv` inside new namespaces, with this process's standard input and output, and resolves with its exit
 * code (128 + number for a signal). Signals to this process are passed on. Inside, `ip netns` works, there is a
 * loopback interface and nothing else. Throws LabError `lab-unavailable`.
 */
export async function enterPrivateNamespaces(argv: readonly string[]): Promise<number> {
  const availability = await labAvailable();
  if (!availability.available) throw new LabError('lab-unavailable', availability.reason);
  const [command, args] = unshareCommand(availability.how, [process.execPath, supervisorProgram, ...argv]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: labEnvironment(),
    });
    const pipe = child.stdio[3] as Duplex;
    // The inside may end before a signal's name is written to it.
    pipe.on('error', () => {});
    const forward = (signal: NodeJS.Signals) => {
      // A terminal sends these to the whole process group itself.
      if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
      pipe.write(`${signal}\n`);
    };
    for (const signal of forwardedSignals) process.on(signal, forward);
    const stop = () => {
      for (const signal of forwardedSignals) process.off(signal, forward);
      pipe.destroy();
    };
    child.on('error', (error) => {
      stop();
      reject(new LabError('lab-unavailable', `The lab cannot start: ${error.message}.`, { cause: error }));
    });
    child.on('exit', (code, signal) => {
      stop();
      resolve(exitCode(code, signal));
    });
  });
}

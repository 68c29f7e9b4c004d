// Runs a command to its end and keeps what it said.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface ExecuteOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The command and its descendants are killed after this. */
  readonly timeoutMs: number;
}

export interface Execution {
  /** The exit code; 128 + the signal's number when a signal ended it; 127 when it could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects: a command that cannot be started is one that failed. */
export function execute(
  command: string,
  args: readonly string[],
  { input, env, timeoutMs }: ExecuteOptions,
): Promise<Execution> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, env: env ?? labEnvironment() });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    const timer = setTimeout(() => killGroup(child.pid), timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout: output.stdout, stderr: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: exitCode(code, signal), ...output });
    });
    // A command that does not read its input ends before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

/** The shell's convention for the way a process ended. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Kills a process that was started detached, with everything in its process group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** This process's environment, with a PATH on which an ordinary user finds `ip` and `nft` too. */
export function labEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`, ...extra };
}

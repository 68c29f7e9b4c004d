// The programs of a demo: started, watched, and stopped again.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';
import { execute, labEnvironment } from '../execute.ts';
import type { Place } from '../place.ts';

export interface Programs {
  /** Runs `pinhole ARGS…` in a place, or on this machine. Its log goes to a file of its own. */
  start(name: string, place: Place | null, args: readonly string[], env?: NodeJS.ProcessEnv): void;
  /** Asks all to end, and waits for it. */
  stop(): Promise<void>;
  /** Rejects with LabError as soon as a program ends that was not asked to. */
  readonly failed: Promise<never>;
}

export const executable = fileURLToPath(new URL('../../../../bin/pinhole', import.meta.url));
/** What of a dead program's log is shown. */
const lastLines = 5;

export function startPrograms(folder: string, signal: AbortSignal): Programs {
  const running = new Set<ChildProcess>();
  const failure = Promise.withResolvers<never>();
  // Whoever waits for something races it against this; nobody may be waiting just now.
  failure.promise.catch(() => undefined);
  let stopping = false;
  return {
    failed: failure.promise,
    start(name, place, args, env = {}) {
      const file = `${folder}/${name}.log`;
      const options = {
        stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      };
      const line = [...args, '--log-format', 'json'];
      const child =
        place === null
          ? spawn(executable, line, { ...options, detached: true })
          : place.spawn(executable, line, options);
      running.add(child);
      const log = createWriteStream(file);
      child.stdout?.pipe(log, { end: false });
      child.stderr?.pipe(log, { end: false });
      child.on('error', (error) =>
        failure.reject(new LabError('program-failed', `${name} cannot be started: ${error.message}`)),
      );
      child.on('exit', (code) => {
        running.delete(child);
        if (stopping || signal.aborted) return;
        log.end(() => {
          const said = readFileSync(file, 'utf8').trim().split('\n').slice(-lastLines).join('\n');
          failure.reject(new LabError('program-failed', `${name} ended with exit code ${code}:\n${said}`));
        });
      });
    },
    async stop() {
      stopping = true;
      await Promise.all(
        [...running].map((child) => {
          const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
          child.kill('SIGTERM');
          return gone;
        }),
      );
    },
  };
}

const compileLimitMs = 60_000;

/**
 * All programs are of one source, and Node.js needs half of its time to start for what it makes of it: the environment in
 * which they find that done.
 */
export async function compileCache(folder: string): Promise<NodeJS.ProcessEnv> {
  const env = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? `${folder}/compile-cache` };
  // It is written when a program ends; one that starts without it would spend that time twice.
  await execute(executable, ['--version'], { env: labEnvironment(env), timeoutMs: compileLimitMs });
  return env;
}

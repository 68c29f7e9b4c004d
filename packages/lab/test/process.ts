// Starting, watching and ending the processes of the lab's own tests.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Far beyond what anything here takes. */
export const patienceMs = 60_000;

/** Resolves once the condition holds; rejects after patienceMs. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
    await delay(20);
  }
}

export interface Watched {
  readonly child: ChildProcess;
  output(): string;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts a program of which standard output and error are kept. */
export function watch(command: string, args: readonly string[], options: SpawnOptions = {}): Watched {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, output: () => output, exit };
}

/** Runs a command through enter-main.ts. `wrapper` comes before all of it. */
export function watchEntered(argv: readonly string[], wrapper: readonly string[] = []): Watched {
  const [command, ...args] = [...wrapper, process.execPath, packageFile('src/enter-main.ts'), ...argv];
  return watch(command!, args);
}

/** Runs a command as the user nobody. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Why asNobody does not work here, or false. */
export const withoutNobody =
  /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')) && process.getuid?.() === 0
    ? false
    : 'needs root outside of a user namespace';

/** The processes, here and in namespaces below, whose namespace of this kind is the given one. */
export function processesIn(kind: 'mnt' | 'net' | 'pid', namespace: string): number[] {
  return processes().filter((pid) => namespaceOf(pid, kind) === namespace);
}

export function namespaceOf(pid: number, kind: 'mnt' | 'net' | 'pid'): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return null;
  }
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

/** The one child of a process that has one. */
export function childOf(pid: number): number {
  const child = processes().find((each) => {
    try {
      return parentOf(each) === pid;
    } catch {
      return false;
    }
  });
  if (child === undefined) throw new Error(`process ${pid} has no child`);
  return child;
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

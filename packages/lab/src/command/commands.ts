// What `pinhole lab` does. Each command takes its parsed options, uses this process's standard input and output,
// and resolves with the exit code: 2, with a sentence on standard error, where the lab itself fails.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LabDescription, parseDescription, parseSite } from '../description.ts';
import { labAvailable } from '../enter/available.ts';
import { enterPrivateNamespaces } from '../enter/enter.ts';
import type { Privilege } from '../enter/unshare.ts';
import { LabError } from '../error.ts';
import { exitCode, labEnvironment } from '../execute.ts';
import { findPlace, findRun, listRuns, runFolder } from './run-file.ts';

/** Either a JSON file that holds a description, or sites as in `a=eim-apdf`. */
export interface DescriptionOptions {
  readonly file?: string;
  readonly nat?: readonly string[];
}

/** What the process inside is told: its one argument, as JSON. */
export interface InsideTask {
  readonly description: LabDescription;
  readonly task:
    | { readonly kind: 'hold'; readonly runFolder: string; readonly privilege: Privilege }
    /** `place` as findPlace takes it. */
    | { readonly kind: 'run'; readonly place: string; readonly command: readonly string[] };
}

/** `pinhole lab up`: builds and verifies a lab, says where everything is, and holds it until a signal. */
export function labUp(options: DescriptionOptions): Promise<number> {
  return reporting(async () => {
    const description = readDescription(options);
    const availability = await labAvailable();
    if (!availability.available) throw new LabError('lab-unavailable', availability.reason);
    const privilege = availability.how;
    return runInside({ description, task: { kind: 'hold', runFolder: runFolder(), privilege } });
  });
}

/** `pinhole lab run`: builds and verifies a lab, runs the command in a place, and takes the lab down. */
export function labRun(
  options: DescriptionOptions & { readonly place: string; readonly command: readonly string[] },
): Promise<number> {
  return reporting(async () => {
    const { place, command } = options;
    return runInside({ description: readDescription(options), task: { kind: 'run', place, command } });
  });
}

/** `pinhole lab exec`: runs a command in a place of a lab that is up. */
export function labExec(options: {
  readonly run: string;
  readonly place: string;
  readonly command: readonly string[];
}): Promise<number> {
  return reporting(async () => {
    const run = findRun(runFolder(), options.run);
    const { namespace } = findPlace(run, options.place);
    const user = run.privilege === 'user-namespace' ? ['--user', '--preserve-credentials'] : [];
    const enterRun = ['--target', String(run.initPid), ...user, '--mount', '--net', '--pid', '--'];
    const enterPlace = namespace === null ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
    // Another mount namespace starts at its root.
    const here = ['sh', '-c', 'cd "$0" && exec "$@"', process.cwd()];
    const args = [...enterRun, ...here, ...enterPlace, ...options.command];
    return new Promise<number>((resolve, reject) => {
      const child = spawn('nsenter', args, { stdio: 'inherit', env: labEnvironment() });
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(exitCode(code, signal)));
    });
  });
}

/** `pinhole lab list`: the labs of this user that are up. */
export function labList(): Promise<number> {
  return reporting(async () => {
    for (const { initPid, places } of listRuns(runFolder())) {
      process.stdout.write(`${initPid}  ${places.map(({ name }) => name).join(' ')}\n`);
    }
    return 0;
  });
}

/** Throws LabError `bad-description`. */
export function readDescription({ file, nat = [] }: DescriptionOptions): LabDescription {
  if (file === undefined) return parseDescription({ sites: nat.map(parseSite) });
  if (nat.length > 0) {
    throw new LabError('bad-description', 'A lab is described by a file or by its sites, not by both.');
  }
  try {
    return parseDescription(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('bad-description', `Cannot read ${file}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

const insideProgram = fileURLToPath(new URL('./inside.ts', import.meta.url));

function runInside(task: InsideTask): Promise<number> {
  return enterPrivateNamespaces([process.execPath, insideProgram, JSON.stringify(task)]);
}

/** LabErrors are for the person at the terminal; anything else is a fault of the program. */
export async function reporting(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

// The labs that are up, a file each, so that a command can be run in one from another terminal.

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Privilege } from '../enter/unshare.ts';
import { LabError } from '../error.ts';

const runSchema = z.object({
  /** The id, outside, of the process whose namespaces they are. Names the run. */
  initPid: z.int().positive(),
  privilege: z.enum(['root', 'user-namespace'] satisfies Privilege[]),
  places: z.array(z.object({ name: z.string(), namespace: z.string().nullable() })),
});

export type Run = z.infer<typeof runSchema>;

/** The user's own. To be asked for outside: inside, every user is root. */
export function runFolder(): string {
  return join(tmpdir(), `pinhole-lab-${userInfo().uid}`);
}

export function runFilePath(folder: string, initPid: number): string {
  return join(folder, `${initPid}.json`);
}

export function writeRun(folder: string, run: Run): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwner(folder);
  writeFileSync(runFilePath(folder, run.initPid), JSON.stringify(run), { mode: 0o600 });
}

/** The runs that are up, oldest first. Removes the files of those that are not. */
export function listRuns(folder: string): Run[] {
  checkOwner(folder);
  return runFiles(folder).flatMap((path) => {
    const run = readRun(path);
    if (run !== null && isInit(run.initPid)) return [run];
    rmSync(path, { force: true });
    return [];
  });
}

/** The folder for temporary files is everyone's: another user may have made ours. */
function checkOwner(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined || (found.isDirectory() && found.uid === process.getuid?.())) return;
  throw new LabError('run-not-found', `${folder} belongs to another user: remove it.`);
}

/** Throws LabError `run-not-found`. */
export function findRun(folder: string, name: string): Run {
  const runs = listRuns(folder);
  const run = runs.find(({ initPid }) => String(initPid) === name);
  if (run !== undefined) return run;
  const up = runs.length === 0 ? 'none is' : `these are: ${runs.map(({ initPid }) => initPid).join(', ')}`;
  throw new LabError('run-not-found', `No lab named ${name} is up; ${up}.`);
}

/** By a place's name, or by a site's for its first host. Throws LabError `run-not-found`. */
export function findPlace(run: Run, name: string): Run['places'][number] {
  const place =
    run.places.find((each) => each.name === name) ?? run.places.find((each) => each.name === `${name}-host1`);
  if (place !== undefined) return place;
  const names = run.places.map((each) => each.name).join(', ');
  throw new LabError('run-not-found', `There is no ${name} in this lab, but these are: ${names}.`);
}

function runFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readRun(path: string): Run | null {
  try {
    return runSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Not only alive, since the number may have gone to another process. */
function isInit(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/enter/supervisor.ts');
  } catch {
    return false;
  }
}

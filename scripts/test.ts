// `npm test`: the quick checks, the tests of each package, and those that need the kernel lab.

import { spawn, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { labAvailable } from '@pinhole/lab';

interface Command {
  readonly name: string;
  readonly line: readonly string[];
}

const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;
const labFiles = globSync('packages/*/test/**/*.lab.test.ts').sort();
const files = globSync('packages/*/{src,test,fuzz}/**/*.test.ts')
  .filter((file) => !labFiles.includes(file) && !file.endsWith('interop.test.ts'))
  .sort();
/** Lab tests wait far more than they work. */
const labsAtOnce = 3;

// Hundreds of processes run the same sources.
const compileCache = mkdtempSync(path.join(tmpdir(), 'pinhole-compile-cache-'));
process.env.NODE_COMPILE_CACHE = compileCache;
process.on('exit', () => rmSync(compileCache, { recursive: true, force: true }));
// A program writes what it has compiled when it ends by itself; those of the lab are killed.
spawnSync('bin/pinhole', ['--version']);

const startedAtMs = performance.now();
const failed: string[] = [];
await run({ name: 'checks', line: [...node, 'scripts/check.ts'] });
if (failed.length === 0) await runTests();
process.stdout.write(
  `${failed.length === 0 ? 'Passed' : `Failed: ${failed.join(', ')}`} (${secondsSince(startedAtMs)} s)\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function runTests(): Promise<void> {
  const simulated = files.filter((file) => file.endsWith('.sim.test.ts'));
  const own = longestFirst(
    files.filter((file) => !simulated.includes(file)),
    ['programs', 'hostile', 'session.'],
  );
  // The simulator only computes; the others have moments to hit, and come first.
  const computing = run({
    name: 'tests on the simulator',
    line: ['nice', '-n', '19', ...testing(simulated)],
  });
  await run({ name: 'tests of each package', line: testing(own) });
  const lab = await labAvailable();
  if (lab.available) await runLabs();
  else process.stdout.write(`Skipped the tests that need the kernel lab: ${lab.reason}\n`);
  await computing;
  // Where nobody looks, a test that did not run is one that failed.
  if (!lab.available && process.env.CI === 'true') failed.push('tests in the kernel lab');
}

async function runLabs(): Promise<void> {
  // Dozens of agents, or a browser, keep the machine busy by themselves; others have moments to hit to 5 ms.
  const isCrowded = (file: string) => /(^|\/)(page\/|matrix)[^/]*$/.test(file);
  const others = labFiles.filter((file) => !isCrowded(file));
  const labs = longestFirst(others, ['schedule', 'tcp', 'compatibility', 'outages']).map(inLab).values();
  const work = async () => {
    for (const each of labs) await run(each);
  };
  await Promise.all(Array.from({ length: labsAtOnce }, work));
  for (const file of labFiles.filter(isCrowded)) await run(inLab(file));
}

function testing(some: readonly string[]): string[] {
  return [...node, '--test', '--test-concurrency=2', '--test-reporter=spec', ...some];
}

/** In namespaces of its own, which hold one lab at a time. */
function inLab(file: string): Command {
  return { name: file, line: [...node, 'packages/lab/src/enter-main.ts', ...testing([file])] };
}

function longestFirst(all: readonly string[], long: readonly string[]): string[] {
  const rank = (file: string) => {
    const at = long.findIndex((each) => path.basename(file).includes(each));
    return at < 0 ? long.length : at;
  };
  return all.toSorted((a, b) => rank(a) - rank(b));
}

/** Its output in one piece, when it has ended, and how long it took. */
function run({ name, line: [program = '', ...args] }: Command): Promise<void> {
  const since = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => output.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) failed.push(name);
      const end = `── ${name}: ${code === 0 ? 'passed' : 'failed'} (${secondsSince(since)} s)\n\n`;
      process.stdout.write(Buffer.concat([...output, Buffer.from(end)]));
      resolve();
    });
  });
}

function secondsSince(atMs: number): string {
  return ((performance.now() - atMs) / 1000).toFixed(0);
}

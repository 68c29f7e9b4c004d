// `npm test`: the quick checks, the tests of each package, and those that need the kernel lab.

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { labAvailable } from '@pinhole/lab';

const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;
const labTests = globSync('packages/*/test/**/*.lab.test.ts').sort();
const tests = globSync('packages/*/{src,test,fuzz}/**/*.test.ts')
  .filter((file) => !labTests.includes(file) && !file.endsWith('interop.test.ts'))
  .sort();
/** Lab tests wait far more than they work: with three at a time two cores are busy. */
const labsAtOnce = 3;

// Hundreds of processes run the same sources.
const compileCache = mkdtempSync(path.join(tmpdir(), 'pinhole-compile-cache-'));
process.env.NODE_COMPILE_CACHE = compileCache;
process.on('exit', () => rmSync(compileCache, { recursive: true, force: true }));

let failed = false;
await stage('Checks', [[...node, 'scripts/check.ts']], 1);
await stage('Tests', [[...node, '--test', '--test-concurrency=3', '--test-reporter=spec', ...tests]], 1);
const lab = await labAvailable();
if (lab.available) {
  // Each file in namespaces of its own, which hold one lab at a time.
  const enter = [...node, 'packages/lab/src/enter-main.ts', ...node, '--test', '--test-reporter=spec'];
  const asCommands = (files: readonly string[]) => files.map((file) => [...enter, file]);
  // Dozens of agents keep the machine busy by themselves, and have moments to hit.
  const isCrowded = (file: string) => /matrix/.test(file);
  const [crowded, others] = [labTests.filter(isCrowded), labTests.filter((file) => !isCrowded(file))];
  await stage('Each kind of NAT', asCommands(crowded), 1);
  // The longest first.
  const isLong = (file: string) => /cli|schedule|udp/.test(file);
  const ordered = others.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)));
  await stage('Tests in the kernel lab', asCommands(ordered), labsAtOnce);
} else {
  process.stdout.write(`\nSkipped the tests that need the kernel lab: ${lab.reason}\n`);
  // Where nobody looks, a test that did not run is one that failed.
  if (process.env.CI === 'true') failed = true;
}
process.exitCode = failed ? 1 : 0;

/** Runs the commands, some at once, each one's output in one piece; ends the process when one has failed. */
async function stage(name: string, commands: readonly (readonly string[])[], atOnce: number): Promise<void> {
  process.stdout.write(`\n── ${name}\n`);
  const startedAtMs = performance.now();
  const waiting = [...commands];
  const codes: number[] = [];
  const work = async () => {
    for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
      codes.push(await run(command, atOnce === 1));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  process.stdout.write(`── ${name}: ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s\n`);
  if (codes.some((code) => code !== 0)) {
    process.stdout.write(`\n${name}: failed\n`);
    process.exit(1);
  }
}

function run([program = '', ...args]: readonly string[], alone: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', alone ? 'inherit' : 'pipe', alone ? 'inherit' : 'pipe'],
    });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => output.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

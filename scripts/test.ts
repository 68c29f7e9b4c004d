// `npm test`: the quick checks, the tests of each package, and those that need the kernel lab.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { labAvailable } from '@pinhole/lab';

const node = process.execPath;
const quiet = '--disable-warning=ExperimentalWarning';
/** The lab's namespaces hold one lab at a time. */
const labTests = globSync('packages/*/test/**/*.lab.test.ts').sort();
const tests = globSync('packages/*/{src,test,fuzz}/**/*.test.ts')
  .filter((file) => !labTests.includes(file) && !file.endsWith('interop.test.ts'))
  .sort();

stage('Checks', [quiet, 'scripts/check.ts']);
stage('Tests', [quiet, '--test', '--test-reporter=spec', ...tests]);

const lab = await labAvailable();
if (lab.available) {
  stage('Tests in the kernel lab', [
    quiet,
    'packages/lab/src/enter-main.ts',
    node,
    quiet,
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=1',
    ...labTests,
  ]);
} else {
  process.stdout.write(`\nSkipped the tests that need the kernel lab: ${lab.reason}\n`);
  // Where nobody looks, a test that did not run is one that failed.
  if (process.env.CI === 'true') process.exitCode = 1;
}

function stage(name: string, args: readonly string[]): void {
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(node, args, { stdio: 'inherit' });
  if (status !== 0) {
    process.stdout.write(`\n${name}: failed\n`);
    process.exit(1);
  }
}

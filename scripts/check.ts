// The quick checks: formatting and lint, types, and the structure's rules.

import { spawnSync } from 'node:child_process';
import { checkStructure } from './structure.ts';

const biome = run('biome', 'check', '--error-on-warnings', '.');
const types = run('tsc', '--project', '.');
// The page runs in a browser: other types, and JSX.
const pageTypes = run('tsc', '--project', 'packages/web');
const faults = checkStructure();
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = biome && types && pageTypes && faults.length === 0 ? 0 : 1;

function run(program: string, ...args: string[]): boolean {
  return spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' }).status === 0;
}

// Which package may know which, and what only packages/net may ask of the machine.

import { globSync, readFileSync } from 'node:fs';

/** Programs know what is below them and never each other; the command line puts them together. */
const mayKnow: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  contract: [],
  net: ['wire'],
  nat: ['wire', 'net'],
  measure: ['wire', 'net'],
  traversal: ['wire', 'net', 'nat', 'measure', 'contract'],
  agent: ['wire', 'net', 'nat', 'measure', 'contract'],
  collector: ['wire', 'net', 'nat', 'measure', 'contract'],
  lab: ['wire', 'net', 'contract'],
  cli: ['wire', 'net', 'nat', 'measure', 'contract', 'traversal', 'agent', 'collector', 'lab'],
  web: ['contract'],
};

/** Clock, randomness and network come in as arguments, so that the simulator can give its own. */
const onlyInNet =
  /\b(Date\.now|new Date\(\)|setTimeout|setInterval|Math\.random|process\.hrtime|performance\.now)\b|from 'node:(net|dgram|timers\/promises)'/;
/** These deal with processes, a person's terminal or browser, not with time and network that could be simulated. */
const mayAskTheMachine = new Set(['net', 'lab', 'cli', 'web']);

/** Sentences about what breaks the rules; empty where nothing does. */
export function checkStructure(): string[] {
  const faults: string[] = [];
  for (const file of globSync('packages/*/{src,test,fuzz,bench}/**/*.{ts,tsx}')) {
    const [, name = '', folder] = file.split('/');
    const allowed = mayKnow[name];
    if (allowed === undefined) {
      faults.push(`${file}: scripts/structure.ts does not know the package ${name}`);
      continue;
    }
    const isTest = folder !== 'src' || file.endsWith('.test.ts');
    readFileSync(file, 'utf8')
      .split('\n')
      .forEach((line, i) => {
        const at = `${file}:${i + 1}`;
        const imported = /from '@pinhole\/([a-z]+)/.exec(line)?.[1];
        if (imported !== undefined && imported !== name && !allowed.includes(imported))
          faults.push(`${at}: ${name} must not know ${imported}`);
        if (/from '(\.\.\/)+packages\//.test(line) || /from '(\.\.\/){2,}[a-z]+\/src/.test(line))
          faults.push(`${at}: packages are imported by name`);
        if (!isTest && !mayAskTheMachine.has(name) && onlyInNet.test(codeOf(line)))
          faults.push(`${at}: only packages/net asks the machine for this`);
      });
  }
  return faults;
}

/** The line without comments; a type that is imported asks nothing of anyone. */
function codeOf(line: string): string {
  return line.startsWith('import type') ? '' : line.replace(/\/\/.*|^\s*\*.*/, '');
}

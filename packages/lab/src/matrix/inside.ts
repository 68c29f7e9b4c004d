// `pinhole lab matrix`: the inner half, which lives in the lab's core. The matrix goes to standard output, each cell as
// it ends to standard error.

import { writeFileSync } from 'node:fs';
import { reporting } from '../command/commands.ts';
import { matrixCells, repetitions } from './cells.ts';
import type { MatrixTask } from './command.ts';
import { matrixPage } from './html.ts';
import { isAsExpected, resultLine } from './outcome.ts';
import { runMatrix } from './run.ts';
import { matrixText } from './text.ts';
import { isLate } from './timing.ts';

const { kinds, protocols, htmlFile } = JSON.parse(process.argv[2]!) as MatrixTask;
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());

process.exitCode = await reporting(async () => {
  const cells = [...matrixCells(kinds, protocols), ...repetitions(kinds, protocols)];
  say(`${cells.length} tests; starting the lab and an agent for each kind …`);
  let ended = 0;
  const onResult = (result: Parameters<typeof resultLine>[0]) => {
    const place = result.wasLate === true ? 'again' : `${String(++ended).padStart(4)}/${cells.length}`;
    say(`${place}  ${resultLine(result)}`);
  };
  try {
    const results = await runMatrix({ cells, onResult, isLate, signal: ending.signal });
    process.stdout.write(`${matrixText(results)}\n`);
    if (htmlFile !== null) writeFileSync(htmlFile, matrixPage(results));
    return results.every(isAsExpected) ? 0 : 1;
  } catch (error) {
    if (ending.signal.aborted) return 130;
    throw error;
  }
});

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// The matrix for the terminal: a row for each source, a column for each target, named by its number. Pure.

import type { Protocol } from '@pinhole/contract';
import { type NatKind, natKindNames } from '../nat/kinds.ts';
import { expectedOf } from './cells.ts';
import { type CellResult, isAsExpected, outcomeWords, resultLine } from './outcome.ts';

/** `p1.9` and a mark. */
const columnWidth = 6;

/** The grids of all protocols, what their letters mean, and each cell that is not as expected. */
export function matrixText(results: readonly CellResult[]): string {
  const letters = lettersOf(results);
  const grids = [...Map.groupBy(results, ({ cell }) => cell.protocol)].map(([protocol, own]) =>
    grid(protocol, own, letters),
  );
  return [...grids, legend(letters), summary(results)].join('\n\n');
}

/** The kinds that the results are about, in the lab's order. */
export function kindsOf(results: readonly CellResult[]): NatKind[] {
  return natKindNames.filter((kind) =>
    results.some(({ cell }) => cell.source === kind || cell.target === kind),
  );
}

function grid(
  protocol: Protocol,
  results: readonly CellResult[],
  letters: ReadonlyMap<string, string>,
): string {
  const kinds = kindsOf(results);
  const nameWidth = Math.max(...kinds.map((kind) => kind.length)) + 4;
  const numbers = kinds.map((_, index) => String(index + 1).padStart(columnWidth)).join('');
  const rows = kinds.map((source, index) => {
    const name = `${String(index + 1).padStart(2)} ${source}`.padEnd(nameWidth);
    const columns = kinds.map((target) => {
      const found = results.find(({ cell }) => cell.source === source && cell.target === target);
      return (found === undefined ? '' : shortForm(found, letters)).padStart(columnWidth);
    });
    return `${name}${columns.join('')}`.trimEnd();
  });
  return [
    `Over ${protocol.toUpperCase()}: source in the row, target in the column`,
    '',
    ' '.repeat(nameWidth) + numbers,
    ...rows,
  ].join('\n');
}

/** How it ended, after how many seconds; `!` where something else was expected. */
function shortForm(result: CellResult, letters: ReadonlyMap<string, string>): string {
  const mark = isAsExpected(result) ? '' : '!';
  return `${mark}${letters.get(outcomeWords(result.outcome))}${(result.afterMs / 1000).toFixed(1)}`;
}

/** d for direct, p for punched; capitals, from A on, for the sentences of errors. */
function lettersOf(results: readonly CellResult[]): Map<string, string> {
  const words = [...new Set(results.map(({ outcome }) => outcomeWords(outcome)))].sort();
  const sentences = words.filter((each) => each !== 'direct' && each !== 'punched');
  return new Map([
    ['direct', 'd'],
    ['punched', 'p'],
    ...sentences.map((each, index): [string, string] => [each, String.fromCharCode(65 + index)]),
  ]);
}

function legend(letters: ReadonlyMap<string, string>): string {
  const lines = [...letters].map(([words, letter]) => `  ${letter}  ${words}`);
  return [
    ...lines,
    '     and the seconds to the first result, measuring included, to about half a second; ! is not as expected',
  ].join('\n');
}

/** How many cells there are of each sort, and every one that differs, with what was seen. */
export function summary(results: readonly CellResult[]): string {
  const different = results.filter((result) => !isAsExpected(result));
  const connected = results.filter(({ outcome }) => outcome.kind === 'connected').length;
  const notYet = results.filter(({ cell }) => {
    const expectation = expectedOf(cell);
    return expectation.kind === 'fails' && expectation.notYet !== null;
  }).length;
  const counts = `${results.length} pairs: ${connected} connected; ${notYet} wait for port prediction or a birthday search; ${different.length} not as expected`;
  return [
    `${counts}${different.length === 0 ? '.' : ':'}`,
    ...different.map((each) => `  ${resultLine(each)}`),
  ].join('\n');
}

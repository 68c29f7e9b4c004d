// The matrix for the terminal: a row for each source, a column for each target, named by its number. Pure.

import { connectionMethodSchema, type Protocol } from '@pinhole/contract';
import { type NatKind, natKindNames } from '../nat/kinds.ts';
import { expectedOf } from './cells.ts';
import { expectedWords } from './expected.ts';
import { type CellResult, isAsExpected, outcomeWords, resultLine } from './outcome.ts';
import { timesText } from './timing.ts';

/** `!p0.08/2.1` and a space. */
const columnWidth = 11;

/** The grids of all protocols, what their letters mean, each cell that is not as expected, and the times. */
export function matrixText(results: readonly CellResult[]): string {
  const letters = lettersOf(results);
  const grids = [...Map.groupBy(results, ({ cell }) => cell.protocol)].map(([protocol, own]) =>
    grid(protocol, own, letters),
  );
  return [...grids, legend(letters), summary(results), timesText(results)].join('\n\n');
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
      // Of a pair that is there several times, the first.
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
  const { outcome, afterMs } = result;
  const mark = isAsExpected(result) ? '' : '!';
  const connectMs = outcome.kind === 'connected' ? outcome.connectMs : null;
  const connect = connectMs === null ? '' : `${(connectMs / 1000).toFixed(2)}/`;
  return `${mark}${letters.get(outcomeWords(outcome))}${connect}${(afterMs / 1000).toFixed(1)}`;
}

const methodLetters = { direct: 'd', punched: 'p', predicted: 'r', searched: 's' } as const;

/** A small letter for each method; capitals, from A on, for the sentences of errors. */
function lettersOf(results: readonly CellResult[]): Map<string, string> {
  const sentences = new Set(
    results.flatMap(({ outcome }) => (outcome.kind === 'failed' ? [outcome.sentence] : [])),
  );
  return new Map([
    ...connectionMethodSchema.options.map((method): [string, string] => [method, methodLetters[method]]),
    ...[...sentences].sort().map((each, index): [string, string] => [each, String.fromCharCode(65 + index)]),
  ]);
}

function legend(letters: ReadonlyMap<string, string>): string {
  const lines = [...letters].map(([words, letter]) => `  ${letter}  ${words}`);
  return [
    ...lines,
    '     then the seconds from when the source knew where its target is to the connection / from asking for the',
    '     test to its result, measuring included, to about half a second; or to the error; ! is not as expected',
  ].join('\n');
}

/** How many cells there are of each sort, and every one that differs, with what was seen. */
export function summary(results: readonly CellResult[]): string {
  const different = results.filter((result) => !isAsExpected(result));
  const methods = connectionMethodSchema.options.map((method) => {
    const count = results.filter(({ outcome }) => outcomeWords(outcome) === method).length;
    return `${count} ${method}`;
  });
  const failed = results.filter(({ outcome }) => outcome.kind === 'failed').length;
  const counts = `${results.length} tests: ${methods.join(', ')}, ${failed} failed; ${different.length} not as expected`;
  if (different.length === 0) return `${counts}.`;
  const sorts = Map.groupBy(
    different,
    ({ cell, outcome }) => `${expectedWords(expectedOf(cell))[0]} expected, came to ${outcomeWords(outcome)}`,
  );
  return [
    `${counts}:`,
    ...[...sorts].flatMap(([sort, own]) => [
      `  ${own.length} × ${sort}:`,
      ...own.map((each) => `    ${resultLine(each)}`),
    ]),
  ].join('\n');
}

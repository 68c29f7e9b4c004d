// The matrix as a page that needs nothing else. Colour only repeats what the words say. Pure.

import type { Protocol } from '@pinhole/contract';
import { type Cell, expectedOf } from './cells.ts';
import { expectedWords } from './expected.ts';
import { type CellResult, isAsExpected, resultLine, timedWords } from './outcome.ts';
import { kindsOf, summary } from './text.ts';
import { timesText } from './timing.ts';

export function matrixPage(results: readonly CellResult[]): string {
  const grids = [...Map.groupBy(results, ({ cell }) => cell.protocol)].map(([protocol, own]) =>
    grid(protocol, own),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pinhole: pairs of NATs</title>
<style>${style}</style>
</head>
<body>
<h1>Pairs of NATs</h1>
<p>How an agent behind the NAT of the row reached one behind the NAT of the column, how long that took from when it knew
where the other one is, and how long it took from asking for the test to its result, measuring included. An empty cell
is the same pair the other way round.</p>
<pre>${escaped(summary(results))}

${escaped(timesText(results))}</pre>
${grids.join('\n')}
</body>
</html>
`;
}

const style = `
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #111; background: #fff; }
.scroll { overflow: auto; max-height: 90vh; border: 1px solid #999; }
table { border-collapse: separate; border-spacing: 0; font-size: 12px; }
th, td { border: 0 solid #bbb; border-width: 0 1px 1px 0; padding: 3px 6px; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: #eee; z-index: 1; min-width: 6.5em; }
tbody th { position: sticky; left: 0; background: #eee; white-space: nowrap; }
thead th:first-child { left: 0; z-index: 2; }
.direct, .punched { background: #e6f4e6; }
.predicted, .searched { background: #e2eefb; }
.different { background: #ffdede; outline: 3px solid #a00; outline-offset: -3px; font-weight: bold; }
pre { white-space: pre-wrap; }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #181818; }
  thead th, tbody th { background: #2a2a2a; }
  .direct, .punched { background: #1d3a1f; } .predicted, .searched { background: #1b3350; }
  .different { background: #5a1f1f; }
}
`;

function grid(protocol: Protocol, results: readonly CellResult[]): string {
  const kinds = kindsOf(results);
  // Of a pair that is there several times, the first.
  const byPair = new Map(results.toReversed().map((result) => [pairOf(result.cell), result]));
  const head = kinds.map((kind) => `<th scope="col">${kind}</th>`).join('');
  const rows = kinds.map((source) => {
    const columns = kinds.map((target) => column(byPair.get(pairOf({ source, target }))));
    return `<tr><th scope="row">${source}</th>${columns.join('')}</tr>`;
  });
  return `<h2>Over ${protocol.toUpperCase()}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Pairs over ${protocol.toUpperCase()}"><table>
<thead><tr><th scope="col">from \\ to</th>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`;
}

function pairOf({ source, target }: Pick<Cell, 'source' | 'target'>): string {
  return `${source} ${target}`;
}

function column(result: CellResult | undefined): string {
  if (result === undefined) return '<td></td>';
  const { cell, outcome } = result;
  const asExpected = isAsExpected(result);
  const words = [
    timedWords(result),
    ...(asExpected ? [] : [`expected: ${expectedWords(expectedOf(cell)).join(' or ')}`]),
  ];
  const usual = outcome.kind === 'connected' ? outcome.method : 'failed';
  const look = asExpected ? usual : 'different';
  return `<td class="${look}" title="${escaped(resultLine(result))}">${words.map(escaped).join('<br>')}</td>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

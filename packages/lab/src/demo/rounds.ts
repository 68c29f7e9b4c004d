// A round in a line.

import type { NetworkResult } from '@pinhole/contract';

export type ResultRow = Pick<
  NetworkResult,
  'startTime' | 'direction' | 'loss' | 'avgLatency' | 'throughput' | 'method' | 'errorDetails'
>;

const arrows: Readonly<Record<string, string>> = { 'to-target': '→', 'from-target': '←' };

/** `rows`: of one pair in one round, a row for each direction. `pair` is who measured. */
export function roundLine(pair: string, rows: readonly ResultRow[]): string {
  const inOrder = rows.toSorted((a, b) => b.direction.localeCompare(a.direction));
  const time = new Date(Math.min(...rows.map(({ startTime }) => startTime)) * 1000)
    .toISOString()
    .slice(11, 19);
  const sentences = new Set(inOrder.map(({ errorDetails }) => errorDetails));
  const isOneFailure = sentences.size === 1 && !sentences.has(undefined);
  const said = isOneFailure ? [...sentences] : inOrder.map(directionText);
  const method = rows.find((row) => row.method !== undefined)?.method;
  return [time, pair, ...said, ...(method === undefined ? [] : [method])].join('  ');
}

function directionText({ direction, loss, avgLatency, throughput, errorDetails }: ResultRow): string {
  const arrow = arrows[direction] ?? direction;
  if (errorDetails !== undefined) return `${arrow} ${errorDetails}`;
  const latency = avgLatency === undefined ? '–' : avgLatency.toFixed(1);
  const rate = throughput === undefined ? '' : ` ${throughput.toFixed(1)} Mbit/s`;
  return `${arrow} ${(loss ?? 0).toFixed(0).padStart(3)} % ${latency.padStart(6)} ms${rate}`;
}

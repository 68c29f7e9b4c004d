// Runs the cells of a matrix: an instant test for each, over real NATs, of which the collector says how it ended.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { networkResultsSchema } from '@pinhole/contract';
import { eventually, type RestClient } from '../demo/rest.ts';
import type { Cell } from './cells.ts';
import { type CellResult, outcomeOf } from './outcome.ts';
import { sideBySide } from './side-by-side.ts';
import { type MatrixSystem, startMatrixSystem } from './system.ts';

export interface MatrixOptions {
  readonly cells: readonly Cell[];
  /** Called as each cell ends. */
  readonly onResult?: (result: CellResult) => void;
  /** A result to be asked for once more at the end, with little beside it: eight at once take the machine from each other. */
  readonly isLate?: (result: CellResult) => boolean;
  readonly signal?: AbortSignal;
  /** @default 8: most of a cell's time is waiting, and two cores bear so many */
  readonly atOnce?: number;
}

/** A failed round is known within 10 s; who is cut off from the collector tells it at the next check-in, after a minute. */
const resultLimitMs = 90_000;
/** REST takes 1,200 requests a minute: each of so many cells asks this many times as seldom. A time is no finer. */
const askEveryMs = 75;

const atOnceForLate = 2;

/** To be called inside the lab's namespaces. The results in the order of the cells. Throws LabError. */
export async function runMatrix(options: MatrixOptions): Promise<CellResult[]> {
  const { cells, onResult, isLate, atOnce = 8, signal = new AbortController().signal } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-matrix-'));
  try {
    const system = await startMatrixSystem(cells, folder, signal);
    try {
      const results = new Map<Cell, CellResult>();
      const agentsOf = (cell: Cell) => Object.values(system.agentIds(cell));
      const runAll = (wanted: readonly Cell[], soMany: number) =>
        sideBySide(wanted, soMany, agentsOf, async (cell) => {
          const wasLate = results.has(cell);
          const result = { ...(await runCell(system, cell, soMany * askEveryMs)), wasLate };
          results.set(cell, result);
          onResult?.(result);
        });
      await Promise.race([runAll(cells, atOnce), system.interrupted]);
      const late = [...results.values()].filter((each) => isLate?.(each) === true);
      const lateCells = late.map(({ cell }) => cell);
      await Promise.race([runAll(lateCells, atOnceForLate), system.interrupted]);
      return cells.map((cell) => results.get(cell)!);
    } finally {
      await system.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runCell(
  { rest, agentIds }: MatrixSystem,
  cell: Cell,
  everyMs: number,
): Promise<Omit<CellResult, 'wasLate'>> {
  const { sourceId, targetId } = agentIds(cell);
  const startedAtMs = performance.now();
  const { testId } = await rest.request<{ testId: string }>('POST', '/tests/agent-to-agent/instant', {
    testName: `${cell.source} to ${cell.target}`,
    protocol: cell.protocol,
    direction: 'bidirectional',
    targetAgentId: targetId,
    agents: [{ agentId: sourceId }],
  });
  const rows = await eventually(() => bothDirections(rest, testId), resultLimitMs, everyMs);
  return {
    cell,
    outcome:
      rows === null
        ? {
            kind: 'failed',
            sentence: `No result within ${resultLimitMs / 1000} s`,
            evidence: `test ${testId}`,
          }
        : outcomeOf(rows),
    afterMs: performance.now() - startedAtMs,
  };
}

async function bothDirections(rest: RestClient, testId: string) {
  const { results } = networkResultsSchema.parse(
    await rest.request('GET', `/test-results/${testId}/network?window=10m`),
  );
  return results.length < 2 ? null : results;
}

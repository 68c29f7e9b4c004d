// What a cell of the matrix came to, from the rows of its test. Pure.

import type { ConnectionMethod, NetworkResult } from '@pinhole/contract';
import { type Cell, expectedOf } from './cells.ts';
import { expectedWords } from './expected.ts';

export type Outcome =
  | {
      readonly kind: 'connected';
      readonly method: ConnectionMethod;
      /** From when the source knew where its target is; null where the result does not tell. */
      readonly connectMs: number | null;
      readonly lossPercent: number;
    }
  | { readonly kind: 'failed'; readonly sentence: string; readonly evidence: string };

export interface CellResult {
  readonly cell: Cell;
  readonly outcome: Outcome;
  /** From asking for the test to its results, of which the measuring itself is a part. */
  readonly afterMs: number;
  /** This is the second time that it was asked for: the first time it came late. */
  readonly wasLate?: boolean;
}

/** `rows`: both directions of one round. A round is as good as the worse of them. */
export function outcomeOf(rows: readonly NetworkResult[]): Outcome {
  const failed = rows.find(({ errorDetails }) => errorDetails !== undefined);
  if (failed !== undefined)
    return { kind: 'failed', sentence: failed.errorDetails ?? '', evidence: failed.errorEvidence ?? '' };
  // The source says how it went: it receives what comes from the target.
  const bySource = rows.find(({ direction }) => direction === 'from-target');
  return {
    kind: 'connected',
    method: bySource?.method ?? 'direct',
    connectMs: bySource?.connectMs ?? null,
    lossPercent: Math.max(...rows.map(({ loss }) => loss ?? 0)),
  };
}

/** In the words that expectedWords uses. */
export function outcomeWords(outcome: Outcome): string {
  return outcome.kind === 'connected' ? outcome.method : outcome.sentence;
}

export function isAsExpected({ cell, outcome }: CellResult): boolean {
  return expectedWords(expectedOf(cell)).includes(outcomeWords(outcome));
}

/** `UDP none → eim-apdf: punched in 0.08 s, result after 1.9 s` */
export function resultLine(result: CellResult): string {
  const { cell, outcome } = result;
  const name = `${cell.protocol.toUpperCase()} ${cell.source} → ${cell.target}`;
  const evidence = outcome.kind === 'failed' ? ` (${outcome.evidence})` : '';
  const fault = isAsExpected(result) ? '' : `; expected: ${expectedWords(expectedOf(cell)).join(' or ')}`;
  return `${name}: ${timedWords(result)}${evidence}${fault}`;
}

/** How it ended, and when. */
export function timedWords({ outcome, afterMs }: CellResult): string {
  const whole = `${(afterMs / 1000).toFixed(1)} s`;
  const words = outcomeWords(outcome);
  if (outcome.kind === 'failed') return `${words} after ${whole}`;
  const { connectMs } = outcome;
  return connectMs === null
    ? `${words}, result after ${whole}`
    : `${words} in ${(connectMs / 1000).toFixed(2)} s, result after ${whole}`;
}

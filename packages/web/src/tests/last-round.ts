// The newest round of a test in a word. Pure.

import type { Timeline } from '@pinhole/contract';
import { counted } from '../app/time.ts';
import type { Tone } from '../ui/status.tsx';

export interface LastRound {
  readonly tone: Tone;
  readonly words: string;
  /** Epoch seconds; null where there is no round, or none of late. */
  readonly roundId: number | null;
}

/** Loss from which a round is told as lossy: the default alert rule's. */
const lossyPercent = 20;

/** `timeline`: of the last few rounds, in buckets of one. */
export function lastRound({ toTarget, fromTarget, lastRoundId }: Timeline): LastRound {
  if (lastRoundId === null) return { tone: 'neutral', words: 'No round yet', roundId: null };
  const newest = [toTarget, fromTarget].filter((series) => series !== null).map(newestOf);
  const roundId = Math.max(...newest.map((each) => each?.startS ?? 0));
  if (roundId === 0) return { tone: 'neutral', words: 'None of late', roundId: lastRoundId };
  const parts = newest.filter((each) => each !== null && each.startS === roundId) as Newest[];
  const results = sum(parts, ({ results: count }) => count);
  const failed = sum(parts, (each) => each.failed);
  if (failed > 0 && failed === results) return { tone: 'bad', words: 'Failed', roundId };
  if (failed > 0) return { tone: 'bad', words: `${failed} of ${counted(results, 'result')} failed`, roundId };
  const loss = Math.max(...parts.map((each) => each.loss ?? 0));
  return { tone: loss >= lossyPercent ? 'warn' : 'good', words: `${percent(loss)} loss`, roundId };
}

interface Newest {
  readonly startS: number;
  readonly results: number;
  readonly failed: number;
  readonly loss: number | null;
}

function newestOf(series: NonNullable<Timeline['toTarget']>): Newest | null {
  const at = series.startS.length - 1;
  if (at < 0) return null;
  return {
    startS: series.startS[at]!,
    results: series.results[at]!,
    failed: series.failed[at]!,
    loss: series.lossMax[at]!,
  };
}

function sum(parts: readonly Newest[], of: (part: Newest) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}

function percent(value: number): string {
  return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
}

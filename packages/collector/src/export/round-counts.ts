// How many results have come since the collector was started, for its metrics.

import type { OneDirection, RoundErrorCode, RoundResult } from '@pinhole/contract';

export interface RoundCount {
  readonly testId: string;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  readonly direction: OneDirection;
  readonly measured: number;
  /** By the code of what went wrong. */
  readonly failed: ReadonlyMap<RoundErrorCode, number>;
}

type Counting = Omit<RoundCount, 'measured' | 'failed'> & {
  measured: number;
  readonly failed: Map<RoundErrorCode, number>;
};

export class RoundCounts {
  readonly #counts = new Map<string, Counting>();

  add(results: readonly RoundResult[]): void {
    for (const result of results) {
      const { testId, sourceAgentId, targetAgentId, direction } = result;
      const key = { testId, sourceAgentId, targetAgentId, direction };
      const name = Object.values(key).join('|');
      const count = this.#counts.get(name) ?? { ...key, measured: 0, failed: new Map() };
      this.#counts.set(name, count);
      if (result.outcome === 'measured') count.measured += 1;
      else count.failed.set(result.errorCode, (count.failed.get(result.errorCode) ?? 0) + 1);
    }
  }

  /** Those of tests that exist; the others are forgotten. */
  of(testIds: ReadonlySet<string>): RoundCount[] {
    for (const [name, { testId }] of this.#counts) if (!testIds.has(testId)) this.#counts.delete(name);
    return [...this.#counts.values()];
  }
}

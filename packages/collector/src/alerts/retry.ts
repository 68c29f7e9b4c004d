import type { Random } from '@pinhole/net';

/** When to try again, after so many failures, and for how long. */
export interface Retries {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Doubles with each failure; up to a quarter more or less by chance, so that not all come back at once. */
export function retryDelayMs({ firstMs, maxMs }: Retries, failures: number, random: Random): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return Math.round(wholeMs * (0.75 + random.below(1001) / 2000));
}

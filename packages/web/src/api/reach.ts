// Whether the collector answers, by the last request that came to an end: what any of them finds out, the whole page knows.

import type { ApiError } from './errors.ts';

let current: ApiError | null = null;
const watchers = new Set<() => void>();

/** Why the last request had no answer; null where it had one, whatever it said. */
export function unreachable(): ApiError | null {
  return current;
}

export function noteReach(error: ApiError | null): void {
  if ((error === null) === (current === null)) return;
  current = error;
  for (const watcher of watchers) watcher();
}

/** Calls `watcher` each time that the collector is lost or found again, until the returned function is called. */
export function watchReach(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

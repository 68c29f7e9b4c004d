// Steps a machine at its times and for its events, until it wants no more.

import type { Clock, Timer } from '@pinhole/net';

interface Tick {
  readonly kind: 'tick';
}

/**
 * `step` takes an event and says when (ms, monotonic) the next tick is due; null ends it. `feed` hands it events from
 * outside. Resolves at the end, or when `signal` is aborted.
 */
export function drive<Event>(
  clock: Clock,
  signal: AbortSignal,
  begin: (feed: (event: Event) => void) => (event: Event | Tick) => number | null,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: Timer | null = null;
  let isOver = false;
  const end = () => {
    isOver = true;
    timer?.cancel();
    resolve();
  };
  const feed = (event: Event | Tick) => {
    if (isOver) return;
    timer?.cancel();
    const wakeAtMs = step(event);
    if (wakeAtMs === null) end();
    else {
      const delayMs = Math.max(0, wakeAtMs - clock.monotonicNs() / 1e6);
      timer = clock.after(delayMs, () => feed({ kind: 'tick' }));
    }
  };
  const step = begin(feed);
  if (signal.aborted) end();
  else {
    signal.addEventListener('abort', end, { once: true });
    feed({ kind: 'tick' });
  }
  return promise.finally(() => signal.removeEventListener('abort', end));
}

// Who waits for a change of its configuration. An agent holds one request open; a change that may concern it wakes
// that request, which then looks whether it does. In between it is woken to say that it is still there.

import type { Clock, Timer } from '@pinhole/net';

export type Waking = 'changed' | 'still' | 'over';

export interface Waiter {
  /**
   * 'changed' when woken since the last call or now; 'still' after stillMs without that; 'over' when the time is up, or
   * the wait is ended.
   */
  next(): Promise<Waking>;
  end(): void;
}

export interface Changes {
  /** Ends the agent's earlier wait, if there is one. */
  wait(agentId: string, holdMs: number): Waiter;
  wake(agentIds: Iterable<string>): void;
  /** Ends all waits, and those that are begun from now on. */
  close(): void;
}

/** Below the 10 s after which the hastiest NATs forget an idle TCP connection, with room for a timer that is late. */
export const stillMs = 8_000;

export function createChanges(clock: Clock): Changes {
  const waiting = new Map<string, { wake(): void; end(): void }>();
  let closed = false;

  function wait(agentId: string, holdMs: number): Waiter {
    waiting.get(agentId)?.end();
    let woken = false;
    let over = closed;
    let resume = () => {};
    let still: Timer | null = null;
    const timer = clock.after(holdMs, end);
    const entry = { wake, end };
    if (closed) timer.cancel();
    else waiting.set(agentId, entry);

    function wake() {
      woken = true;
      resume();
    }
    function end() {
      over = true;
      timer.cancel();
      if (waiting.get(agentId) === entry) waiting.delete(agentId);
      resume();
    }
    async function next(): Promise<Waking> {
      if (!woken && !over) {
        await new Promise<void>((resolve) => {
          resume = resolve;
          still = clock.after(stillMs, resolve);
        });
        still?.cancel();
      }
      if (over) return 'over';
      if (!woken) return 'still';
      woken = false;
      return 'changed';
    }
    return { next, end };
  }

  return {
    wait,
    wake(agentIds) {
      for (const agentId of agentIds) waiting.get(agentId)?.wake();
    },
    close() {
      closed = true;
      for (const entry of [...waiting.values()]) entry.end();
    },
  };
}

// Who waits for a change of its configuration. An agent holds one request open; a change that may concern it wakes
// that request, which then looks whether it does.

import type { Clock } from '@pinhole/net';

export type Waking = 'changed' | 'over';

export interface Waiter {
  /** 'changed' when woken since the last call or now; 'over' when the time is up, or the wait is ended. */
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

export function createChanges(clock: Clock): Changes {
  const waiting = new Map<string, { wake(): void; end(): void }>();
  let closed = false;

  function wait(agentId: string, holdMs: number): Waiter {
    waiting.get(agentId)?.end();
    let woken = false;
    let over = closed;
    let resume = () => {};
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
        });
      }
      if (over) return 'over';
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

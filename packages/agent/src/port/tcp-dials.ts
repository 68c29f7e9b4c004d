// Connections under way to places where peers may be. Each 4-tuple is tried once at a time, whoever asks for it.

import type { Net, TcpConnection } from '@pinhole/net';
import { type Endpoint, formatEndpoint, ip } from '@pinhole/wire';
import { keyOf } from '../session/key.ts';
import type { Attempt } from './tcp-seeking.ts';

/** As long as a session looks for its peer: the kernel repeats the SYN meanwhile. */
const connectTimeoutMs = 9_000;

export interface DialsOptions {
  readonly net: Net;
  readonly signal: AbortSignal;
  readonly onConnected: (connection: TcpConnection, waiting: Iterable<Attempt>) => void;
  /** The attempt knows already. */
  readonly onFailed: (attempt: Attempt) => void;
}

export class Dials {
  readonly #options: DialsOptions;
  /** By local port and remote endpoint, and the session where any port will do: the attempts that wait for it. */
  readonly #waiting = new Map<string, Set<Attempt>>();

  constructor(options: DialsOptions) {
    this.#options = options;
  }

  /** From `localPort`, or any where that is 0. */
  dial(attempt: Attempt, localPort: number, remote: Endpoint): void {
    const from = localPort === 0 ? keyOf(attempt.seeking.session.sessionId) : localPort;
    const key = `${from} ${formatEndpoint(remote)}`;
    const waiting = this.#waiting.get(key);
    if (waiting?.has(attempt)) return;
    attempt.underWay += 1;
    if (waiting !== undefined) waiting.add(attempt);
    else {
      this.#waiting.set(key, new Set([attempt]));
      void this.#connect(key, localPort, remote, attempt.seeking.session.mss);
    }
  }

  async #connect(key: string, localPort: number, remote: Endpoint, mss: number | null): Promise<void> {
    const { net, signal, onConnected, onFailed } = this.#options;
    const outcome = await net.tcp.connect({
      remote,
      local: { address: ip('0.0.0.0'), port: localPort },
      reusePort: true,
      timeoutMs: connectTimeoutMs,
      ...(mss !== null && { mss }),
      signal,
    });
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.delete(key);
    for (const attempt of waiting) {
      attempt.underWay -= 1;
      if (!outcome.connected) attempt.seeking.failed(attempt, remote, outcome.reason);
    }
    if (outcome.connected) onConnected(outcome.connection, waiting);
    else for (const attempt of waiting) onFailed(attempt);
  }
}

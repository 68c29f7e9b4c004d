// How sessions find their peers over TCP: by a path that is there already, or by connections from the test port, a fresh one,
// or many.

import type { Net, Timer } from '@pinhole/net';
import { type Endpoint, searchLimits } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { Way } from './port.ts';
import { SearchBudget } from './search-budget.ts';
import type { Connections } from './tcp-connections.ts';
import { Dials } from './tcp-dials.ts';
import { FreshPorts } from './tcp-fresh.ts';
import type { Path } from './tcp-paths.ts';
import { TcpSearch } from './tcp-search.ts';
import { type Attempt, Seeking } from './tcp-seeking.ts';

/** Where somebody on the way answers every SYN, a search would have thousands. */
const maxPathsPerSession = 32;
/** Of all searches together: two at once have what the largest takes. */
const maxSearchListeners = 2048;

export interface FindingOptions {
  readonly net: Net;
  readonly testPort: number;
  readonly connections: Connections;
  /** Whether the path is held open from round to round. */
  readonly isKept: (path: Path) => boolean;
}

export class Finding {
  readonly #options: FindingOptions;
  readonly #seeking = new Map<Session, Seeking>();
  readonly #dials: Dials;
  readonly #fresh: FreshPorts;
  readonly #searchBudget = new SearchBudget(searchLimits.packets);
  readonly #searchListeners = new SearchBudget(maxSearchListeners);
  readonly #ending = new AbortController();
  readonly #timers = new Set<Timer>();

  constructor(options: FindingOptions) {
    this.#options = options;
    const { net, connections } = options;
    this.#dials = new Dials({
      net,
      signal: this.#ending.signal,
      onConnected: (connection, waiting) => {
        const path = connections.adopt(connection);
        for (const { seeking } of waiting) if (path !== null) this.#give(path, seeking);
      },
      onFailed: ({ seeking }) => this.#noteLost(seeking),
    });
    this.#fresh = new FreshPorts(net, (connection) => connections.adopt(connection));
  }

  /** As AgentPort's, of a session that is still looking. */
  reach(session: Session, way: Way): void {
    const { net, testPort } = this.#options;
    const seeking = this.#seeking.get(session) ?? new Seeking(session);
    this.#seeking.set(session, seeking);
    const isAnyPort = session.isAlone && way.isOpen === true;
    const localPort = this.#fresh.take(session.sessionId) ?? (isAnyPort ? 0 : testPort);
    const delayMs = way.startAtMs - net.clock.monotonicNs() / 1e6;
    if (delayMs <= 0) {
      this.#begin(seeking, way, localPort);
      return;
    }
    const timer = net.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      this.#begin(seeking, way, localPort);
    });
    this.#timers.add(timer);
  }

  /** As AgentPort's. */
  async renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    return this.#ending.signal.aborted ? null : this.#fresh.renew(sessionId, server);
  }

  evidence(session: Session): string | null {
    return this.#seeking.get(session)?.evidence ?? null;
  }

  /** Ends what was begun for it. */
  giveUp(session: Session): void {
    this.#seeking.get(session)?.end();
    this.#fresh.release(session.sessionId);
  }

  /** The session is over. */
  release(session: Session): void {
    this.giveUp(session);
    this.#seeking.delete(session);
  }

  /** The session's peer has spoken on one of its paths. True where that is news. */
  found(session: Session): boolean {
    const seeking = this.#seeking.get(session);
    if (seeking === undefined || seeking.isOver) return false;
    seeking.succeed();
    return true;
  }

  /** One of the session's paths is gone. */
  lost(session: Session): void {
    const seeking = this.#seeking.get(session);
    if (seeking === undefined) return;
    if (session.connecting && this.#hasNoPath(session)) seeking.resume();
    this.#noteLost(seeking);
  }

  close(): void {
    this.#ending.abort();
    for (const timer of this.#timers) timer.cancel();
    for (const seeking of this.#seeking.values()) seeking.end();
    this.#seeking.clear();
    this.#fresh.close();
  }

  #begin(seeking: Seeking, { candidates, search, onExhausted }: Way, localPort: number): void {
    if (seeking.isOver) return;
    const [first, ...others] = candidates;
    if (search === null || first === undefined) {
      const attempt = seeking.attempt(onExhausted);
      for (const candidate of candidates) this.#dial(attempt, localPort, candidate);
      return;
    }
    // The first one is the search's: a connection of its own would take a port of a NAT that counts.
    const attempt = seeking.attempt(undefined);
    for (const candidate of others) this.#dial(attempt, localPort, candidate);
    const { net, connections } = this.#options;
    seeking.addSearch(
      new TcpSearch({
        net,
        search,
        address: first.address,
        localPort,
        budget: this.#searchBudget,
        listeners: this.#searchListeners,
        onConnection: (connection) => {
          const isEnough = connections.paths.of(seeking.session).length >= maxPathsPerSession;
          const path = isEnough ? null : connections.adopt(connection);
          if (path !== null) this.#give(path, seeking);
          if (isEnough) connection.reset();
        },
        onExhausted: () => {
          if (!seeking.isOver) onExhausted?.();
        },
      }),
    );
  }

  /** By a path that is there already, or else by a connection of its own. */
  #dial(attempt: Attempt, localPort: number, to: Endpoint): void {
    const { connections, testPort } = this.#options;
    const path = connections.paths.to(to);
    const isLeft = path !== null && attempt.seeking.session.isAlone && localPort !== testPort;
    if (path !== null && !isLeft) this.#give(path, attempt.seeking);
    else this.#dials.dial(attempt, localPort, to);
  }

  /** The session may use the path; its first check goes at once. */
  #give(path: Path, seeking: Seeking): void {
    const { net, connections, testPort, isKept } = this.#options;
    const { session } = seeking;
    if (seeking.isOver) return;
    connections.claim(path);
    path.sessions.add(session);
    path.isAlone = session.isAlone && path.connection.local.port !== testPort && !isKept(path);
    session.addCandidates([path.connection.remote], net.clock.monotonicNs() / 1e6);
  }

  #noteLost(seeking: Seeking): void {
    if (this.#hasNoPath(seeking.session)) seeking.tellExhausted();
  }

  #hasNoPath(session: Session): boolean {
    return this.#options.connections.paths.of(session).length === 0;
  }
}

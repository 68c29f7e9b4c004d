// The connections of one port, and which of them leads where. Several may lead to one remote endpoint, from different
// local ports; sessions know remote endpoints only.

import type { TcpConnection, Timer } from '@pinhole/net';
import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import type { Session } from '../session/session.ts';

export interface Path {
  readonly connection: TcpConnection;
  /** Those that use it, or may. */
  readonly sessions: Set<Session>;
  /** No other session may. */
  isAlone: boolean;
  /** Ends it, where nobody uses it. */
  timer: Timer | null;
  /** Of what is sent. */
  dscp: number;
}

/** Accepted connections that have named no session yet: each may be somebody's who only wants them to be used up. */
export class Strangers {
  readonly #waiting = new Set<Path>();

  /** Beyond `most` the one that has waited longest is reset: whoever comes in earnest speaks within a round trip. */
  add(path: Path, most: number): void {
    this.#waiting.add(path);
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#waiting.size <= most) return;
    this.#waiting.delete(oldest);
    oldest.connection.reset();
  }

  /** It has named one, or is gone. */
  remove(path: Path): void {
    this.#waiting.delete(path);
  }
}

export class Paths {
  /** By remote endpoint; the one to send by first. */
  readonly #byRemote = new Map<string, Path[]>();

  get size(): number {
    let size = 0;
    for (const paths of this.#byRemote.values()) size += paths.length;
    return size;
  }

  /**
   * Where there are several: the session's own, of those the one that the peer has spoken on last, or else the oldest that is
   * not another's alone.
   */
  to(remote: Endpoint, session?: Session): Path | null {
    const paths = this.#byRemote.get(formatEndpoint(remote)) ?? [];
    const own = paths.find(({ sessions }) => session !== undefined && sessions.has(session));
    return own ?? paths.find(({ isAlone }) => !isAlone) ?? null;
  }

  /** The path of this very 4-tuple. */
  at(local: Endpoint, remote: Endpoint): Path | null {
    const paths = this.#byRemote.get(formatEndpoint(remote));
    return paths?.find(({ connection }) => connection.local.port === local.port) ?? null;
  }

  of(session: Session): Path[] {
    return [...this].filter(({ sessions }) => sessions.has(session));
  }

  has(path: Path): boolean {
    return this.#byRemote.get(formatEndpoint(path.connection.remote))?.includes(path) ?? false;
  }

  add(path: Path): void {
    const key = formatEndpoint(path.connection.remote);
    this.#byRemote.set(key, [...(this.#byRemote.get(key) ?? []), path]);
  }

  /** From now on it is the one to its remote endpoint. */
  prefer(path: Path): void {
    const paths = this.#byRemote.get(formatEndpoint(path.connection.remote));
    if (paths === undefined || paths[0] === path) return;
    paths.splice(paths.indexOf(path), 1);
    paths.unshift(path);
  }

  remove(path: Path): void {
    const key = formatEndpoint(path.connection.remote);
    const rest = (this.#byRemote.get(key) ?? []).filter((each) => each !== path);
    if (rest.length > 0) this.#byRemote.set(key, rest);
    else this.#byRemote.delete(key);
  }

  *[Symbol.iterator](): Iterator<Path> {
    for (const paths of [...this.#byRemote.values()]) yield* [...paths];
  }
}

// The connections of one port, as they come and go: which of them are strangers', who waits for the kernel's stamps of
// what, and what arrives, frame by frame.

import type { Clock, TcpConnection, TcpTransmitStamp } from '@pinhole/net';
import { SessionFramer } from '@pinhole/wire';
import type { Arrival } from '../session/session.ts';
import { StampsAwaited } from './stamps-awaited.ts';
import { type Path, Paths, Strangers } from './tcp-paths.ts';

/** A connection that has not named a session of ours by then is none. */
const silenceLimitMs = 10_000;
const maxStrangers = 128;
/** In all: those that were connected to, those of a session, and strangers. */
const maxPaths = 1024;

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** Whether the kernel's stamps can be had. */
  readonly transmitStamps: boolean;
  readonly onMessage: (
    path: Path,
    kind: 'control' | 'probe',
    data: Uint8Array,
    when: Pick<Arrival, 'receivedAtNs' | 'inCompany'>,
  ) => void;
  readonly onBulk: (path: Path, header: Uint8Array, octets: number, receivedAtNs: number) => void;
  /** The connection has ended; not told of those that `close` ends. */
  readonly onLost: (path: Path) => void;
}

export class Connections {
  readonly paths = new Paths();
  readonly stamps: StampsAwaited<TcpConnection, TcpTransmitStamp>;
  readonly #options: ConnectionsOptions;
  readonly #strangers = new Strangers();
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.stamps = new StampsAwaited(options.transmitStamps);
  }

  /** Takes over a connection; null where it had to be reset, because there are too many. */
  adopt(connection: TcpConnection): Path | null {
    if (this.#closed || this.paths.size >= maxPaths) {
      connection.reset();
      return null;
    }
    const path: Path = { connection, sessions: new Set(), isAlone: false, timer: null, dscp: 0 };
    const before = this.paths.at(connection.local, connection.remote);
    if (before !== null) {
      this.#lose(before);
      before.connection.reset();
    }
    this.paths.add(path);
    path.timer = this.#options.clock.after(silenceLimitMs, () => connection.reset());
    const framer = new SessionFramer();
    let lastAtNs = Number.NaN;
    connection.start({
      onData: (data, receivedAtNs) => {
        const { frames, failed } = framer.push(data);
        const inCompany = frames.length > 1 || receivedAtNs === lastAtNs;
        lastAtNs = receivedAtNs;
        const { onMessage, onBulk } = this.#options;
        for (const frame of frames) {
          if (!this.paths.has(path)) return;
          if (frame.kind === 'bulk') onBulk(path, frame.header, frame.octets, receivedAtNs);
          else onMessage(path, frame.kind, frame.bytes, { receivedAtNs, inCompany });
        }
        if (failed) connection.reset();
      },
      onTransmitted: (each) => this.stamps.stamped(connection, each),
      onClose: () => this.#lose(path),
    });
    return path;
  }

  /** As `adopt`; whoever has come speaks first, or is displaced by those who come after. */
  accept(connection: TcpConnection): void {
    const path = this.adopt(connection);
    if (path !== null) this.#strangers.add(path, maxStrangers);
  }

  /** A session uses the path, or is to. */
  claim(path: Path): void {
    this.#strangers.remove(path);
    path.timer?.cancel();
    path.timer = null;
  }

  /** Ends all, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const path of this.paths) {
      this.paths.remove(path);
      path.timer?.cancel();
      path.connection.reset();
    }
  }

  #lose(path: Path): void {
    path.timer?.cancel();
    this.#strangers.remove(path);
    this.stamps.drop(path.connection);
    if (!this.paths.has(path)) return;
    this.paths.remove(path);
    this.#options.onLost(path);
  }
}

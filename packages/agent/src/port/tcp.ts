// The agent's local port over TCP: a listener, and connections from the same port to where peers are. Through NATs both
// sides connect at the moment that the server set, by simultaneous open (RFC 9293 §3.5); each 4-tuple is tried once a
// session, because NATs remember what failed.

import type { ConnectFailure, Net, TcpConnection, TcpListener, Timer } from '@pinhole/net';
import { type Endpoint, formatEndpoint, frameProbe, ip, looksLikeStun, SessionFramer } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { AgentPort, PortHandler } from './port.ts';
import { Sessions } from './sessions.ts';

/** As long as a session looks for its peer: the kernel repeats the SYN meanwhile. */
const connectTimeoutMs = 9_000;
/** A connection that has not named a session of ours by then is none. */
const silenceLimitMs = 10_000;
/** After its last session as a target: the source closes first, so that its next SYN finds nothing of the old. */
const idleLimitMs = 15_000;
const maxConnections = 256;
/** A peer that does not read: beyond this nothing is queued for it. */
const maxBufferedBytes = 256 << 10;

interface Path {
  readonly connection: TcpConnection;
  readonly sessions: Set<Session>;
  timer: Timer | null;
}

export class TcpPort implements AgentPort {
  readonly clock;
  readonly random;
  readonly #net: Net;
  readonly #port: number;
  readonly sessions: Sessions;
  readonly #paths = new Map<string, Path>();
  /** Connections under way, and the sessions that wait for each. */
  readonly #dialled = new Map<string, Set<Session>>();
  readonly #failures = new Map<Session, string[]>();
  readonly #ending = new AbortController();
  readonly #timers = new Set<Timer>();
  #listener: TcpListener | null = null;

  private constructor(net: Net, port: number, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.#net = net;
    this.#port = port;
    this.sessions = new Sessions((check) => handler.beginSession(check, this));
  }

  /** Rejects with SocketError where the port cannot be had. */
  static async open(net: Net, port: number, handler: PortHandler): Promise<TcpPort> {
    const opened = new TcpPort(net, port, handler);
    const local = { address: ip('0.0.0.0'), port };
    opened.#listener = await net.tcp.listen({ local, reusePort: true, maxConnections }, (connection) =>
      opened.#adopt(connection),
    );
    return opened;
  }

  release(session: Session): void {
    this.sessions.remove(session);
    this.#failures.delete(session);
    for (const path of this.#paths.values()) {
      if (path.sessions.delete(session) && path.sessions.size === 0)
        this.#rest(path, session.role === 'source');
    }
  }

  reach(session: Session, candidates: readonly Endpoint[], startAtMs: number): void {
    const delayMs = startAtMs - this.clock.monotonicNs() / 1e6;
    const begin = () => {
      // It may have ended before its moment came.
      if (this.sessions.get(session.sessionId) !== session) return;
      for (const candidate of candidates) this.#dial(session, candidate);
    };
    if (delayMs <= 0) {
      begin();
      return;
    }
    const timer = this.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      begin();
    });
    this.#timers.add(timer);
  }

  evidence(session: Session): string | null {
    return this.#failures.get(session)?.join('; ') ?? null;
  }

  /** Only where there is a connection: a check before that is one that was lost. */
  send({ data, to }: { data: Uint8Array; to: Endpoint }): { sent: boolean; atNs: number } {
    const path = this.#paths.get(formatEndpoint(to));
    const sent = path !== undefined && path.connection.bufferedBytes <= maxBufferedBytes;
    const atNs = this.clock.monotonicNs();
    if (sent) path.connection.write(looksLikeStun(data) ? data : frameProbe(data));
    return { sent, atNs };
  }

  close(): void {
    this.#ending.abort();
    this.#listener?.close();
    for (const timer of this.#timers) timer.cancel();
    this.sessions.abandonAll();
    for (const { connection, timer } of this.#paths.values()) {
      timer?.cancel();
      connection.reset();
    }
    this.#paths.clear();
  }

  #dial(session: Session, to: Endpoint): void {
    const key = formatEndpoint(to);
    if (this.#ending.signal.aborted) return;
    const path = this.#paths.get(key);
    const waiting = this.#dialled.get(key);
    if (path !== undefined) this.#give(path, session, to);
    else if (waiting !== undefined) waiting.add(session);
    else {
      this.#dialled.set(key, new Set([session]));
      void this.#connect(to);
    }
  }

  async #connect(remote: Endpoint): Promise<void> {
    const key = formatEndpoint(remote);
    const outcome = await this.#net.tcp.connect({
      remote,
      local: { address: ip('0.0.0.0'), port: this.#port },
      reusePort: true,
      timeoutMs: connectTimeoutMs,
      signal: this.#ending.signal,
    });
    const waiting = this.#dialled.get(key) ?? [];
    this.#dialled.delete(key);
    if (outcome.connected) {
      const path = this.#adopt(outcome.connection);
      for (const session of waiting) if (path !== null) this.#give(path, session, remote);
    } else {
      for (const session of waiting) this.#failed(session, remote, outcome.reason);
    }
  }

  #failed(session: Session, remote: Endpoint, reason: ConnectFailure): void {
    // A session that ended meanwhile has nobody to tell.
    if (this.sessions.get(session.sessionId) !== session) return;
    const failure = `TCP to ${formatEndpoint(remote)}: ${reason}`;
    this.#failures.set(session, [...(this.#failures.get(session) ?? []), failure]);
  }

  /** The session may use the path; its first check goes at once. */
  #give(path: Path, session: Session, remote: Endpoint): void {
    path.timer?.cancel();
    path.timer = null;
    path.sessions.add(session);
    session.addCandidates([remote], this.clock.monotonicNs() / 1e6);
  }

  #adopt(connection: TcpConnection): Path | null {
    if (this.#ending.signal.aborted) {
      connection.reset();
      return null;
    }
    const { remote } = connection;
    const key = formatEndpoint(remote);
    const path: Path = { connection, sessions: new Set(), timer: null };
    this.#paths.get(key)?.connection.reset();
    this.#paths.set(key, path);
    path.timer = this.clock.after(silenceLimitMs, () => connection.reset());
    const framer = new SessionFramer();
    connection.start({
      onData: (data) => {
        const receivedAtNs = this.clock.monotonicNs();
        const { frames, failed } = framer.push(data);
        for (const frame of frames) {
          if (this.#paths.get(key) !== path) return;
          this.#take(path, frame.kind, frame.bytes, receivedAtNs);
        }
        if (failed) connection.reset();
      },
      onClose: () => {
        path.timer?.cancel();
        if (this.#paths.get(key) === path) this.#paths.delete(key);
      },
    });
    return path;
  }

  #take(path: Path, kind: 'control' | 'probe', data: Uint8Array, receivedAtNs: number): void {
    const from = path.connection.remote;
    const session =
      kind === 'control'
        ? this.sessions.takeStun(data, from, () => false)
        : this.sessions.takeStamp({ data, from, to: null, receivedAtNs, ttl: null, dscp: null });
    if (session === null || this.sessions.get(session.sessionId) !== session) return;
    path.timer?.cancel();
    path.timer = null;
    path.sessions.add(session);
  }

  #rest(path: Path, wasSource: boolean): void {
    if (wasSource) path.connection.reset();
    else path.timer = this.clock.after(idleLimitMs, () => path.connection.reset());
  }
}

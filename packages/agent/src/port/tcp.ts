// The agent's local port over TCP: a listener, and connections from the same port to where peers are. Through NATs both
// sides connect at the moment that the server set, by simultaneous open (RFC 9293 §3.5); each 4-tuple is tried once a
// session, because NATs remember what failed: a further attempt leaves from a fresh port (tcp-fresh.ts). Where it is not
// known which port of the peer's is open, many are tried (tcp-search.ts).

import type { Net, TcpConnection, TcpListener, TcpTransmitStamp, Timer } from '@pinhole/net';
import {
  type Endpoint,
  encodeStun,
  frameProbe,
  ip,
  looksLikeStun,
  SessionFramer,
  sameEndpoint,
  searchLimits,
  stunMethods,
  type TcpFigures,
} from '@pinhole/wire';
import type { Stream } from '../path/stream-prober.ts';
import type { Sent, Session } from '../session/session.ts';
import { type BulkLine, streamLine } from '../throughput/line.ts';
import { KeptWays } from './kept.ts';
import type { AgentPort, KeptWay, PortHandler, Way } from './port.ts';
import { SearchBudget } from './search-budget.ts';
import { Sessions } from './sessions.ts';
import { StampsAwaited } from './stamps-awaited.ts';
import { Dials } from './tcp-dials.ts';
import { FreshPorts } from './tcp-fresh.ts';
import { type Path, Paths, Strangers } from './tcp-paths.ts';
import { TcpSearch } from './tcp-search.ts';
import { type Attempt, Seeking } from './tcp-seeking.ts';

/** A connection that has not named a session of ours by then is none. */
const silenceLimitMs = 10_000;
/** After its last session as a target: the source closes first, so that its next SYN finds nothing of the old. */
const idleLimitMs = 15_000;
const maxStrangers = 128;
/** In all: those that were connected to, those of a session, and strangers. */
const maxPaths = 1024;
/** Where somebody on the way answers every SYN, a search would have thousands. */
const maxPathsPerSession = 32;
/** Of all searches together: two at once have what the largest takes. */
const maxSearchListeners = 2048;
/** A peer that does not read: beyond this nothing is queued for it. */
const maxBufferedBytes = 256 << 10;

export class TcpPort implements AgentPort {
  readonly clock;
  readonly random;
  readonly #net: Net;
  readonly #port: number;
  readonly sessions: Sessions;
  readonly #paths = new Paths();
  readonly #strangers = new Strangers();
  readonly #stamps: StampsAwaited<TcpConnection, TcpTransmitStamp>;
  readonly #seeking = new Map<Session, Seeking>();
  readonly #dials: Dials;
  readonly #fresh: FreshPorts;
  readonly #kept: KeptWays<Path>;
  readonly #searchBudget = new SearchBudget(searchLimits.packets);
  readonly #searchListeners = new SearchBudget(maxSearchListeners);
  readonly #ending = new AbortController();
  readonly #timers = new Set<Timer>();
  /** Whose message is being dealt with: the answer goes the way that the question came. */
  #arriving: Path | null = null;
  #listener: TcpListener | null = null;

  private constructor(net: Net, port: number, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.#net = net;
    this.#port = port;
    this.sessions = new Sessions((check) => handler.beginSession(check, this));
    this.#stamps = new StampsAwaited(net.tcp.features.transmitStamps);
    this.#dials = new Dials({
      net,
      signal: this.#ending.signal,
      onConnected: (connection, waiting) => {
        const path = this.#adopt(connection);
        for (const { seeking } of waiting) if (path !== null) this.#give(path, seeking);
      },
      onFailed: ({ seeking }) => this.#noteLost(seeking),
    });
    this.#fresh = new FreshPorts(net, (connection) => this.#adopt(connection));
    this.#kept = new KeptWays({
      clock: net.clock,
      refresh: (_way, path) => this.#keepAlive(path),
      onDropped: (path) => {
        // A session that does not get through on it is not to wait for it.
        if ([...path.sessions].every(({ connecting }) => connecting)) path.connection.reset();
      },
    });
  }

  /** Rejects with SocketError where the port cannot be had. */
  static async open(net: Net, port: number, handler: PortHandler): Promise<TcpPort> {
    const opened = new TcpPort(net, port, handler);
    const local = { address: ip('0.0.0.0'), port };
    opened.#listener = await net.tcp.listen({ local, reusePort: true }, (connection) => {
      const path = opened.#adopt(connection);
      if (path !== null) opened.#strangers.add(path, maxStrangers);
    });
    return opened;
  }

  release(session: Session): void {
    this.sessions.remove(session);
    this.#seeking.get(session)?.end();
    this.#seeking.delete(session);
    this.#fresh.release(session.sessionId);
    for (const path of this.#paths.of(session)) {
      path.sessions.delete(session);
      if (path.sessions.size > 0 || this.#kept.holds(path)) continue;
      if (session.role === 'source') path.connection.reset();
      else path.timer = this.clock.after(idleLimitMs, () => path.connection.reset());
    }
  }

  reach(session: Session, way: Way): void {
    if (this.sessions.get(session.sessionId) !== session || !session.connecting) return;
    session.soughtAt = way.candidates[0] ?? session.soughtAt;
    const seeking = this.#seeking.get(session) ?? new Seeking(session);
    this.#seeking.set(session, seeking);
    const localPort = this.#fresh.take(session.sessionId) ?? this.#port;
    const delayMs = way.startAtMs - this.clock.monotonicNs() / 1e6;
    if (delayMs <= 0) {
      this.#begin(seeking, way, localPort);
      return;
    }
    const timer = this.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      this.#begin(seeking, way, localPort);
    });
    this.#timers.add(timer);
  }

  async renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    return this.#ending.signal.aborted ? null : this.#fresh.renew(sessionId, server);
  }

  evidence(session: Session): string | null {
    return this.#seeking.get(session)?.evidence ?? null;
  }

  keep(session: Session, { remote, method, peerAgentId }: KeptWay & { peerAgentId: string }): void {
    const path = this.#paths.to(remote, session);
    if (path?.sessions.has(session)) this.#kept.keep(peerAgentId, { remote, method }, path);
  }

  kept(peerAgentId: string): KeptWay | null {
    return this.#kept.of(peerAgentId)?.way ?? null;
  }

  forget(peerAgentId: string): void {
    this.#kept.forget(peerAgentId);
  }

  /** Only where there is a connection: a check before that is one that was lost. */
  send(
    { session, data, to, dscp }: { session: Session; data: Uint8Array; to: Endpoint; dscp?: number },
    onStamped?: (atNs: number) => void,
  ): Sent {
    const arriving = this.#arriving;
    const answers = arriving !== null && sameEndpoint(arriving.connection.remote, to);
    const path = answers ? arriving : this.#paths.to(to, session);
    const sent = path !== null && path.connection.bufferedBytes <= maxBufferedBytes;
    const atNs = this.clock.monotonicNs();
    if (!sent) return { sent, atNs };
    const { connection } = path;
    if (dscp !== undefined && dscp !== path.dscp) {
      path.dscp = dscp;
      connection.setDscp(dscp);
    }
    const stamp = onStamped !== undefined && this.#stamps.available;
    const id = connection.write(looksLikeStun(data) ? data : frameProbe(data), { stamp });
    if (stamp) this.#stamps.wait(connection, id, (each) => onStamped(each.atNs));
    return { sent, atNs };
  }

  tcpFigures(session: Session): TcpFigures | null {
    const info = this.#paths.of(session)[0]?.connection.info() ?? null;
    if (info === null) return null;
    const { retransmissions, leastRoundTripNs, mss, pathMtu } = info;
    return {
      retransmissions,
      roundTripUs: info.roundTripNs / 1000,
      roundTripDeviationUs: info.roundTripVariationNs / 1000,
      leastRoundTripUs: leastRoundTripNs === null ? null : leastRoundTripNs / 1000,
      mss,
      pathMtu,
    };
  }

  bulkLine(session: Session, { to, tag }: { readonly to: Endpoint; readonly tag: Uint8Array }): BulkLine {
    return streamLine(() => this.#paths.to(to, session)?.connection ?? null, tag);
  }

  /** The session's connection, to trace inside it; null where it has none, or it cannot be stamped. */
  stream(session: Session): Stream | null {
    const path = this.#paths.of(session)[0];
    if (path === undefined || !this.#stamps.available) return null;
    const { connection } = path;
    return {
      local: connection.local,
      remote: connection.remote,
      info: () => connection.info(),
      send: (data, ttl, onStamped) => {
        if (!this.#paths.has(path)) return;
        const id = connection.write(data, { stamp: true, ttl });
        this.#stamps.wait(connection, id, onStamped);
      },
    };
  }

  /** Flows of a trace are not let in over TCP: each is one SYN, and after the first none would come through. */
  openWay(): void {}

  close(): void {
    this.#ending.abort();
    this.#listener?.close();
    for (const timer of this.#timers) timer.cancel();
    this.sessions.abandonAll();
    for (const seeking of this.#seeking.values()) seeking.end();
    this.#seeking.clear();
    this.#fresh.close();
    this.#kept.close();
    for (const path of this.#paths) {
      this.#paths.remove(path);
      path.timer?.cancel();
      path.connection.reset();
    }
  }

  // ---- connecting ----------------------------------------------------------------------------------------------

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
    seeking.addSearch(
      new TcpSearch({
        net: this.#net,
        search,
        address: first.address,
        localPort,
        budget: this.#searchBudget,
        listeners: this.#searchListeners,
        onConnection: (connection) => {
          const isEnough = this.#paths.of(seeking.session).length >= maxPathsPerSession;
          const path = isEnough ? null : this.#adopt(connection);
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
    const path = this.#paths.to(to);
    if (path !== null) this.#give(path, attempt.seeking);
    else this.#dials.dial(attempt, localPort, to);
  }

  /** The session may use the path; its first check goes at once. */
  #give(path: Path, seeking: Seeking): void {
    const { session } = seeking;
    if (seeking.isOver) return;
    this.#strangers.remove(path);
    path.timer?.cancel();
    path.timer = null;
    path.sessions.add(session);
    session.addCandidates([path.connection.remote], this.clock.monotonicNs() / 1e6);
  }

  #noteLost(seeking: Seeking): void {
    if (this.#paths.of(seeking.session).length === 0) seeking.tellExhausted();
  }

  // ---- connections ---------------------------------------------------------------------------------------------

  #adopt(connection: TcpConnection): Path | null {
    if (this.#ending.signal.aborted || this.#paths.size >= maxPaths) {
      connection.reset();
      return null;
    }
    const path: Path = { connection, sessions: new Set(), timer: null, dscp: 0 };
    const before = this.#paths.at(connection.local, connection.remote);
    if (before !== null) {
      this.#lose(before);
      before.connection.reset();
    }
    this.#paths.add(path);
    path.timer = this.clock.after(silenceLimitMs, () => connection.reset());
    const framer = new SessionFramer();
    connection.start({
      onData: (data, receivedAtNs) => {
        const { frames, failed } = framer.push(data);
        for (const frame of frames) {
          if (!this.#paths.has(path)) return;
          if (frame.kind === 'bulk')
            this.sessions.takeBulk(frame.header, frame.octets, connection.remote, receivedAtNs);
          else this.#take(path, frame.kind, frame.bytes, receivedAtNs);
        }
        if (failed) connection.reset();
      },
      onTransmitted: (each) => this.#stamps.stamped(connection, each),
      onClose: () => this.#lose(path),
    });
    return path;
  }

  #lose(path: Path): void {
    path.timer?.cancel();
    this.#strangers.remove(path);
    this.#stamps.drop(path.connection);
    if (!this.#paths.has(path)) return;
    this.#paths.remove(path);
    this.#kept.lost(path);
    for (const session of path.sessions) {
      const seeking = this.#seeking.get(session);
      if (seeking === undefined) continue;
      if (session.connecting && this.#paths.of(session).length === 0) seeking.resume();
      this.#noteLost(seeking);
    }
  }

  #take(path: Path, kind: 'control' | 'probe', data: Uint8Array, receivedAtNs: number): void {
    const arrival = { from: path.connection.remote, to: null, receivedAtNs, ttl: null };
    this.#arriving = path;
    const session =
      kind === 'control'
        ? this.sessions.takeStun(data, arrival, () => false)
        : this.sessions.takeStamp({ ...arrival, data, dscp: null });
    this.#arriving = null;
    if (session === null || this.sessions.get(session.sessionId) !== session) return;
    this.#strangers.remove(path);
    path.timer?.cancel();
    path.timer = null;
    path.sessions.add(session);
    this.#paths.prefer(path);
    const seeking = this.#seeking.get(session);
    if (seeking?.isOver === false) this.#found(seeking, path);
  }

  /** The source uses the first path on which its peer speaks. The target leaves the others to the source. */
  #found(seeking: Seeking, path: Path): void {
    const { session } = seeking;
    seeking.succeed();
    if (session.role !== 'source') return;
    for (const other of this.#paths.of(session)) {
      if (other === path) continue;
      other.sessions.delete(session);
      if (other.sessions.size === 0 && !this.#kept.holds(other)) other.connection.reset();
    }
  }

  #keepAlive({ connection }: Path): void {
    const transactionId = this.random.bytes(12);
    connection.write(
      encodeStun({ class: 'indication', method: stunMethods.binding, transactionId, attributes: [] }),
    );
  }
}

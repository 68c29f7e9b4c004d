// The agent's local port over TCP: a listener, and connections from the same port to where peers are. Through NATs both
// sides connect at the moment that the server set, by simultaneous open (RFC 9293 §3.5); each 4-tuple is tried once a
// session, because NATs remember what failed: a further attempt leaves from a fresh port (tcp-fresh.ts). Where it is not
// known which port of the peer's is open, many are tried (tcp-search.ts). tcp-finding.ts puts these together.

import type { Net, TcpListener } from '@pinhole/net';
import {
  type Endpoint,
  encodeStun,
  frameProbe,
  ip,
  looksLikeStun,
  sameEndpoint,
  stunMethods,
  type TcpFigures,
} from '@pinhole/wire';
import type { Stream } from '../path/stream-prober.ts';
import type { Arrival, Sent, Session } from '../session/session.ts';
import { type BulkLine, streamLine } from '../throughput/line.ts';
import { KeptWays } from './kept.ts';
import type { AgentPort, KeptWay, PortHandler, Way } from './port.ts';
import { Sessions } from './sessions.ts';
import { Connections } from './tcp-connections.ts';
import { Finding } from './tcp-finding.ts';
import type { Path, Paths } from './tcp-paths.ts';

/** After its last session as a target: the source closes first, so that its next SYN finds nothing of the old. */
const idleLimitMs = 15_000;
/** A peer that does not read: beyond this nothing is queued for it. */
const maxBufferedBytes = 256 << 10;

export class TcpPort implements AgentPort {
  readonly clock;
  readonly random;
  readonly sessions: Sessions;
  readonly #connections: Connections;
  readonly #paths: Paths;
  readonly #finding: Finding;
  readonly #kept: KeptWays<Path>;
  /** Whose message is being dealt with: the answer goes the way that the question came. */
  #arriving: Path | null = null;
  #listener: TcpListener | null = null;

  private constructor(net: Net, port: number, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.sessions = new Sessions((check) => handler.beginSession(check, this));
    this.#connections = new Connections({
      clock: net.clock,
      transmitStamps: net.tcp.features.transmitStamps,
      onMessage: (path, kind, data, when) => this.#take(path, kind, data, when),
      onBulk: ({ connection }, header, octets, receivedAtNs) =>
        this.sessions.takeBulk(header, octets, connection.remote, receivedAtNs),
      onLost: (path) => this.#lost(path),
    });
    this.#paths = this.#connections.paths;
    this.#finding = new Finding({
      net,
      testPort: port,
      connections: this.#connections,
      isKept: (path) => this.#kept.holds(path),
    });
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
    opened.#listener = await net.tcp.listen({ local, reusePort: true }, (connection) =>
      opened.#connections.accept(connection),
    );
    return opened;
  }

  giveUp(session: Session): void {
    this.#finding.giveUp(session);
  }

  release(session: Session): void {
    this.sessions.remove(session);
    this.#finding.release(session);
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
    this.#finding.reach(session, way);
  }

  renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    return this.#finding.renew(sessionId, server);
  }

  evidence(session: Session): string | null {
    return this.#finding.evidence(session);
  }

  keep(session: Session, { remote, method, peerAgentId }: KeptWay & { peerAgentId: string }): void {
    const path = this.#paths.to(remote, session);
    if (!path?.sessions.has(session)) return;
    // To find another costs more than to share it.
    path.isAlone = false;
    this.#kept.keep(peerAgentId, { remote, method }, path);
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
    const { stamps } = this.#connections;
    const stamp = onStamped !== undefined && stamps.available;
    const id = connection.write(looksLikeStun(data) ? data : frameProbe(data), { stamp });
    if (stamp) stamps.wait(connection, id, (each) => onStamped(each.atNs));
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
    const { stamps } = this.#connections;
    if (path === undefined || !stamps.available) return null;
    const { connection } = path;
    return {
      local: connection.local,
      remote: connection.remote,
      info: () => connection.info(),
      send: (data, ttl, onStamped) => {
        if (!this.#paths.has(path)) return;
        const id = connection.write(data, { stamp: true, ttl });
        stamps.wait(connection, id, onStamped);
      },
    };
  }

  /** Flows of a trace are not let in over TCP: each is one SYN, and after the first none would come through. */
  openWay(): void {}

  close(): void {
    this.#listener?.close();
    this.sessions.abandonAll();
    this.#finding.close();
    this.#kept.close();
    this.#connections.close();
  }

  #lost(path: Path): void {
    this.#kept.lost(path);
    for (const session of path.sessions) this.#finding.lost(session);
  }

  #take(
    path: Path,
    kind: 'control' | 'probe',
    data: Uint8Array,
    when: Pick<Arrival, 'receivedAtNs' | 'inCompany'>,
  ): void {
    const { remote, local } = path.connection;
    const arrival = { ...when, from: remote, to: local.address, ttl: null };
    this.#arriving = path;
    const session =
      kind === 'control'
        ? this.sessions.takeStun(data, arrival, () => false)
        : this.sessions.takeStamp({ ...arrival, data, dscp: null });
    this.#arriving = null;
    if (session === null || this.sessions.get(session.sessionId) !== session) return;
    this.#connections.claim(path);
    path.sessions.add(session);
    this.#paths.prefer(path);
    if (this.#finding.found(session)) this.#leaveOthers(session, path);
  }

  /** The source uses the first path on which its peer speaks. The target leaves the others to the source. */
  #leaveOthers(session: Session, path: Path): void {
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

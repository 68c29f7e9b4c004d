// The agent's local port over UDP: everything comes in and goes out by one socket, and is told apart here. A session
// that a search has brought together may go by a fresh port of its own.

import type { Datagram, Net, TransmitStamp, UdpSocket } from '@pinhole/net';
import {
  type Endpoint,
  encodeStun,
  ip,
  looksLikeBulk,
  looksLikeStun,
  sameEndpoint,
  stunMethods,
} from '@pinhole/wire';
import type { Flow } from '../path/flow.ts';
import type { Sent, Session } from '../session/session.ts';
import { type BulkLine, datagramLine } from '../throughput/line.ts';
import { KeptWays } from './kept.ts';
import type { AgentPort, KeptWay, PortHandler, Way } from './port.ts';
import { SearchBudget } from './search-budget.ts';
import { SearchPace } from './search-pace.ts';
import { Sessions } from './sessions.ts';
import { StampsAwaited } from './stamps-awaited.ts';
import { UdpFreshPorts } from './udp-fresh.ts';
import { UdpSearch } from './udp-search.ts';

/** As much as the system gives: while this program is busy elsewhere, bulk packets must not push others' probes out. */
const bufferBytes = 1 << 20;
/** Of all searches together: two at once have what the largest takes. */
const maxSearchSockets = 2048;

export class UdpPort implements AgentPort {
  readonly clock;
  readonly random;
  readonly sessions: Sessions;
  readonly #net: Net;
  readonly #handler: PortHandler;
  readonly #stamps: StampsAwaited<UdpSocket, TransmitStamp>;
  readonly #kept: KeptWays<UdpSocket>;
  readonly #fresh: UdpFreshPorts;
  /** The latest last: the others are over. */
  readonly #searches = new Map<Session, UdpSearch[]>();
  /** By which port a session goes, where it is not the test port. */
  readonly #lines = new Map<Session, UdpSocket>();
  /** Those that have found their way: what comes late to another port does not turn them. */
  readonly #settled = new WeakSet<Session>();
  readonly #pace: SearchPace;
  /** Those in which paths are being traced. */
  readonly #flows = new Set<Flow>();
  readonly #searchSockets = new SearchBudget(maxSearchSockets);
  /** What is being dealt with: an answer leaves by the port that the question came to. */
  #arriving: { readonly socket: UdpSocket; readonly from: Endpoint } | null = null;
  #testPort: UdpSocket | null = null;

  private constructor(net: Net, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.#net = net;
    this.#handler = handler;
    this.sessions = new Sessions((check) => handler.beginSession(check, this));
    this.#stamps = new StampsAwaited(net.udp.features.transmitStamps);
    this.#pace = new SearchPace(net.clock);
    this.#fresh = new UdpFreshPorts(net, (local) => this.#open(local));
    this.#kept = new KeptWays({
      clock: net.clock,
      refresh: ({ remote }, socket) => socket.send({ data: this.#keepAlive(), to: remote }),
      onDropped: (socket) => this.#drop(socket),
    });
  }

  /** Rejects with SocketError where the port cannot be had. */
  static async open(net: Net, port: number, handler: PortHandler): Promise<UdpPort> {
    const opened = new UdpPort(net, handler);
    opened.#testPort = await opened.#open({ address: ip('0.0.0.0'), port });
    return opened;
  }

  giveUp(session: Session): void {
    const line = this.#lines.get(session) ?? null;
    for (const search of this.#searches.get(session) ?? []) search.stop(line);
    for (const fresh of this.#fresh.release(session.sessionId)) this.#closeIfUnused(fresh);
  }

  release(session: Session): void {
    this.sessions.remove(session);
    this.giveUp(session);
    const line = this.#lines.get(session);
    this.#searches.delete(session);
    this.#lines.delete(session);
    if (line !== undefined) this.#closeIfUnused(line);
  }

  reach(session: Session, { candidates, startAtMs, openerTtl, search, onExhausted }: Way): void {
    const [first] = candidates;
    const testPort = this.#testPort;
    if (first === undefined || testPort === null) return;
    // It may have ended, or found its way, while this was under way.
    if (this.sessions.get(session.sessionId) !== session || !session.connecting) return;
    session.soughtAt = first;
    const fresh = this.#fresh.take(session.sessionId);
    const line = fresh ?? this.#kept.to(first) ?? testPort;
    this.#go(session, line);
    if (search === null) {
      session.addCandidates(candidates, startAtMs, openerTtl);
      return;
    }
    const earlier = this.#searches.get(session) ?? [];
    earlier.at(-1)?.stop(null);
    const underway = new UdpSearch({
      net: this.#net,
      session,
      search,
      address: first.address,
      startAtMs,
      openerTtl,
      testPort: line,
      open: (local) => this.#open(local),
      close: (socket) => this.#close(socket),
      sockets: this.#searchSockets,
      pace: this.#pace,
      onExhausted: () => onExhausted?.(),
    });
    this.#searches.set(session, [...earlier, underway]);
  }

  renew(sessionId: Uint8Array, server: Endpoint): Promise<Endpoint | null> {
    return this.#fresh.renew(sessionId, server);
  }

  evidence(session: Session): string | null {
    const searches = this.#searches.get(session);
    return searches === undefined ? null : searches.map(({ summary }) => summary).join('; ');
  }

  keep(session: Session, { peerAgentId, ...way }: KeptWay & { readonly peerAgentId: string }): void {
    const socket = this.#lines.get(session) ?? this.#testPort;
    if (socket !== null) this.#kept.keep(peerAgentId, way, socket);
  }

  kept(peerAgentId: string): KeptWay | null {
    return this.#kept.of(peerAgentId)?.way ?? null;
  }

  forget(peerAgentId: string): void {
    this.#kept.forget(peerAgentId);
  }

  send(
    request: { session: Session; data: Uint8Array; to: Endpoint; ttl?: number; dscp?: number },
    onStamped?: (atNs: number) => void,
  ): Sent {
    const { session, ...datagram } = request;
    const socket = this.#lineTo(session, datagram.to);
    const stamp = onStamped !== undefined && this.#stamps.available;
    const outcome = socket?.send({ ...datagram, stamp });
    if (socket === null || outcome === undefined) return { sent: false, atNs: this.clock.monotonicNs() };
    if (!outcome.sent) {
      return { sent: false, atNs: this.clock.monotonicNs(), tooBig: outcome.reason === 'too-big' };
    }
    if (stamp) this.#stamps.wait(socket, outcome.id, (each) => onStamped(each.atNs));
    return { sent: true, atNs: outcome.atNs };
  }

  tcpFigures(): null {
    return null;
  }

  bulkLine(
    session: Session,
    how: { readonly to: Endpoint; readonly dscp: number; readonly tag: Uint8Array },
  ): BulkLine {
    return datagramLine(() => this.#lineTo(session, how.to), how);
  }

  openWay(session: Session, to: Endpoint): void {
    this.#lineTo(session, to)?.send({ data: this.#keepAlive(), to });
  }

  flow(session: Session, target: Endpoint): Flow {
    const socket = this.#lineTo(session, target);
    const flow: Flow = {
      target,
      localPort: (socket ?? this.#testPort)?.local.port ?? 0,
      onIcmp: null,
      send: (data, ttl, onStamped) =>
        this.send({ session, data, to: target, ...(ttl !== undefined && { ttl }) }, onStamped),
      close: () => this.#flows.delete(flow),
    };
    this.#flows.add(flow);
    return flow;
  }

  /** From the test port, for what is no session's. */
  sendPlain(data: Uint8Array, to: Endpoint): void {
    this.#testPort?.send({ data, to });
  }

  close(): void {
    for (const search of [...this.#searches.values()].flat()) search.stop(null);
    this.#pace.close();
    const lines = [...this.#lines.values(), ...this.#fresh.close()];
    this.#lines.clear();
    for (const line of lines) this.#closeIfUnused(line);
    this.#kept.close();
    this.#testPort?.close();
    this.sessions.abandonAll();
    this.#stamps.clear();
  }

  async #open(local: Endpoint): Promise<UdpSocket> {
    const socket: UdpSocket = await this.#net.udp.open(
      { local, dontFragment: true, bufferBytes },
      {
        onDatagrams: (batch) => this.#take(socket, batch),
        onTransmitted: (each) => this.#stamps.stamped(socket, each),
        onUnreachable: (report) => {
          for (const flow of this.#flows) flow.onIcmp?.(report);
        },
      },
    );
    return socket;
  }

  #take(socket: UdpSocket, batch: readonly Datagram[]): void {
    for (const datagram of batch) {
      const { data, from, receivedAtNs } = datagram;
      if (looksLikeBulk(data)) {
        this.sessions.takeBulk(data, data.length, from, receivedAtNs);
        continue;
      }
      this.#arriving = { socket, from };
      const session = looksLikeStun(data)
        ? this.sessions.takeStun(data, datagram, (decoded) => this.#handler.takeRendezvous(decoded, from))
        : this.sessions.takeStamp(datagram);
      this.#arriving = null;
      if (session !== null) this.#follow(session, socket);
    }
  }

  /** The peer decides by which port it goes: where more than one way was found, the one it uses. */
  #follow(session: Session, socket: UdpSocket): void {
    const isAlive = this.sessions.get(session.sessionId) === session;
    if (!isAlive || this.#settled.has(session)) return;
    this.#go(session, socket);
    if (!session.connecting) this.#settled.add(session);
  }

  /** What the session sends leaves by this port from now on. */
  #go(session: Session, socket: UdpSocket): void {
    if (socket === this.#testPort) this.#lines.delete(session);
    else this.#lines.set(session, socket);
  }

  #lineTo(session: Session, to: Endpoint): UdpSocket | null {
    const arriving = this.#arriving;
    if (arriving !== null && sameEndpoint(arriving.from, to)) return arriving.socket;
    return this.#lines.get(session) ?? this.#testPort;
  }

  /** A way that is kept no longer; a session that tries it yet has not found it to be one. */
  #drop(socket: UdpSocket): void {
    for (const [session, line] of this.#lines) {
      if (line === socket && session.connecting) this.#lines.delete(session);
    }
    this.#closeIfUnused(socket);
  }

  #closeIfUnused(socket: UdpSocket): void {
    const isUsed = [...this.#lines.values()].includes(socket) || this.#kept.holds(socket);
    if (socket === this.#testPort || isUsed) return;
    this.#close(socket);
  }

  #close(socket: UdpSocket): void {
    socket.close();
    this.#stamps.drop(socket);
  }

  /** RFC 8445 §11: a Binding indication. */
  #keepAlive(): Uint8Array {
    return encodeStun({
      class: 'indication',
      method: stunMethods.binding,
      transactionId: this.random.bytes(12),
      attributes: [],
    });
  }
}

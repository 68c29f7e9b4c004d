// The agent's one local port: everything over UDP comes in and goes out here, and is told apart here.
//
//   STUN of the NAT traversal server   by where it comes from → the registration
//   STUN of a peer                     by the session it names → that session, or one that it begins
//   STAMP                              by its SSID → the session
//   anything else                      dropped and counted

import type { Datagram, Net, UdpSocket } from '@pinhole/net';
import {
  type DecodedStun,
  decodeSessionMessage,
  decodeStun,
  type Endpoint,
  ip,
  looksLikeStun,
  type SessionMessage,
} from '@pinhole/wire';
import { ssidOf } from './session/probes.ts';
import type { Session, SessionPort } from './session/session.ts';

export interface PortHandler {
  /** A STUN message that names no session; false where it is not from the NAT traversal server either. */
  takeRendezvous(decoded: DecodedStun, from: Endpoint): boolean;
  /** A check of a session not heard of: the session, if this agent is its target; not yet authenticated. */
  beginSession(check: SessionMessage, from: Endpoint): Session | null;
}

export interface PortCounters {
  droppedNotOurs: number;
  droppedUnknownSession: number;
  droppedNotAuthentic: number;
}

/** Sessions at once: more than rounds can overlap, and a bound for whoever replays checks. */
export const maxSessions = 256;
/** Stamps waited for; a stamp that has not come after so many more sends never will. */
const maxAwaitedStamps = 4096;

export class AgentPort implements SessionPort {
  readonly clock;
  readonly random;
  readonly counters: PortCounters = { droppedNotOurs: 0, droppedUnknownSession: 0, droppedNotAuthentic: 0 };
  readonly #handler: PortHandler;
  readonly #sessions = new Map<string, Session>();
  readonly #bySsid = new Map<number, Set<Session>>();
  readonly #awaitedStamps = new Map<number, (atNs: number) => void>();
  /** Whether sends can be stamped at all. */
  readonly #stamps: boolean;
  #socket: UdpSocket | null = null;

  private constructor(net: Net, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.#handler = handler;
    this.#stamps = net.udp.features.transmitStamps;
  }

  /** Rejects with SocketError where the port cannot be had. */
  static async open(net: Net, port: number, handler: PortHandler): Promise<AgentPort> {
    const opened = new AgentPort(net, handler);
    opened.#socket = await net.udp.open(
      { local: { address: ip('0.0.0.0'), port } },
      {
        onDatagrams: (batch) => {
          for (const datagram of batch) opened.#receive(datagram);
        },
        onTransmitted: ({ id, atNs }) => {
          const stamped = opened.#awaitedStamps.get(id);
          opened.#awaitedStamps.delete(id);
          stamped?.(atNs);
        },
      },
    );
    return opened;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  session(sessionId: Uint8Array): Session | undefined {
    return this.#sessions.get(keyOf(sessionId));
  }

  add(session: Session): void {
    this.#sessions.set(keyOf(session.sessionId), session);
    for (const ssid of session.ssids) {
      const sharing = this.#bySsid.get(ssid) ?? new Set();
      this.#bySsid.set(ssid, sharing.add(session));
    }
  }

  remove(session: Session): void {
    this.#sessions.delete(keyOf(session.sessionId));
    for (const ssid of session.ssids) {
      const sharing = this.#bySsid.get(ssid);
      sharing?.delete(session);
      if (sharing?.size === 0) this.#bySsid.delete(ssid);
    }
  }

  send(
    request: { data: Uint8Array; to: Endpoint; ttl?: number; dscp?: number },
    onStamped?: (atNs: number) => void,
  ): { sent: boolean; atNs: number } {
    const stamp = onStamped !== undefined && this.#stamps;
    const outcome = this.#socket?.send({ ...request, stamp });
    if (outcome === undefined || !outcome.sent) return { sent: false, atNs: this.clock.monotonicNs() };
    if (stamp) {
      this.#awaitedStamps.set(outcome.id, onStamped);
      if (this.#awaitedStamps.size > maxAwaitedStamps) {
        this.#awaitedStamps.delete(this.#awaitedStamps.keys().next().value as number);
      }
    }
    return { sent: true, atNs: outcome.atNs };
  }

  /** Ends all sessions; no handler is called from here on. */
  close(): void {
    this.#socket?.close();
    for (const session of this.#sessions.values()) session.abandon();
    this.#sessions.clear();
    this.#bySsid.clear();
    this.#awaitedStamps.clear();
  }

  #receive(datagram: Datagram): void {
    if (looksLikeStun(datagram.data)) this.#receiveStun(datagram);
    else this.#receiveStamp(datagram);
  }

  #receiveStun({ data, from }: Datagram): void {
    const decoded = decodeStun(data);
    if (!decoded.ok) {
      this.counters.droppedNotOurs += 1;
      return;
    }
    const message = decodeSessionMessage(decoded.value.message);
    if (!message.ok) {
      if (!this.#handler.takeRendezvous(decoded.value, from)) this.counters.droppedNotOurs += 1;
      return;
    }
    const known = this.session(message.value.sessionId);
    const session = known ?? (message.value.body.kind === 'check' ? this.#begin(message.value, from) : null);
    if (session === null) {
      this.counters.droppedUnknownSession += 1;
      return;
    }
    if (session.takeControl(decoded.value, from)) {
      if (known === undefined) this.add(session);
      return;
    }
    this.counters.droppedNotAuthentic += 1;
    if (known === undefined) session.abandon();
  }

  #begin(check: SessionMessage, from: Endpoint): Session | null {
    return this.#sessions.size >= maxSessions ? null : this.#handler.beginSession(check, from);
  }

  #receiveStamp(datagram: Datagram): void {
    const ssid = ssidOf(datagram.data);
    const sharing = ssid === null ? undefined : this.#bySsid.get(ssid);
    if (sharing === undefined) {
      this.counters.droppedNotOurs += 1;
      return;
    }
    for (const session of sharing) if (session.takeProbe(datagram)) return;
    this.counters.droppedNotAuthentic += 1;
  }
}

function keyOf(sessionId: Uint8Array): string {
  return Buffer.from(sessionId.buffer, sessionId.byteOffset, sessionId.length).toString('hex');
}

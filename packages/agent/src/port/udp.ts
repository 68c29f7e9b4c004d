// The agent's local port over UDP: everything comes in and goes out by one socket, and is told apart here.

import type { Net, UdpSocket } from '@pinhole/net';
import { type Endpoint, ip, looksLikeStun } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { AgentPort, PortHandler } from './port.ts';
import { Sessions } from './sessions.ts';

/** Stamps waited for; a stamp that has not come after so many more sends never will. */
const maxAwaitedStamps = 4096;

export class UdpPort implements AgentPort {
  readonly clock;
  readonly random;
  readonly sessions: Sessions;
  readonly #awaitedStamps = new Map<number, (atNs: number) => void>();
  /** Whether sends can be stamped at all. */
  readonly #stamps: boolean;
  #socket: UdpSocket | null = null;

  private constructor(net: Net, handler: PortHandler) {
    this.clock = net.clock;
    this.random = net.random;
    this.sessions = new Sessions((check) => handler.beginSession(check, this));
    this.#stamps = net.udp.features.transmitStamps;
  }

  /** Rejects with SocketError where the port cannot be had. */
  static async open(net: Net, port: number, handler: PortHandler): Promise<UdpPort> {
    const opened = new UdpPort(net, handler);
    const sessions = opened.sessions;
    opened.#socket = await net.udp.open(
      { local: { address: ip('0.0.0.0'), port } },
      {
        onDatagrams: (batch) => {
          for (const datagram of batch) {
            const { data, from } = datagram;
            if (!looksLikeStun(data)) sessions.takeStamp(datagram);
            else sessions.takeStun(data, from, (decoded) => handler.takeRendezvous(decoded, from));
          }
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

  release(session: Session): void {
    this.sessions.remove(session);
  }

  reach(session: Session, candidates: readonly Endpoint[], startAtMs: number): void {
    session.addCandidates(candidates, startAtMs);
  }

  evidence(): string | null {
    return null;
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

  close(): void {
    this.#socket?.close();
    this.sessions.abandonAll();
    this.#awaitedStamps.clear();
  }
}

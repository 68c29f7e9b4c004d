// The sessions of one port, and which of them a message is for.
//
//   STUN of a peer   by the session it names → that session, or one that it begins
//   STAMP            by its SSID → the session
//   bulk packets     by their tag → the one throughput that is being measured
//   anything else    not ours, counted

import type { Datagram } from '@pinhole/net';
import {
  bulkSequence,
  type DecodedStun,
  decodeSessionMessage,
  decodeStun,
  type Endpoint,
  type SessionMessage,
  stunMethods,
} from '@pinhole/wire';
import { keyOf } from '../session/key.ts';
import { ssidOf } from '../session/probes.ts';
import type { Arrival, Session } from '../session/session.ts';

export interface PortCounters {
  droppedNotOurs: number;
  droppedUnknownSession: number;
  droppedNotAuthentic: number;
}

/** Takes bulk packets with its tag, or pieces of them: `octets` came, of a packet with this number. */
export interface BulkSink {
  readonly tag: Uint8Array;
  take(from: Endpoint, sequence: number, octets: number, receivedAtNs: number): void;
}

/** Sessions at once: more than rounds can overlap, and a bound for whoever replays checks. */
export const maxSessions = 256;

export class Sessions {
  readonly counters: PortCounters = { droppedNotOurs: 0, droppedUnknownSession: 0, droppedNotAuthentic: 0 };
  /** Of the throughput that is being measured. */
  bulk: BulkSink | null = null;
  readonly #begin: (check: SessionMessage) => Session | null;
  readonly #byId = new Map<string, Session>();
  readonly #bySsid = new Map<number, Set<Session>>();

  /** `begin` makes the session of a check that names one not heard of, or null. */
  constructor(begin: (check: SessionMessage) => Session | null) {
    this.#begin = begin;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(sessionId: Uint8Array): Session | undefined {
    return this.#byId.get(keyOf(sessionId));
  }

  add(session: Session): void {
    this.#byId.set(keyOf(session.sessionId), session);
    for (const ssid of session.ssids) {
      const sharing = this.#bySsid.get(ssid) ?? new Set();
      this.#bySsid.set(ssid, sharing.add(session));
    }
  }

  remove(session: Session): void {
    this.#byId.delete(keyOf(session.sessionId));
    for (const ssid of session.ssids) {
      const sharing = this.#bySsid.get(ssid);
      sharing?.delete(session);
      if (sharing?.size === 0) this.#bySsid.delete(ssid);
    }
  }

  abandonAll(): void {
    for (const session of this.#byId.values()) session.abandon();
    this.#byId.clear();
    this.#bySsid.clear();
  }

  /** The session that took a STUN message; `other` has what is a message of STUN's but of no session. */
  takeStun(bytes: Uint8Array, arrival: Arrival, other: (decoded: DecodedStun) => boolean): Session | null {
    const decoded = decodeStun(bytes);
    // A kept way's keep-alive (RFC 8445 §11): nothing is to be done.
    if (decoded.ok && isBindingIndication(decoded.value.message)) return null;
    const message = decoded.ok ? decodeSessionMessage(decoded.value.message) : null;
    if (!decoded.ok || message === null || !message.ok) {
      if (!decoded.ok || !other(decoded.value)) this.counters.droppedNotOurs += 1;
      return null;
    }
    const known = this.get(message.value.sessionId);
    const isNew = known === undefined && message.value.body.kind === 'check' && this.size < maxSessions;
    const session = known ?? (isNew ? this.#begin(message.value) : null);
    if (session === null) {
      this.counters.droppedUnknownSession += 1;
      return null;
    }
    // Known before it answers: over TCP its answer goes by the connection that this makes its own.
    if (known === undefined) this.add(session);
    if (session.takeControl(decoded.value, arrival)) return session;
    this.counters.droppedNotAuthentic += 1;
    if (known === undefined) {
      this.remove(session);
      session.abandon();
    }
    return null;
  }

  /** `packet` has its header at least. */
  takeBulk(packet: Uint8Array, octets: number, from: Endpoint, receivedAtNs: number): void {
    const sequence = this.bulk === null ? null : bulkSequence(packet, this.bulk.tag);
    if (sequence === null) this.counters.droppedNotOurs += 1;
    else this.bulk?.take(from, sequence, octets, receivedAtNs);
  }

  takeStamp(datagram: Datagram): Session | null {
    const ssid = ssidOf(datagram.data);
    const sharing = ssid === null ? undefined : this.#bySsid.get(ssid);
    if (sharing === undefined) {
      this.counters.droppedNotOurs += 1;
      return null;
    }
    for (const session of sharing) if (session.takeProbe(datagram)) return session;
    this.counters.droppedNotAuthentic += 1;
    return null;
  }
}

function isBindingIndication({ class: messageClass, method }: DecodedStun['message']): boolean {
  return messageClass === 'indication' && method === stunMethods.binding;
}

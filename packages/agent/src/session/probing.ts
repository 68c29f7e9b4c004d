// The driver of a session's STAMP packets: what leaves and comes, between codec, port and the session's log.

import type { Datagram } from '@pinhole/net';
import type { Endpoint, SessionPlan } from '@pinhole/wire';
import { type ProbeCodec, type ProbePacket, probeTtl } from './probes.ts';
import type { Session, SessionPort } from './session.ts';
import type { SessionEvent } from './state.ts';
import { nsFromNtp, ntpFromNs, type Origin } from './time.ts';

export interface ProbingOptions {
  readonly session: Session;
  readonly port: SessionPort;
  readonly codec: ProbeCodec;
  /** Where the log's times begin. */
  readonly origin: Origin;
  readonly feed: (event: SessionEvent) => void;
}

export class Probing {
  readonly #options: ProbingOptions;
  /** T1 of each probe as it stood in the packet: a reflection must bring it back. */
  readonly #sentTimestamps = new Map<number, bigint>();
  #lastReflection: { sequence: number; timestamp: bigint } | null = null;

  constructor(options: ProbingOptions) {
    this.#options = options;
  }

  send(sequence: number, to: Endpoint, { payloadBytes, dscp }: SessionPlan): void {
    const { codec, feed } = this.#options;
    const { bytes, timestamp } = codec.encodeProbe(sequence, payloadBytes, () => this.#ntpNow());
    this.#sentTimestamps.set(sequence, timestamp);
    const sentAt = (atNs: number) => feed({ kind: 'probe-sent', sequence, atNs: this.#fromOrigin(atNs) });
    const { sent, atNs } = this.#sendPacket(bytes, to, dscp, sentAt);
    if (sent) sentAt(atNs);
  }

  /** Of the peer's. False where it is none of this session's. */
  take(datagram: Datagram, { dscp }: SessionPlan): boolean {
    const packet = this.#options.codec.decode(datagram.data);
    if (packet === null) return false;
    if (packet.kind === 'probe') this.#reflect(packet, datagram, dscp);
    else this.#takeReflection(packet, datagram);
    return true;
  }

  #reflect(probe: Extract<ProbePacket, { kind: 'probe' }>, datagram: Datagram, dscp: number): void {
    const { codec, feed } = this.#options;
    const { sequence } = probe.packet;
    const receivedAtNs = this.#fromOrigin(datagram.receivedAtNs);
    const received = { timestamp: this.#ntp(receivedAtNs), ttl: datagram.ttl };
    const data = codec.encodeReflection(probe, datagram.data.length, received, this.#lastReflection, () =>
      this.#ntpNow(),
    );
    const { sent, atNs } = this.#sendPacket(data, datagram.from, dscp, (stampedAtNs) => {
      const at = this.#fromOrigin(stampedAtNs);
      this.#lastReflection = { sequence, timestamp: this.#ntp(at) };
      feed({ kind: 'reflection-stamped', sequence, atNs: at });
    });
    feed({
      kind: 'probe-received',
      sequence,
      sentAtNs: this.#fromNtp(probe.packet.timestamp),
      receivedAtNs,
      reflectedAtNs: sent ? this.#fromOrigin(atNs) : null,
      dscp: datagram.dscp,
    });
  }

  #takeReflection(
    { packet, followUp }: Extract<ProbePacket, { kind: 'reflection' }>,
    datagram: Datagram,
  ): void {
    const { feed } = this.#options;
    const { senderSequence } = packet;
    if (this.#sentTimestamps.get(senderSequence) !== packet.senderTimestamp) return;
    feed({
      kind: 'reflection-received',
      sequence: senderSequence,
      t2Ns: this.#fromNtp(packet.receiveTimestamp),
      t3Ns: this.#fromNtp(packet.timestamp),
      t4Ns: this.#fromOrigin(datagram.receivedAtNs),
    });
    if (followUp === null) return;
    feed({ kind: 'follow-up', sequence: followUp.sequence, t3Ns: this.#fromNtp(followUp.timestamp) });
  }

  #sendPacket(data: Uint8Array, to: Endpoint, dscp: number, onStamped: (atNs: number) => void) {
    const { port, session } = this.#options;
    return port.send({ session, data, to, ttl: probeTtl, dscp }, onStamped);
  }

  /** Of the monotonic clock's. */
  #fromOrigin(atNs: number): number {
    return atNs - this.#options.origin.originNs;
  }

  #fromNtp(time: bigint): number {
    return nsFromNtp(time, this.#options.origin.originUnixNs);
  }

  #ntp(ns: number): bigint {
    return ntpFromNs(ns, this.#options.origin.originUnixNs);
  }

  #ntpNow(): bigint {
    return this.#ntp(this.#fromOrigin(this.#options.port.clock.monotonicNs()));
  }
}

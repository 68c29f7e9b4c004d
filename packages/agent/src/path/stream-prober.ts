// Probes inside an established TCP connection: Trace requests, each in a segment of its own with its TTL. Where one dies on
// the way the kernel sends it again as usual, so the stream stays whole; the router's ICMP error quotes its sequence number.

import type { IcmpSocket, Net, RawIcmpReport, TcpInfo, TcpTransmitStamp } from '@pinhole/net';
import { type Endpoint, type IpAddress, sameEndpoint } from '@pinhole/wire';
import type { Arrival, Session, TracingAnswer } from '../session/session.ts';
import { nonceBytes, probeId, probeOfId } from './probe-id.ts';
import { probeGapMs, type TraceProbe } from './trace.ts';
import type { Heard, Prober } from './tracer.ts';
import { errorKind } from './udp-prober.ts';

/** The session's connection. */
export interface Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  info(): TcpInfo | null;
  send(data: Uint8Array, ttl: number, onStamped: (stamp: TcpTransmitStamp) => void): void;
}

interface Awaited {
  readonly ttl: number;
  readonly sentAtNs: number;
  readonly onHeard: (heard: Heard) => void;
}

/** What became of a probe that nothing else was under way with. */
export type Arrived =
  /** It had to be sent again, or has not been answered in time: it has not reached the peer as it was sent. */
  | { readonly reached: false }
  /**
   * `isCertain`: the answer came by itself. Where it came together with others of the peer's it may have been here earlier,
   * behind one that had died on its way: the peer traces, too.
   */
  | { readonly reached: true; readonly roundTripMs: number; readonly isCertain: boolean };

/** Stamps of different descriptors are brought to one clock at different moments. */
const clockNoiseMs = 1;
/** More than probes can be under way. */
const maxEarly = 64;

export class StreamProber implements Prober {
  readonly #net: Net;
  readonly #session: Session;
  readonly #stream: Stream;
  readonly #nonce: Uint8Array;
  readonly #bySequence = new Map<number, Awaited>();
  /** Errors whose segment's stamp has not been read yet: the two come from different descriptors. */
  readonly #early = new Map<number, RawIcmpReport>();
  /** Of the routers: by which probe they were heard of last. */
  readonly #nearest = new Map<IpAddress, { readonly ttl: number; readonly roundTripMs: number }>();
  /** Probes whose answers have not come: of those that died, what was sent again brings it. */
  readonly #open = new Map<string, (arrival: Arrival) => void>();
  #icmp: IcmpSocket | null = null;

  private constructor(net: Net, session: Session, stream: Stream) {
    this.#net = net;
    this.#session = session;
    this.#stream = stream;
    this.#nonce = net.random.bytes(nonceBytes);
    session.tracingAnswers.add(this.#take);
  }

  /** Null where ICMP cannot be read. */
  static async open(net: Net, session: Session, stream: Stream): Promise<StreamProber | null> {
    const prober = new StreamProber(net, session, stream);
    const handler = { onError: (report: RawIcmpReport) => prober.#onError(report) };
    prober.#icmp = await net.icmp.open(handler).catch(() => null);
    if (prober.#icmp !== null) return prober;
    prober.close();
    return null;
  }

  /** All that was sent has arrived, as its answers tell. */
  get isWhole(): boolean {
    return this.#open.size === 0;
  }

  /** Only routers are heard: over a stream every probe comes to the peer in the end. */
  send(probe: TraceProbe, onHeard: (heard: Heard) => void): void {
    const id = probeId(this.#nonce, probe);
    this.#open.set(keyOf(id), () => undefined);
    this.#stream.send(this.#message(id), probe.ttl, ({ sequence, atNs }) => {
      if (sequence === null) return;
      this.#bySequence.set(sequence, { ttl: probe.ttl, sentAtNs: atNs, onHeard });
      const early = this.#early.get(sequence);
      this.#early.delete(sequence);
      if (early !== undefined) this.#onError(early);
    });
  }

  /** Sends a probe, where nothing else is under way, and tells what became of it. */
  async arrives(probe: TraceProbe, timeoutMs: number): Promise<Arrived> {
    const { clock } = this.#net;
    const id = probeId(this.#nonce, probe);
    const before = this.#stream.info()?.retransmissions ?? null;
    let sentAtNs = clock.monotonicNs();
    const answered = new Promise<Arrival | null>((resolve) => {
      const timer = clock.after(timeoutMs, () => resolve(null));
      this.#open.set(keyOf(id), (arrival) => {
        timer.cancel();
        resolve(arrival);
      });
    });
    // What the window had no room for leaves later, with the usual TTL, and proves nothing.
    let leftAsAsked = false;
    this.#stream.send(this.#message(id), probe.ttl, ({ atNs, sequence }) => {
      sentAtNs = atNs;
      leftAsAsked = sequence !== null;
    });
    const arrival = await answered;
    const after = this.#stream.info()?.retransmissions ?? null;
    if (arrival === null || !leftAsAsked || before === null || after !== before) return { reached: false };
    const roundTripMs = Math.max(0, arrival.receivedAtNs - sentAtNs) / 1e6;
    return { reached: true, roundTripMs, isCertain: arrival.inCompany !== true };
  }

  close(): void {
    this.#session.tracingAnswers.delete(this.#take);
    this.#icmp?.close();
  }

  readonly #take = ({ transactionId, body, arrival }: TracingAnswer): void => {
    if (body.kind !== 'traced' || probeOfId(this.#nonce, transactionId) === null) return;
    const key = keyOf(transactionId);
    this.#open.get(key)?.(arrival);
    this.#open.delete(key);
  };

  #message(id: Uint8Array): Uint8Array {
    return this.#session.tracingMessage(id, { kind: 'trace', paddingBytes: 0 });
  }

  #onError(report: RawIcmpReport): void {
    const { from, receivedAtNs, error } = report;
    const { quoted, type, code, extensions } = error;
    const { local, remote } = this.#stream;
    if (quoted.protocol !== 'tcp' || !sameEndpoint(quoted.destination, remote)) return;
    const kind = errorKind(type, from);
    if (quoted.source.port !== local.port || kind === null) return;
    const awaited = this.#bySequence.get(quoted.tcpSequence);
    if (awaited === undefined) {
      if (this.#early.size < maxEarly) this.#early.set(quoted.tcpSequence, report);
      return;
    }
    const roundTripMs = (receivedAtNs - awaited.sentAtNs) / 1e6;
    if (this.#isOfAcknowledgement(from, awaited.ttl, roundTripMs)) return;
    this.#bySequence.delete(quoted.tcpSequence);
    this.#nearest.set(from, { ttl: awaited.ttl, roundTripMs });
    awaited.onHeard({
      by: { kind, address: from, icmp: { type, code } },
      roundTripMs: Math.max(0, roundTripMs),
      told: { mpls: extensions.mpls, quoted: { source: quoted.source, ttl: quoted.ttl } },
    });
  }

  /**
   * An acknowledgement that the kernel sends while the TTL is set for a probe dies with it, and has the sequence number of
   * the next: its error came before that left, or sooner than its router can have heard of it.
   */
  #isOfAcknowledgement(from: IpAddress, ttl: number, roundTripMs: number): boolean {
    const nearest = this.#nearest.get(from);
    const isSooner =
      nearest !== undefined && ttl > nearest.ttl && roundTripMs < nearest.roundTripMs - probeGapMs / 2;
    return roundTripMs < -clockNoiseMs || isSooner;
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}

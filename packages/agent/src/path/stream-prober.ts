// Probes inside an established TCP connection: Trace requests, each in a segment of its own with its TTL. Where one dies on
// the way the kernel sends it again as usual, so the stream stays whole; the router's ICMP error quotes its sequence number.

import type { IcmpSocket, Net, RawIcmpReport, TcpInfo, TcpTransmitStamp } from '@pinhole/net';
import { type Endpoint, sameEndpoint } from '@pinhole/wire';
import type { Session, TracingAnswer } from '../session/session.ts';
import { nonceBytes, probeId, probeOfId } from './probe-id.ts';
import type { TraceProbe } from './trace.ts';
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
  readonly sentAtNs: number;
  readonly onHeard: (heard: Heard) => void;
}

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
  /** Probes whose answers have not come: of those that died, what was sent again brings it. */
  readonly #open = new Map<string, (atNs: number) => void>();
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
      this.#bySequence.set(sequence, { sentAtNs: atNs, onHeard });
      const early = this.#early.get(sequence);
      this.#early.delete(sequence);
      if (early !== undefined) this.#onError(early);
    });
  }

  /**
   * Where nothing else is under way: resolves with the round trip in ms where the peer had this probe by its first
   * transmission, and with null where it had to be sent again, or has not been answered in time.
   */
  async arrives(probe: TraceProbe, timeoutMs: number): Promise<number | null> {
    const { clock } = this.#net;
    const id = probeId(this.#nonce, probe);
    const before = this.#stream.info()?.retransmissions ?? null;
    let sentAtNs = clock.monotonicNs();
    const answered = new Promise<number | null>((resolve) => {
      const timer = clock.after(timeoutMs, () => resolve(null));
      this.#open.set(keyOf(id), (atNs) => {
        timer.cancel();
        resolve(atNs);
      });
    });
    // What the window had no room for leaves later, with the usual TTL, and proves nothing.
    let leftAsAsked = false;
    this.#stream.send(this.#message(id), probe.ttl, ({ atNs, sequence }) => {
      sentAtNs = atNs;
      leftAsAsked = sequence !== null;
    });
    const atNs = await answered;
    const after = this.#stream.info()?.retransmissions ?? null;
    if (atNs === null || !leftAsAsked || before === null || after !== before) return null;
    return Math.max(0, atNs - sentAtNs) / 1e6;
  }

  close(): void {
    this.#session.tracingAnswers.delete(this.#take);
    this.#icmp?.close();
  }

  readonly #take = ({ transactionId, body, arrival }: TracingAnswer): void => {
    if (body.kind !== 'traced' || probeOfId(this.#nonce, transactionId) === null) return;
    const key = keyOf(transactionId);
    this.#open.get(key)?.(arrival.receivedAtNs);
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
    this.#bySequence.delete(quoted.tcpSequence);
    awaited.onHeard({
      by: { kind, address: from, icmp: { type, code } },
      roundTripMs: Math.max(0, receivedAtNs - awaited.sentAtNs) / 1e6,
      told: { mpls: extensions.mpls, quoted: { source: quoted.source, ttl: quoted.ttl } },
    });
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}

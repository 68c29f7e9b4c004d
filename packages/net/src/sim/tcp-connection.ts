// One end of a TCP connection (RFC 9293), without what a simulation has no need of: windows that close, urgent data,
// options, sequence numbers that wrap. Simultaneous open is section 3.5.

import type { Endpoint } from '@pinhole/wire';
import type {
  ConnectOptions,
  TcpConnection,
  TcpHandler,
  TcpIcmpReport,
  TcpInfo,
  WriteOptions,
} from '../types.ts';
import type { SimulatedHost } from './host.ts';
import { ACK, DEFAULT_TTL, FIN, NO_OCTETS, RST, SYN, type TcpPacket } from './packet.ts';
import { Delivery } from './tcp-delivery.ts';
import { KeepAlive, type KeepAliveOwner } from './tcp-keep-alive.ts';
import { ReceiveQueue } from './tcp-receive-queue.ts';
import { SendQueue, type SendQueueOwner } from './tcp-send-queue.ts';
import type { World } from './world.ts';

/** Linux: net.ipv4.tcp_syn_retries and tcp_retries2. */
const SYN_RETRIES = 6;
const DATA_RETRIES = 15;
/** Linux: TCP_TIMEWAIT_LEN. */
const TIME_WAIT_MS = 60_000;

export type OpenFailure = 'refused' | 'reset' | 'timeout' | 'unreachable';

export type ConnectionOptions = Pick<ConnectOptions, 'keepAliveMs' | 'ttl' | 'dscp' | 'mss'>;

/** Whom a connection tells. */
export interface TcpOwner {
  /** An error that the attempt met. @returns whether the attempt is to go on nevertheless */
  onIcmp(report: TcpIcmpReport): boolean;
  onEstablished(connection: SimulatedTcpConnection): void;
  onOpenFailed(reason: OpenFailure): void;
  /** The 4-tuple is free. */
  onGone(connection: SimulatedTcpConnection): void;
}

type State = 'syn-sent' | 'syn-received' | 'established' | 'time-wait' | 'closed';

export class SimulatedTcpConnection implements TcpConnection, SendQueueOwner, KeepAliveOwner {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly world: World;
  readonly #host: SimulatedHost;
  readonly #owner: TcpOwner;
  readonly #sending: SendQueue;
  readonly #delivery: Delivery;
  readonly #keepAlive: KeepAlive | null;
  readonly #options: ConnectionOptions;
  #state: State;
  #dscp: number;
  #nextId = 0;
  #received: ReceiveQueue | null = null;
  #finQueued = false;
  #finSent = false;
  #peerEnded = false;
  #endedFirst = false;

  /** With `peerSequence` it answers that SYN, without it sends its own. */
  constructor(
    host: SimulatedHost,
    owner: TcpOwner,
    local: Endpoint,
    remote: Endpoint,
    initialSequence: number,
    peerSequence: number | null,
    options: ConnectionOptions,
  ) {
    this.world = host.world;
    this.#host = host;
    this.#owner = owner;
    this.local = local;
    this.remote = remote;
    this.#options = options;
    this.#dscp = options.dscp ?? 0;
    this.#delivery = new Delivery(host.world);
    this.#keepAlive = options.keepAliveMs === undefined ? null : new KeepAlive(options.keepAliveMs, this);
    this.#sending = new SendQueue(initialSequence, options.mss, this);
    this.#state = peerSequence === null ? 'syn-sent' : 'syn-received';
    if (peerSequence !== null) this.#received = new ReceiveQueue(peerSequence + 1);
    this.#sending.send(peerSequence === null ? SYN : SYN | ACK, NO_OCTETS);
  }

  // ---- the program's side --------------------------------------------------------------------------------------

  get bufferedBytes(): number {
    return this.#sending.unsentBytes;
  }

  start(handler: TcpHandler): void {
    this.#delivery.start(handler);
  }

  write(data: Uint8Array, { stamp = false, ttl }: WriteOptions = {}): number {
    const id = this.#nextId++;
    if (this.#finQueued || this.#isOver() || data.length === 0) return id;
    this.#sending.queue(data, ttl, stamp ? id : null);
    this.#push();
    return id;
  }

  setDscp(dscp: number): void {
    this.#dscp = dscp;
  }

  info(): TcpInfo | null {
    return this.#state === 'closed' ? null : this.#sending.info(this.#finSent);
  }

  end(): void {
    if (this.#finQueued || this.#isOver()) return;
    this.#finQueued = true;
    this.#endedFirst = !this.#peerEnded;
    this.#push();
  }

  reset(): void {
    if (this.#isOver()) return;
    this.transmit(RST | ACK, this.#sending.next, NO_OCTETS);
    this.world.after(0, () => this.#delivery.closed('reset'));
    this.#vanish();
  }

  /** Gives up an attempt to connect, without a word to the peer. */
  abandon(): void {
    this.#vanish();
  }

  // ---- the network's side --------------------------------------------------------------------------------------

  receive(segment: TcpPacket): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'syn-sent') {
      this.#receiveInSynSent(segment);
      return;
    }
    if (this.#state === 'established') this.#keepAlive?.restart();
    const received = this.#received!;
    if ((segment.flags & RST) !== 0) {
      // RFC 5961 section 3.2: only the very next sequence number; anything else may be forged.
      if (segment.sequence === received.next) this.#fail('reset');
      return;
    }
    if (this.#state === 'syn-received' && this.#acknowledgesOther(segment)) {
      // RFC 9293 section 3.10.7.4: it answers somebody else's SYN.
      this.transmit(RST, segment.acknowledgement, NO_OCTETS);
      return;
    }
    if ((segment.flags & ACK) !== 0) this.#acknowledged(segment);
    if (this.#isOver() && this.#state !== 'time-wait') return;
    if ((segment.flags & SYN) !== 0) {
      // A repeated SYN: what answered it was lost.
      if (this.#state === 'syn-received') this.#sending.repeatFirst();
      else this.#transmitAck();
      return;
    }
    this.#receiveData(segment, received);
  }

  receiveError(reason: OpenFailure, report: TcpIcmpReport): void {
    // An error never ends what is established (RFC 5927 section 5.2).
    if (this.#state === 'syn-sent' && !this.#owner.onIcmp(report)) this.#fail(reason);
  }

  #receiveInSynSent({ flags, sequence, acknowledgement }: TcpPacket): void {
    const acknowledges = (flags & ACK) !== 0;
    if (acknowledges && acknowledgement !== this.#sending.next) {
      // RFC 9293 section 3.10.7.3: the peer still has an earlier connection between the same ports.
      if ((flags & RST) === 0) this.transmit(RST, acknowledgement, NO_OCTETS);
      return;
    }
    if ((flags & RST) !== 0) {
      if (acknowledges) this.#fail('refused');
      return;
    }
    if ((flags & SYN) === 0) return;
    this.#received = new ReceiveQueue(sequence + 1);
    if (acknowledges) {
      this.#sending.acknowledge(acknowledgement);
      this.#establish();
      this.#transmitAck();
      return;
    }
    // Simultaneous open: our SYN stays ours, now acknowledging theirs.
    this.#state = 'syn-received';
    this.#sending.repeatFirst(SYN | ACK);
  }

  #receiveData(segment: TcpPacket, received: ReceiveQueue): void {
    const { sequence, payload, flags } = segment;
    const fin = (flags & FIN) !== 0;
    if (payload.length === 0 && !fin) {
      // A keep-alive (RFC 9293 section 3.8.4) repeats an octet that was acknowledged.
      if (sequence < received.next) this.#transmitAck();
      return;
    }
    const arrival = received.add(sequence, payload, fin);
    this.#transmitAck();
    for (const data of arrival.data) {
      // The program may have reset it on what came before.
      if (!this.#isOver()) this.#delivery.data(data);
    }
    if (arrival.ended && !this.#peerEnded) {
      this.#peerEnded = true;
      this.end();
      this.#finishIfDone();
    }
  }

  #acknowledgesOther({ flags, acknowledgement }: TcpPacket): boolean {
    const { unacknowledged, next } = this.#sending;
    return (flags & ACK) !== 0 && (acknowledgement <= unacknowledged || acknowledgement > next);
  }

  #acknowledged({ acknowledgement, payload, flags }: TcpPacket): void {
    const sending = this.#sending;
    if (acknowledgement > sending.next) return;
    if (acknowledgement <= sending.unacknowledged) {
      const bare = payload.length === 0 && (flags & (SYN | FIN)) === 0;
      if (bare && acknowledgement === sending.unacknowledged) sending.noteDuplicate();
      return;
    }
    sending.acknowledge(acknowledgement);
    if (this.#state === 'syn-received') this.#establish();
    this.#push();
    this.#finishIfDone();
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  #push(): void {
    if (this.#state !== 'established') return;
    this.#sending.sendQueued();
    if (this.#finQueued && !this.#finSent && this.#sending.unsentBytes === 0) {
      this.#finSent = true;
      this.#sending.send(FIN | ACK, NO_OCTETS);
    }
  }

  #transmitAck(): void {
    this.transmit(ACK, this.#sending.next, NO_OCTETS);
  }

  transmit(flags: number, sequence: number, payload: Uint8Array, ttl?: number): void {
    this.#host.send({
      protocol: 'tcp',
      source: this.local,
      destination: this.remote,
      ttl: ttl ?? (this.#isOpening() ? this.#options.ttl : undefined) ?? DEFAULT_TTL,
      dscp: this.#dscp,
      flags,
      sequence,
      acknowledgement: this.#received?.next ?? 0,
      payload,
    });
  }

  onSent(id: number, sequence: number | null): void {
    const onTheWire = sequence === null ? null : sequence % 2 ** 32;
    this.#delivery.transmitted({ id, atNs: this.world.nowNs, sequence: onTheWire });
  }

  mayRetry(retries: number): boolean {
    return retries < (this.#isOpening() ? SYN_RETRIES : DATA_RETRIES);
  }

  onGivenUp(): void {
    this.#fail('timeout');
  }

  sendKeepAlive(): void {
    this.transmit(ACK, this.#sending.next - 1, NO_OCTETS);
  }

  // ---- states --------------------------------------------------------------------------------------------------

  #establish(): void {
    this.#state = 'established';
    this.#keepAlive?.restart();
    this.#owner.onEstablished(this);
    this.#push();
  }

  #finishIfDone(): void {
    if (!this.#finSent || this.#sending.isUnderWay || !this.#peerEnded || this.#isOver()) return;
    const { world } = this;
    if (this.#endedFirst) {
      // Who ends first stays to acknowledge the other's FIN once more, should it be repeated.
      this.#state = 'time-wait';
      this.#cancelTimers();
      world.after(TIME_WAIT_MS * 1e6, () => this.#vanish());
    } else this.#vanish();
    this.#delivery.closed(this.#endedFirst ? 'ended' : 'ended-by-peer');
  }

  #fail(reason: OpenFailure): void {
    if (this.#isOver()) return;
    const opening = this.#isOpening();
    this.#vanish();
    if (opening) this.#owner.onOpenFailed(reason);
    else this.#delivery.closed(reason === 'reset' || reason === 'timeout' ? reason : 'other');
  }

  #vanish(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimers();
    this.#owner.onGone(this);
  }

  #cancelTimers(): void {
    this.#sending.stop();
    this.#keepAlive?.stop();
  }

  #isOpening(): boolean {
    return this.#state === 'syn-sent' || this.#state === 'syn-received';
  }

  #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'time-wait';
  }
}

// What one end of a TCP connection has to send, and has sent until it is acknowledged: retransmission by RFC 6298,
// fast retransmission by RFC 5681 and RFC 6582.

import type { TcpInfo } from '../types.ts';
import { Event } from './event-queue.ts';
import { ACK, FIN, SYN } from './packet.ts';
import { RetransmissionTimeout } from './tcp-timeout.ts';
import type { World } from './world.ts';

/** The MTU of every link here. */
const PATH_MTU = 1500;
/** PATH_MTU less the headers of IPv4 and TCP, and room for options. */
const MOST_SEGMENT_OCTETS = 1400;
/** Segments under way at one time: about 90 kB, the usual window without scaling and a little more. */
const MOST_IN_FLIGHT = 64;
/** RFC 5681: three duplicates are a loss, fewer may be reordering. */
const DUPLICATE_ACKS = 3;

export interface SendQueueOwner {
  readonly world: World;
  transmit(flags: number, sequence: number, payload: Uint8Array, ttl?: number): void;
  /** The last octet of what was queued as `id` is on its way for the first time; `sequence` where it has a TTL of its own. */
  onSent(id: number, sequence: number | null): void;
  /** Whether to send once more what was already repeated so many times in a row. */
  mayRetry(retries: number): boolean;
  onGivenUp(): void;
}

interface Unsent {
  readonly payload: Uint8Array;
  readonly ttl: number | undefined;
  /** Of what is to be told of. */
  readonly id: number | null;
}

interface Segment {
  flags: number;
  readonly sequence: number;
  readonly end: number;
  readonly payload: Uint8Array;
  readonly sentAtNs: number;
  repeated: boolean;
  /** Sent after it. */
  next: Segment | null;
}

export class SendQueue {
  /** The sequence number of what is sent next. */
  next: number;
  unacknowledged: number;
  unsentBytes = 0;
  readonly #owner: SendQueueOwner;
  readonly #initialSequence: number;
  readonly #segmentOctets: number;
  readonly #timeout = new RetransmissionTimeout();
  #retransmissions = 0;
  /** Those in flight, oldest first. */
  #first: Segment | null = null;
  #last: Segment | null = null;
  #inFlight = 0;
  readonly #unsent: Unsent[] = [];
  #retries = 0;
  #duplicates = 0;
  /** What was sent when the last loss was noticed: until it is acknowledged, each step forward shows the next. */
  #recoverTo = 0;
  #timer: Repetition | null = null;

  constructor(initialSequence: number, mss: number | undefined, owner: SendQueueOwner) {
    this.next = this.unacknowledged = this.#initialSequence = initialSequence;
    this.#segmentOctets = Math.min(mss ?? MOST_SEGMENT_OCTETS, MOST_SEGMENT_OCTETS);
    this.#owner = owner;
  }

  get isUnderWay(): boolean {
    return this.#first !== null;
  }

  /** As of a connection that is made; `hasEnded`: its FIN was sent. */
  info(hasEnded: boolean): TcpInfo {
    const { smoothedNs, variationNs, leastNs } = this.#timeout;
    const isEndAcknowledged = hasEnded && this.unacknowledged === this.next;
    const acknowledged = this.unacknowledged - this.#initialSequence;
    return {
      retransmissions: this.#retransmissions,
      roundTripNs: smoothedNs,
      roundTripVariationNs: variationNs,
      leastRoundTripNs: leastNs,
      mss: this.#segmentOctets,
      pathMtu: PATH_MTU,
      // Less the SYN, and the FIN.
      acknowledgedBytes: Math.max(acknowledged - 1 - (isEndAcknowledged ? 1 : 0), 0),
    };
  }

  /** Copies the octets. They leave with this TTL, the first time. The owner is told of what has an id. */
  queue(data: Uint8Array, ttl: number | undefined, id: number | null): void {
    const copy = Uint8Array.from(data);
    for (let at = 0; at < copy.length; at += this.#segmentOctets) {
      const payload = copy.subarray(at, at + this.#segmentOctets);
      const isLast = at + payload.length === copy.length;
      this.#unsent.push({ payload, ttl, id: isLast ? id : null });
    }
    this.unsentBytes += copy.length;
  }

  /** Sends of what is queued as much as may be under way. */
  sendQueued(): void {
    while (this.#unsent.length > 0 && this.#inFlight < MOST_IN_FLIGHT) {
      const { payload, ttl, id } = this.#unsent.shift()!;
      const sequence = this.next;
      this.unsentBytes -= payload.length;
      this.send(ACK, payload, ttl);
      if (id !== null) this.#owner.onSent(id, ttl === undefined ? null : sequence);
    }
  }

  send(flags: number, payload: Uint8Array, ttl?: number): void {
    const sequence = this.next;
    this.next += payload.length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
    const sentAtNs = this.#owner.world.nowNs;
    const segment = { flags, sequence, end: this.next, payload, sentAtNs, repeated: false, next: null };
    if (this.#last === null) this.#first = segment;
    else this.#last.next = segment;
    this.#last = segment;
    this.#inFlight++;
    this.#owner.transmit(flags, sequence, payload, ttl);
    if (this.#timer === null) this.#restartTimer();
  }

  /** Sends the oldest segment again, with other flags where given. */
  repeatFirst(flags?: number): void {
    const first = this.#first;
    if (first === null) return;
    first.flags = flags ?? first.flags;
    first.repeated = true;
    this.#retransmissions++;
    this.#owner.transmit(first.flags, first.sequence, first.payload);
  }

  /** Everything before `acknowledgement`, which is new, has arrived. */
  acknowledge(acknowledgement: number): void {
    const { nowNs } = this.#owner.world;
    this.unacknowledged = acknowledgement;
    for (let first = this.#first; first !== null && first.end <= acknowledgement; first = this.#first) {
      this.#first = first.next;
      this.#inFlight--;
      // Karn: which of two sendings was acknowledged is not known.
      if (!first.repeated) this.#timeout.sample(nowNs - first.sentAtNs);
    }
    if (this.#first === null) this.#last = null;
    this.#retries = 0;
    this.#duplicates = 0;
    this.#timeout.forgetBackoff();
    this.#restartTimer();
    if (acknowledgement < this.#recoverTo) this.repeatFirst();
  }

  /** An acknowledgement came that acknowledges nothing new. */
  noteDuplicate(): void {
    if (!this.isUnderWay) return;
    this.#duplicates++;
    if (this.#duplicates !== DUPLICATE_ACKS || this.unacknowledged < this.#recoverTo) return;
    this.#recoverTo = this.next;
    this.repeatFirst();
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#timer?.cancel();
    this.#unsent.length = 0;
    this.unsentBytes = 0;
  }

  #restartTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (!this.isUnderWay) return;
    const { world } = this.#owner;
    this.#timer = new Repetition(world.inNs(this.#timeout.currentNs), this);
    world.queue.add(this.#timer);
  }

  onTimeout(): void {
    if (!this.#owner.mayRetry(this.#retries++)) {
      this.#owner.onGivenUp();
      return;
    }
    this.#timeout.backOff();
    this.#recoverTo = this.next;
    this.repeatFirst();
    this.#restartTimer();
  }
}

class Repetition extends Event {
  readonly #queue: SendQueue;

  constructor(atNs: number, queue: SendQueue) {
    super(atNs);
    this.#queue = queue;
  }

  happen(): void {
    this.#queue.onTimeout();
  }
}

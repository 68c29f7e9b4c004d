// recvmmsg into memory that all sockets share: what a handler is given is only lent, so one batch at a time is there.
// The error queue has a ring of its own, since it is also read within a send, which a handler may do.

import { type Libc, libc } from './libc.ts';
import { allocate, type Memory } from './memory.ts';
import { CONTROL_OCTETS, MessageRing, RING_SIZE } from './message-ring.ts';
import { SOCKADDR_OCTETS } from './sockaddr.ts';

export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;

const LARGEST_DATAGRAM_OCTETS = 65_536;
/** ICMP errors quote at most what makes 576 octets with them (RFC 1812 section 4.3.2.3), over IPv6 1,280 (RFC 4443
 *  section 2.4). */
const LARGEST_QUOTE_OCTETS = 1280;
/** Added to each slot, so that the starts of all do not fall into one set of the cache. */
const CACHE_LINE_OCTETS = 64;

export class ReceiveRing {
  readonly messages = new MessageRing();
  readonly #slotOctets: number;
  readonly #data: Memory;
  readonly #libc: Libc = libc();
  /** The view last lent of each slot; most datagrams of a flow have one length. */
  readonly #views: Uint8Array[] = [];
  #dirty = RING_SIZE;

  /** Longer messages are cut off. */
  constructor(longestOctets: number) {
    const slotOctets = longestOctets + CACHE_LINE_OCTETS;
    this.#slotOctets = slotOctets;
    this.#data = allocate(RING_SIZE * slotOctets);
    for (let i = 0; i < RING_SIZE; i++) {
      this.messages.setData(i, this.#data.address + i * slotOctets, longestOctets);
      this.#views.push(this.#data.bytes.subarray(i * slotOctets, i * slotOctets));
    }
  }

  /** @returns the number of messages; -1 where there is none or the socket has an error, see errno. */
  receive(fd: number, flags: number): number {
    const { messages } = this;
    for (let i = 0; i < this.#dirty; i++) messages.setLengths(i, SOCKADDR_OCTETS, CONTROL_OCTETS);
    const count = this.#libc.recvmmsg(fd, messages.headers.address, RING_SIZE, flags | MSG_DONTWAIT, 0);
    // A failed call may have written to the first.
    this.#dirty = Math.max(count, 1);
    return count;
  }

  /** The payload of the i-th message, good until the next call of receive. */
  data(i: number): Uint8Array {
    const length = this.messages.messageLength(i);
    let view = this.#views[i]!;
    if (view.length !== length) {
      const start = i * this.#slotOctets;
      view = this.#data.bytes.subarray(start, start + length);
      this.#views[i] = view;
    }
    return view;
  }
}

let ring: ReceiveRing | null = null;
let errorRing: ReceiveRing | null = null;

export function sharedReceiveRing(): ReceiveRing {
  ring ??= new ReceiveRing(LARGEST_DATAGRAM_OCTETS);
  return ring;
}

export function sharedErrorRing(): ReceiveRing {
  errorRing ??= new ReceiveRing(LARGEST_QUOTE_OCTETS);
  return errorRing;
}

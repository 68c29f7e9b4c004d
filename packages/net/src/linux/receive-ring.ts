// recvmmsg into memory that all sockets share: what a handler is given is only lent, so one batch at a time is there.

import { type Libc, libc } from './libc.ts';
import { allocate, type Memory } from './memory.ts';
import { CONTROL_OCTETS, MessageRing, RING_SIZE } from './message-ring.ts';
import { SOCKADDR_OCTETS } from './sockaddr.ts';

export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;

/** The largest datagram, and a cache line so that the starts of all do not fall into one set of the cache. */
const SLOT_OCTETS = 65_536 + 64;

export class ReceiveRing {
  readonly messages = new MessageRing();
  readonly #data: Memory = allocate(RING_SIZE * SLOT_OCTETS);
  readonly #libc: Libc = libc();
  /** The view last lent of each slot; most datagrams of a flow have one length. */
  readonly #views: Uint8Array[] = [];
  #dirty = RING_SIZE;

  constructor() {
    for (let i = 0; i < RING_SIZE; i++) {
      this.messages.setData(i, this.#data.address + i * SLOT_OCTETS, 65_536);
      this.#views.push(this.#data.bytes.subarray(i * SLOT_OCTETS, i * SLOT_OCTETS));
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
      view = this.#data.bytes.subarray(i * SLOT_OCTETS, i * SLOT_OCTETS + length);
      this.#views[i] = view;
    }
    return view;
  }
}

let ring: ReceiveRing | null = null;

export function sharedReceiveRing(): ReceiveRing {
  ring ??= new ReceiveRing();
  return ring;
}

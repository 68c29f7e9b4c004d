// A packet socket (packet(7)) on all interfaces of a network namespace, read and written in batches. Frames stay in
// the slot of memory that they were read into until they are sent from there.

import { call, fail, type Memory, memory } from '../libc.ts';
import { bindPacketSocket, openPacketSocket, SOL_SOCKET, setOption, setReceiveBuffer } from '../sockets.ts';
import { Batch, batchSize } from './batch.ts';
import { monotonicNs, realtimeOffset } from './clock.ts';

const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const ETH_P_ALL = 3;
const SO_TIMESTAMPING = 37;
const SOF_TIMESTAMPING_TX_SOFTWARE = 1 << 1;
const SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3;
const SOF_TIMESTAMPING_SOFTWARE = 1 << 4;
const SOF_TIMESTAMPING_OPT_ID = 1 << 7;
const SOF_TIMESTAMPING_OPT_TSONLY = 1 << 11;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;

/** An Ethernet frame of 1500 octets with its header, and room. */
const slotOctets = 2048;
/** 20,000 frames a second for 0.8 s. */
export const slotCount = 16_384;
const receiveBufferBytes = 32 << 20;

const recvmmsg = call('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)');
const sendmmsg = call('int sendmmsg(int, uintptr_t, uint, int)');

/** Called for each frame that came; true keeps its slot until it is sent. */
export type FrameHandler = (slot: number, interfaceIndex: number, cameNs: number) => boolean;

/**
 * Called for each frame that has left, before its slot is free: when the kernel handed it to the interface, or where it
 * does not tell, when the program handed it to the kernel. `leftNs` is null for one that the interface refused.
 */
export type LeftHandler = (slot: number, leftNs: number | null, byKernel: boolean) => void;

export class FrameSocket {
  readonly descriptor: number;
  readonly #slots: Memory = memory(slotCount * slotOctets);
  readonly #lengths = new Uint16Array(slotCount);
  /** A stack of those that hold no frame. */
  readonly #free = Int32Array.from({ length: slotCount }, (_, slot) => slot);
  #freeCount = slotCount;
  readonly #incoming = new Batch();
  readonly #outgoing = new Batch();
  readonly #outgoingSlots = new Int32Array(batchSize);
  #outgoingCount = 0;
  readonly #stamps = new Batch();
  /** By their place in the batch that is sent; NaN where there is none. */
  readonly #leftNs = new Float64Array(batchSize);
  #onLeft: LeftHandler | null = null;
  /** Frames sent since the kernel began to count them. */
  #stampedCount = 0;

  /** In the namespace that this thread is in. Ends the program where there is no right to it. */
  constructor() {
    this.descriptor = openPacketSocket(SOCK_RAW_CLOEXEC);
    setReceiveBuffer(this.descriptor, receiveBufferBytes);
    this.onLeft(null);
    if (!setOption(this.descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) fail('leave out what is sent');
    bindPacketSocket(this.descriptor, ETH_P_ALL);
  }

  /** From now on every frame that leaves is told; null: none. */
  onLeft(handler: LeftHandler | null): void {
    this.#onLeft = handler;
    const received = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    const sent = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    // The kernel counts from 0 when OPT_ID is newly set.
    this.#stampedCount = 0;
    const isSet =
      setOption(this.descriptor, SOL_SOCKET, SO_TIMESTAMPING, received) &&
      (handler === null || setOption(this.descriptor, SOL_SOCKET, SO_TIMESTAMPING, received | sent));
    if (!isSet) fail('have frames stamped');
  }

  /** Hands over all frames that wait, with the kernel's stamp on the monotonic clock. @returns how many */
  receive(handler: FrameHandler): number {
    const batch = this.#incoming;
    let total = 0;
    for (;;) {
      const room = Math.min(batchSize, this.#freeCount);
      if (room === 0) {
        this.#discard();
        return total;
      }
      for (let i = 0; i < room; i++) {
        batch.prepare(i, this.#slotPointer(this.#free[this.#freeCount - 1 - i]!), slotOctets);
      }
      const count = recvmmsg(this.descriptor, batch.headers.pointer, room, MSG_DONTWAIT, 0);
      if (count <= 0) return total;
      total += count;
      const realtime = realtimeOffset();
      // Each slot that is given back goes on top of the stack: so those of this batch are taken off first.
      const first = this.#freeCount - 1;
      this.#freeCount -= count;
      const taken = this.#free.slice(this.#freeCount, first + 1);
      for (let i = 0; i < count; i++) {
        const slot = taken[count - 1 - i]!;
        this.#lengths[slot] = batch.length(i);
        if (!handler(slot, batch.interfaceIndex(i), batch.stampNs(i, realtime))) this.release(slot);
      }
      if (count < room) return total;
    }
  }

  /** ARP and the like are the link's own, and no packets. */
  isIp(slot: number): boolean {
    const type = this.#slots.data.getUint16(slot * slotOctets + 12);
    return type === 0x0800 || type === 0x86dd;
  }

  /** The octets of a frame; only lent. */
  frame(slot: number): Uint8Array {
    return this.#slots.bytes.subarray(slot * slotOctets, slot * slotOctets + this.#lengths[slot]!);
  }

  /** Another slot with the same frame; null where none is free. */
  copy(slot: number): number | null {
    if (this.#freeCount === 0) return null;
    const other = this.#free[--this.#freeCount]!;
    this.#slots.bytes.set(this.frame(slot), other * slotOctets);
    this.#lengths[other] = this.#lengths[slot]!;
    return other;
  }

  /** Sends the frame by an interface, at the latest at flush(), and frees its slot. */
  send(slot: number, interfaceIndex: number): void {
    const i = this.#outgoingCount++;
    this.#outgoing.prepare(i, this.#slotPointer(slot), this.#lengths[slot]!);
    this.#outgoing.setInterfaceIndex(i, interfaceIndex);
    this.#outgoingSlots[i] = slot;
    if (this.#outgoingCount === batchSize) this.flush();
  }

  flush(): void {
    const count = this.#outgoingCount;
    for (let sent = 0; sent < count; ) {
      const beforeNs = this.#onLeft === null ? 0 : monotonicNs();
      const done = sendmmsg(this.descriptor, this.#outgoing.header(sent), count - sent, 0);
      if (this.#onLeft !== null) this.#tellLeft(this.#onLeft, sent, done, beforeNs);
      // A frame that the interface refuses (it may have gone) is lost, and the others go on.
      sent += Math.max(done, 1);
    }
    for (let i = 0; i < count; i++) this.release(this.#outgoingSlots[i]!);
    this.#outgoingCount = 0;
  }

  release(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }

  /** Of the batch's frames, those from `first` on, of which `done` were sent. */
  #tellLeft(onLeft: LeftHandler, first: number, done: number, beforeNs: number): void {
    if (done <= 0) {
      onLeft(this.#outgoingSlots[first]!, null, false);
      // Whether the kernel counted the frame that was refused depends on why it was.
      this.#readStamps();
      this.onLeft(onLeft);
      return;
    }
    // A veth hands over at once: so the stamps are there when sendmmsg returns.
    this.#leftNs.fill(Number.NaN);
    this.#readStamps();
    for (let i = 0; i < done; i++) {
      const byKernel = !Number.isNaN(this.#leftNs[i]);
      onLeft(this.#outgoingSlots[first + i]!, byKernel ? this.#leftNs[i]! : beforeNs, byKernel);
    }
    this.#stampedCount += done;
  }

  #readStamps(): void {
    for (;;) {
      for (let i = 0; i < batchSize; i++) this.#stamps.prepare(i, this.#slots.pointer, 0);
      const flags = MSG_ERRQUEUE | MSG_DONTWAIT;
      const count = recvmmsg(this.descriptor, this.#stamps.headers.pointer, batchSize, flags, 0);
      if (count <= 0) return;
      const realtime = realtimeOffset();
      for (let i = 0; i < count; i++) {
        const place = this.#stamps.stampedNumber(i) - this.#stampedCount;
        if (place >= 0 && place < batchSize) this.#leftNs[place] = this.#stamps.stampNs(i, realtime);
      }
      if (count < batchSize) return;
    }
  }

  #slotPointer(slot: number): number {
    return this.#slots.pointer + slot * slotOctets;
  }

  /** As a router whose buffer is full. */
  #discard(): void {
    for (;;) {
      // No slot is free: what is read has no place to go, and is cut off.
      this.#incoming.prepare(0, this.#slots.pointer, 0);
      if (recvmmsg(this.descriptor, this.#incoming.headers.pointer, 1, MSG_DONTWAIT, 0) <= 0) return;
    }
  }
}

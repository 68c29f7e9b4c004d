// A packet socket (packet(7)) on all interfaces of a network namespace, read and written in batches. Frames stay in
// the slot of memory that they were read into until they are sent from there.
//
//   struct mmsghdr      0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 length   (64)
//   struct iovec        0 base*  8 length                                                                        (16)
//   struct sockaddr_ll  0 family  2 protocol  4 interface  10 packet type                                        (20)
//   SCM_TIMESTAMPNS     0 cmsghdr  16 seconds  24 nanoseconds                                                     (32)

import { call, fail, type Memory, memory, setWord } from '../libc.ts';

const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const CLOCK_REALTIME = 0;

/** An Ethernet frame of 1500 octets with its header, and room. */
const slotOctets = 2048;
/** 20,000 frames a second for 0.8 s. */
export const slotCount = 16_384;
const batchSize = 64;
const receiveBufferBytes = 32 << 20;

const socket = call('int socket(int, int, int)');
const bind = call('int bind(int, uintptr_t, uint32_t)');
const setsockopt = call('int setsockopt(int, int, int, uintptr_t, uint32_t)');
const recvmmsg = call('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)');
const sendmmsg = call('int sendmmsg(int, uintptr_t, uint, int)');
const clock_gettime = call('int clock_gettime(int, uintptr_t)');

/** Called for each frame that came; true keeps its slot until it is sent. */
export type FrameHandler = (slot: number, interfaceIndex: number, stampNs: number) => boolean;

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
  readonly #time = memory(16);
  readonly #scratch = memory(slotOctets);

  /** In the namespace that this thread is in. Ends the program where there is no right to it. */
  constructor() {
    this.descriptor = socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0);
    if (this.descriptor < 0) fail('open a packet socket');
    if (!this.#setOption(SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes)) {
      this.#setOption(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
    }
    if (!this.#setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1)) fail('have frames stamped');
    if (!this.#setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) fail('leave out what is sent');
    const address = memory(20);
    address.data.setUint16(0, AF_PACKET, true);
    address.data.setUint16(2, ETH_P_ALL);
    if (bind(this.descriptor, address.pointer, 20) < 0) fail('bind the packet socket');
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
      const offsetNs = this.#realtimeOffsetNs();
      // Each slot that is given back goes on top of the stack: so those of this batch are taken off first.
      const first = this.#freeCount - 1;
      this.#freeCount -= count;
      const taken = this.#free.slice(this.#freeCount, first + 1);
      for (let i = 0; i < count; i++) {
        const slot = taken[count - 1 - i]!;
        this.#lengths[slot] = batch.length(i);
        if (!handler(slot, batch.interfaceIndex(i), batch.stampNs(i) - offsetNs)) this.release(slot);
      }
      if (count < room) return total;
    }
  }

  /** ARP and the like are the link's own, and no packets. */
  isIp(slot: number): boolean {
    const type = this.#slots.data.getUint16(slot * slotOctets + 12);
    return type === 0x0800 || type === 0x86dd;
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
      const done = sendmmsg(this.descriptor, this.#outgoing.header(sent), count - sent, 0);
      // A frame that the interface refuses (it may have gone) is lost, and the others go on.
      sent += Math.max(done, 1);
    }
    for (let i = 0; i < count; i++) this.release(this.#outgoingSlots[i]!);
    this.#outgoingCount = 0;
  }

  release(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }

  #slotPointer(slot: number): number {
    return this.#slots.pointer + slot * slotOctets;
  }

  /** As a router whose buffer is full. */
  #discard(): void {
    for (;;) {
      this.#incoming.prepare(0, this.#scratch.pointer, slotOctets);
      if (recvmmsg(this.descriptor, this.#incoming.headers.pointer, 1, MSG_DONTWAIT, 0) <= 0) return;
    }
  }

  /** The kernel stamps with the wall clock, which may step. */
  #realtimeOffsetNs(): number {
    clock_gettime(CLOCK_REALTIME, this.#time.pointer);
    return timespecNs(this.#time.data, 0) - monotonicNs();
  }

  #setOption(level: number, name: number, value: number): boolean {
    const parameter = memory(4);
    parameter.data.setInt32(0, value, true);
    return setsockopt(this.descriptor, level, name, parameter.pointer, 4) === 0;
  }
}

/** CLOCK_MONOTONIC. */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

function timespecNs(data: DataView, offset: number): number {
  return Number(data.getBigInt64(offset, true)) * 1e9 + Number(data.getBigInt64(offset + 8, true));
}

const headerOctets = 64;
const nameOctets = 20;
const controlOctets = 64;

class Batch {
  readonly headers = memory(batchSize * headerOctets);
  readonly #names = memory(batchSize * nameOctets);
  readonly #controls = memory(batchSize * controlOctets);
  readonly #vectors = memory(batchSize * 16);

  constructor() {
    for (let i = 0; i < batchSize; i++) {
      setWord(this.headers, i * headerOctets, this.#names.pointer + i * nameOctets);
      setWord(this.headers, i * headerOctets + 16, this.#vectors.pointer + i * 16);
      setWord(this.headers, i * headerOctets + 24, 1);
    }
  }

  header(i: number): number {
    return this.headers.pointer + i * headerOctets;
  }

  prepare(i: number, pointer: number, length: number): void {
    setWord(this.#vectors, i * 16, pointer);
    setWord(this.#vectors, i * 16 + 8, length);
    const at = i * headerOctets;
    this.headers.data.setUint32(at + 8, nameOctets, true);
    setWord(this.headers, at + 32, this.#controls.pointer + i * controlOctets);
    setWord(this.headers, at + 40, controlOctets);
  }

  /** Makes it one to be sent. */
  setInterfaceIndex(i: number, index: number): void {
    this.#names.data.setUint16(i * nameOctets, AF_PACKET, true);
    this.#names.data.setInt32(i * nameOctets + 4, index, true);
    setWord(this.headers, i * headerOctets + 32, 0);
    setWord(this.headers, i * headerOctets + 40, 0);
  }

  interfaceIndex(i: number): number {
    return this.#names.data.getInt32(i * nameOctets + 4, true);
  }

  length(i: number): number {
    return this.headers.data.getUint32(i * headerOctets + 56, true);
  }

  stampNs(i: number): number {
    return timespecNs(this.#controls.data, i * controlOctets + 16);
  }
}

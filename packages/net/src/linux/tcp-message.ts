// Reading and writing streams by memory that all connections share. What is read is copied out: a stream's octets are
// put together by those who read them, and outlive the call.
//
//   struct msghdr   0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags    (56)

import { monotonicNs } from '../node/clock.ts';
import { noControl, readControl, type SendControl, writeControl } from './control.ts';
import { recentRealtimeOffset } from './kernel-time.ts';
import { libc } from './libc.ts';
import { allocate, setWord } from './memory.ts';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** As much as Node reads at once. */
export const CHUNK_OCTETS = 65_536;
const CONTROL_OCTETS = 256;
const HEADER_OCTETS = 56;

class StreamMessage {
  readonly data = allocate(CHUNK_OCTETS);
  readonly header = allocate(HEADER_OCTETS);
  readonly control = allocate(CONTROL_OCTETS);
  readonly #vector = allocate(16);

  constructor() {
    setWord(this.header.view, 16, this.#vector.address);
    setWord(this.header.view, 24, 1);
    setWord(this.header.view, 32, this.control.address);
    setWord(this.#vector.view, 0, this.data.address);
    setWord(this.#vector.view, 8, CHUNK_OCTETS);
  }

  setLengths(dataLength: number, controlLength: number): void {
    setWord(this.#vector.view, 8, dataLength);
    setWord(this.header.view, 40, controlLength);
    this.header.view.setUint32(48, 0, true);
  }
}

let receiving: StreamMessage | null = null;
let sending: StreamMessage | null = null;
const control = noControl();

export interface StreamRead {
  /** Octets in `data`; 0 at the stream's end, -1 and errno where there are none. */
  readonly length: number;
  readonly data: Buffer;
  /** When the last of them came in: by the kernel, or where it does not say by now. */
  readonly receivedAtNs: number;
}

const NO_DATA = Buffer.alloc(0);

/** What there is, up to CHUNK_OCTETS. */
export function readStream(fd: number): StreamRead {
  receiving ??= new StreamMessage();
  const { data, header, control: memory } = receiving;
  receiving.setLengths(CHUNK_OCTETS, CONTROL_OCTETS);
  const length = libc().recvmsg(fd, header.address, MSG_DONTWAIT);
  if (length <= 0) return { length, data: NO_DATA, receivedAtNs: 0 };
  const copy = Buffer.allocUnsafe(length);
  copy.set(length === CHUNK_OCTETS ? data.bytes : data.bytes.subarray(0, length));
  const nowNs = monotonicNs();
  readControl(memory, 0, header.view.getUint32(40, true), recentRealtimeOffset(nowNs), control);
  return { length, data: copy, receivedAtNs: Math.min(control.stampNs ?? nowNs, nowNs) };
}

/** @returns how many of the octets from `start` on the kernel has taken; -1 and errno where none */
export function writeStream(fd: number, octets: Uint8Array, start: number, how: SendControl | null): number {
  sending ??= new StreamMessage();
  const { data, header, control: memory } = sending;
  const length = Math.min(octets.length - start, CHUNK_OCTETS);
  data.bytes.set(start === 0 && length === octets.length ? octets : octets.subarray(start, start + length));
  if (how === null) return libc().send(fd, data.address, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  sending.setLengths(length, writeControl(memory, 0, false, how));
  return libc().sendmsg(fd, header.address, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// An array of struct mmsghdr with what each points to, for recvmmsg and sendmmsg on a packet socket.
//
//   struct mmsghdr      0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 length   (64)
//   struct iovec        0 base*  8 length                                                                        (16)
//   struct sockaddr_ll  0 family  2 protocol  4 interface  10 packet type                                        (20)
//
// Control messages, of what came and of what is in the error queue (there the second too):
//
//   SCM_TIMESTAMPING    0 cmsghdr  16 software's stamp  32, 48 others                                            (64)
//   PACKET_TX_TIMESTAMP 0 cmsghdr  16 sock_extended_err: 28 data, the number of the frame that was sent          (32)

import { memory, setWord } from '../libc.ts';
import { AF_PACKET, linkAddressOctets } from '../sockets.ts';
import { type RealtimeOffset, stampNs } from './clock.ts';

/** The gain of batching is spent by 64. */
export const batchSize = 64;

const headerOctets = 64;
const controlOctets = 128;
const firstMessageOctets = 64;

export class Batch {
  readonly headers = memory(batchSize * headerOctets);
  readonly #names = memory(batchSize * linkAddressOctets);
  readonly #controls = memory(batchSize * controlOctets);
  readonly #vectors = memory(batchSize * 16);

  constructor() {
    for (let i = 0; i < batchSize; i++) {
      setWord(this.headers, i * headerOctets, this.#names.pointer + i * linkAddressOctets);
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
    this.headers.data.setUint32(at + 8, linkAddressOctets, true);
    setWord(this.headers, at + 32, this.#controls.pointer + i * controlOctets);
    setWord(this.headers, at + 40, controlOctets);
  }

  /** Makes it one to be sent. */
  setInterfaceIndex(i: number, index: number): void {
    this.#names.data.setUint16(i * linkAddressOctets, AF_PACKET, true);
    this.#names.data.setInt32(i * linkAddressOctets + 4, index, true);
    setWord(this.headers, i * headerOctets + 32, 0);
    setWord(this.headers, i * headerOctets + 40, 0);
  }

  interfaceIndex(i: number): number {
    return this.#names.data.getInt32(i * linkAddressOctets + 4, true);
  }

  length(i: number): number {
    return this.headers.data.getUint32(i * headerOctets + 56, true);
  }

  /** The kernel's stamp, on the monotonic scale. */
  stampNs(i: number, realtime: RealtimeOffset): number {
    return stampNs(this.#controls.data, i * controlOctets + 16, realtime);
  }

  /** Of a stamp from the error queue: which frame it is of, counted from 0 since the kernel began to count. */
  stampedNumber(i: number): number {
    return this.#controls.data.getUint32(i * controlOctets + firstMessageOctets + 28, true);
  }
}

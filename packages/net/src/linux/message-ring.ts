// An array of struct mmsghdr with the memory that each points to, for recvmmsg and sendmmsg.
//
//   struct mmsghdr   0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 length   (64)
//   struct iovec     0 base*  8 length                                                                        (16)

import { allocate, type Memory, setWord } from './memory.ts';
import { SOCKADDR_OCTETS } from './sockaddr.ts';

/** Messages in one system call: the gain of batching is spent by 64. */
export const RING_SIZE = 64;

export const HEADER_OCTETS = 64;
/** Room for every control message asked for: stamps 64, extended error 64, addresses 40, TTL and TOS 24 each. */
export const CONTROL_OCTETS = 256;

const NAME_LENGTH = 8;
const CONTROL_LENGTH = 40;
const FLAGS = 48;
const MESSAGE_LENGTH = 56;

export class MessageRing {
  readonly headers: Memory = allocate(RING_SIZE * HEADER_OCTETS);
  readonly names: Memory = allocate(RING_SIZE * SOCKADDR_OCTETS);
  readonly controls: Memory = allocate(RING_SIZE * CONTROL_OCTETS);
  readonly #vectors: Memory = allocate(RING_SIZE * 16);

  constructor() {
    const { view } = this.headers;
    for (let i = 0; i < RING_SIZE; i++) {
      const at = i * HEADER_OCTETS;
      setWord(view, at, this.names.address + i * SOCKADDR_OCTETS);
      setWord(view, at + 16, this.#vectors.address + i * 16);
      setWord(view, at + 24, 1);
      setWord(view, at + 32, this.controls.address + i * CONTROL_OCTETS);
    }
  }

  setData(i: number, address: number, length: number): void {
    setWord(this.#vectors.view, i * 16, address);
    setWord(this.#vectors.view, i * 16 + 8, length);
  }

  setLengths(i: number, nameLength: number, controlLength: number): void {
    const { view } = this.headers;
    const at = i * HEADER_OCTETS;
    view.setUint32(at + NAME_LENGTH, nameLength, true);
    view.setUint32(at + CONTROL_LENGTH, controlLength, true);
    view.setUint32(at + FLAGS, 0, true);
  }

  controlLength(i: number): number {
    return this.headers.view.getUint32(i * HEADER_OCTETS + CONTROL_LENGTH, true);
  }

  messageLength(i: number): number {
    return this.headers.view.getUint32(i * HEADER_OCTETS + MESSAGE_LENGTH, true);
  }
}

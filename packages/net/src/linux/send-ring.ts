// sendmmsg from memory that all sockets share: a send has copied its octets before it returns.

import { addressFamily } from '@pinhole/wire';
import type { SendRequest } from '../types.ts';
import { writeControl } from './control.ts';
import { libc } from './libc.ts';
import { allocate, type Memory } from './memory.ts';
import { CONTROL_OCTETS, HEADER_OCTETS, MessageRing, RING_SIZE } from './message-ring.ts';
import { SOCKADDR_OCTETS, writeSockaddr } from './sockaddr.ts';

/** What a batch may carry at most; two of the largest datagrams. */
const DATA_OCTETS = 131_072;

export class SendRing {
  readonly #messages = new MessageRing();
  readonly #data: Memory = allocate(DATA_OCTETS);

  /** Takes requests from `start` on, as many as fit. @returns how many */
  fill(requests: readonly SendRequest[], start: number): number {
    const messages = this.#messages;
    let used = 0;
    let count = 0;
    while (count < RING_SIZE && start + count < requests.length) {
      const request = requests[start + count]!;
      const { data, to } = request;
      if (used + data.length > DATA_OCTETS) break;
      this.#data.bytes.set(data, used);
      messages.setData(count, this.#data.address + used, data.length);
      used += data.length;
      const nameLength = writeSockaddr(messages.names, count * SOCKADDR_OCTETS, to);
      const version6 = addressFamily(to.address) === 6;
      const controlLength = writeControl(messages.controls, count * CONTROL_OCTETS, version6, request);
      messages.setLengths(count, nameLength, controlLength);
      count++;
    }
    return count;
  }

  /** @returns how many of those from `first` on were sent; -1 and errno where the first of them was not */
  send(fd: number, first: number, count: number): number {
    return libc().sendmmsg(fd, this.#messages.headers.address + first * HEADER_OCTETS, count, 0);
  }
}

let ring: SendRing | null = null;

export function sharedSendRing(): SendRing {
  ring ??= new SendRing();
  return ring;
}

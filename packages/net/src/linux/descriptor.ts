// What the descriptors of all protocols are asked.

import type { Endpoint } from '@pinhole/wire';
import { libc } from './libc.ts';
import { scratchMemory } from './memory.ts';
import { SO_ERROR, SOL_SOCKET } from './options.ts';
import { readSockaddr } from './sockaddr.ts';

/** Where the descriptor is bound, with the port that the kernel chose. */
export function boundEndpoint(fd: number, asked: Endpoint): Endpoint {
  const memory = scratchMemory();
  memory.view.setUint32(64, 64, true);
  libc().getsockname(fd, memory.address, memory.address + 64);
  return readSockaddr(memory, 0) ?? asked;
}

/** Takes the error that the next call on the descriptor would fail with. @returns its errno; 0 where there is none */
export function takeErrno(fd: number): number {
  const { view, address } = scratchMemory();
  view.setInt32(0, 0, true);
  view.setUint32(8, 4, true);
  libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, address, address + 8);
  return view.getInt32(0, true);
}

// A socket filter that drops everything: what comes to the socket is met by silence, as if nobody were there.
//
//   struct sock_fprog    0 length (2)   8 address of the program (8)
//   struct sock_filter   0 code (2)   2 jt (1)   3 jf (1)   4 k (4)

import { libc } from './libc.ts';
import { scratchMemory, setWord } from './memory.ts';
import { SOL_SOCKET } from './options.ts';

const SO_ATTACH_FILTER = 26;
/** BPF_RET | BPF_K: keep `k` octets of the packet, here none. */
const RETURN_CONSTANT = 0x06;
const SOCK_FPROG_OCTETS = 16;

/** False, and errno, where the kernel refuses. Throws where libc cannot be called. */
export function dropEverything(fd: number): boolean {
  const { view, address } = scratchMemory();
  view.setUint32(0, 0);
  view.setUint32(4, 0);
  view.setUint16(0, 1, true);
  setWord(view, 8, address + SOCK_FPROG_OCTETS);
  view.setUint16(SOCK_FPROG_OCTETS, RETURN_CONSTANT, true);
  view.setUint16(SOCK_FPROG_OCTETS + 2, 0);
  view.setUint32(SOCK_FPROG_OCTETS + 4, 0);
  return libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, address, SOCK_FPROG_OCTETS) === 0;
}

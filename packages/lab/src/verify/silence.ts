import { call, fail, memory, setWord } from '../libc.ts';

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
/** BPF_RET | BPF_K, with the number of octets to keep. */
const RETURN = 0x06;

const setsockopt = call('int setsockopt(int, int, int, uintptr_t, uint32_t)');

/** Has the kernel drop whatever comes for a socket, a SYN too, without an answer. */
export function dropEverything(descriptor: number): void {
  // struct sock_filter { code, jump if true, jump if false, k } and struct sock_fprog { length, filter* }
  const filter = memory(8);
  filter.data.setUint16(0, RETURN, true);
  const program = memory(16);
  program.data.setUint16(0, 1, true);
  setWord(program, 8, filter.pointer);
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program.pointer, 16) < 0) fail('attach a filter');
}

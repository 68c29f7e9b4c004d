// Packet sockets (packet(7)) and socket filters, for the lab's programs: a program ends where the system refuses one.

import { call, fail, memory, setWord } from './libc.ts';

export const AF_PACKET = 17;
export const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;

/** struct sockaddr_ll: 0 family  2 protocol  4 interface  10 packet type */
export const linkAddressOctets = 20;

export const socket = call('int socket(int, int, int)');
const bind = call('int bind(int, uintptr_t, uint32_t)');
const setsockopt = call('int setsockopt(int, int, int, uintptr_t, uint32_t)');

const parameter = memory(4);

/** Of all interfaces of the namespace that this thread is in. It sees nothing before it is bound. */
export function openPacketSocket(type: number): number {
  const descriptor = socket(AF_PACKET, type, 0);
  if (descriptor < 0) fail('open a packet socket');
  return descriptor;
}

/** `protocol` is an EtherType, or ETH_P_ALL. */
export function bindPacketSocket(descriptor: number, protocol: number): void {
  const address = memory(linkAddressOctets);
  address.data.setUint16(0, AF_PACKET, true);
  address.data.setUint16(2, protocol);
  if (bind(descriptor, address.pointer, linkAddressOctets) < 0) fail('bind the packet socket');
}

/** An option that is an int. @returns whether the system takes it */
export function setOption(descriptor: number, level: number, name: number, value: number): boolean {
  parameter.data.setInt32(0, value, true);
  return setsockopt(descriptor, level, name, parameter.pointer, 4) === 0;
}

/** Only real root may exceed net.core.rmem_max; others get as much as that. */
export function setReceiveBuffer(descriptor: number, bytes: number): void {
  if (!setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) {
    setOption(descriptor, SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

/** A socket filter in classic BPF, an instruction each: code, jump if true, jump if false, k. */
export function attachFilter(
  descriptor: number,
  instructions: readonly (readonly [number, number, number, number])[],
): void {
  // struct sock_filter { code, jump if true, jump if false, k } and struct sock_fprog { length, filter* }
  const filter = memory(8 * instructions.length);
  instructions.forEach(([code, ifTrue, ifFalse, k], at) => {
    filter.data.setUint16(8 * at, code, true);
    filter.data.setUint8(8 * at + 2, ifTrue);
    filter.data.setUint8(8 * at + 3, ifFalse);
    filter.data.setUint32(8 * at + 4, k, true);
  });
  const program = memory(16);
  program.data.setUint16(0, instructions.length, true);
  setWord(program, 8, filter.pointer);
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program.pointer, 16) < 0) fail('attach a filter');
}

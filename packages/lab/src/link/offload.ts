// Offloads leave work to a network card: checksums that are not yet computed, and packets larger than the MTU. On a
// link whose frames a program reads there is no card to do it, so the kernel has to, before (ethtool(8), -K).
//
//   struct ifreq          0 interface name  16 data*                                    (40)
//   struct ethtool_value  0 command  4 value                                            (8)

import { call, fail, memory, setWord } from '../libc.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_STXCSUM = 0x17;
const ETHTOOL_STSO = 0x1f;
const ETHTOOL_SGSO = 0x24;

const socket = call('int socket(int, int, int)');
const close = call('int close(int)');
const ioctl = call('int ioctl(int, unsigned long, uintptr_t)');

/** Of an interface in the namespace that this thread is in. Ends the program where there is no such interface. */
export function switchOffloadsOff(interfaceName: string): void {
  const descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  const request = memory(40);
  const value = memory(8);
  request.bytes.set(Buffer.from(interfaceName));
  setWord(request, 16, value.pointer);
  for (const command of [ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM]) {
    value.data.setUint32(0, command, true);
    if (ioctl(descriptor, SIOCETHTOOL, request.pointer) < 0) fail(`switch offloads of ${interfaceName} off`);
  }
  close(descriptor);
}

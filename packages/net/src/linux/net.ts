import { systemClock } from '../node/clock.ts';
import { systemHost } from '../node/host.ts';
import { type Closers, closeAll } from '../node/net.ts';
import { systemRandom } from '../node/random.ts';
import type { Net } from '../types.ts';
import { createLinuxIcmp } from './icmp.ts';
import { linuxNetAvailable } from './libc.ts';
import { createLinuxTcp } from './tcp.ts';
import { createLinuxUdp } from './udp.ts';

/**
 * UDP and TCP with the kernel's stamps, options per packet and the error queue; raw ICMP. Throws an Error with the
 * reason where linuxNetAvailable() says no.
 */
export function createLinuxNet(): Net {
  const availability = linuxNetAvailable();
  if (!availability.available) throw new Error(availability.reason);
  const closers: Closers = new Set();
  return {
    clock: systemClock,
    random: systemRandom,
    udp: createLinuxUdp(closers),
    tcp: createLinuxTcp(closers),
    icmp: createLinuxIcmp(closers),
    host: systemHost,
    async close() {
      closeAll(closers);
    },
  };
}

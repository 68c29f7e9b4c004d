import { systemClock } from '../node/clock.ts';
import { systemHost } from '../node/host.ts';
import { type Closers, closeAll } from '../node/net.ts';
import { systemRandom } from '../node/random.ts';
import { createNodeTcp } from '../node/tcp.ts';
import type { Net } from '../types.ts';
import { linuxNetAvailable } from './libc.ts';
import { createLinuxUdp } from './udp.ts';

/**
 * UDP with the kernel's stamps, options per datagram and the error queue. TCP is Node's: nothing measured on it needs
 * more yet. Throws an Error with the reason where linuxNetAvailable() says no.
 */
export function createLinuxNet(): Net {
  const availability = linuxNetAvailable();
  if (!availability.available) throw new Error(availability.reason);
  const closers: Closers = new Set();
  return {
    clock: systemClock,
    random: systemRandom,
    udp: createLinuxUdp(closers),
    tcp: createNodeTcp(closers),
    host: systemHost,
    async close() {
      closeAll(closers);
    },
  };
}

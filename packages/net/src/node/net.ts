import type { Net } from '../types.ts';
import { systemClock } from './clock.ts';
import { systemHost } from './host.ts';
import { noIcmp } from './icmp.ts';
import { systemRandom } from './random.ts';
import { createNodeTcp } from './tcp.ts';
import { createNodeUdp } from './udp.ts';

/** What Net.close() has yet to close. */
export type Closers = Set<{ close(): void }>;

/** Closes what is open now; closing takes an element out of the set. */
export function closeAll(closers: Closers): void {
  for (const closer of [...closers]) closer.close();
}

/** The portable implementation: Node's own sockets, on every system that Node runs on. */
export function createNodeNet(): Net {
  const closers: Closers = new Set();
  return {
    clock: systemClock,
    random: systemRandom,
    udp: createNodeUdp(closers),
    tcp: createNodeTcp(closers),
    icmp: noIcmp,
    host: systemHost,
    async close() {
      closeAll(closers);
    },
  };
}

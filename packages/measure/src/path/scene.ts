// Traces in few words, for tests.

import type { PathTrace, TracedHop } from './trace.ts';

export const icmpExpired = { type: 11, code: 0 };

/** `null` for a silent hop, else who answers and in what time; an array for each answer's own time of three probes. */
export type HopInShort =
  | null
  | readonly [address: string, roundTripsMs: number | readonly number[], more?: Partial<TracedHop>];

export const home = { address: '192.168.1.2', port: 49_153 };
export const peer = { address: '203.0.113.9', port: 49_153 };

/** Reached where its last hop is at the target's address. */
export function trace(hops: readonly HopInShort[], more: Partial<PathTrace> = {}): PathTrace {
  const { target = peer } = more;
  const isReached = hops.at(-1)?.[0] === target.address;
  return {
    mode: 'in-session',
    protocol: 'udp',
    source: home,
    target,
    end: isReached ? 'reached' : 'silent',
    pathMtu: null,
    hops: hops.map((hop, i): TracedHop => {
      const isPeer = isReached && i === hops.length - 1;
      const times = hop === null ? [] : hop[1];
      return {
        ttl: i + 1,
        address: hop?.[0] ?? null,
        sent: 3,
        roundTripsMs: typeof times === 'number' ? [times, times, times] : times,
        icmp: hop === null || isPeer ? null : icmpExpired,
        quotedTtl: hop === null || isPeer ? null : 1,
        mpls: [],
        mtu: null,
        nat: null,
        ...hop?.[2],
      };
    }),
    ...more,
  };
}

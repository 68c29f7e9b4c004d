// Traces in few words, for tests.

import assert from 'node:assert/strict';
import type { PathGraph, PathNode } from './graph.ts';
import type { TracedDirection } from './merge.ts';
import type { PathTrace, TracedHop } from './trace.ts';

export const icmpExpired = { type: 11, code: 0 };

/** `null` for a silent hop, else who answers and in what time; an array for each answer's own time of three probes. */
export type HopInShort =
  | null
  | readonly [address: string, roundTripsMs: number | readonly number[], more?: Partial<TracedHop>];

export const home = { address: '192.168.1.2', port: 49_153 };
export const peer = { address: '203.0.113.9', port: 49_153 };
/** What the other of the two is known by, where the peer traces. */
const homeOutside = { address: '203.0.113.5', port: 49_153 };
const peerInside = { address: '10.7.0.2', port: 49_153 };

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

/** Traces of agent 11, at home, to agent 22, the peer. */
export function forth(...paths: HopInShort[][]): TracedDirection {
  const traces = paths.map((hops) => trace(hops));
  return { direction: 'to-target', sourceAgentId: '11', targetAgentId: '22', traces };
}

/** And of agent 22 to agent 11. */
export function back(...paths: HopInShort[][]): TracedDirection {
  const traces = paths.map((hops) => trace(hops, { source: peerInside, target: homeOutside }));
  return { direction: 'from-target', sourceAgentId: '11', targetAgentId: '22', traces };
}

/** The node of this id; fails where there is none. */
export function nodeIn(graph: PathGraph, id: string): PathNode {
  const found = graph.nodes.find((each) => each.id === id);
  assert.ok(found !== undefined, `${id} is not among ${graph.nodes.map((each) => each.id).join(', ')}`);
  return found;
}

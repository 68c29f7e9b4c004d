// What two NATs in a row look like from outside. Pure.

import { commonBehaviour, type Dependence, type NatBehaviour } from './behaviour.ts';
import type { NatLayers } from './kinds.ts';

const dependences: Dependence[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'];

/** Of what depends on less and what depends on more, packets meet the latter. */
function stricter(a: Dependence, b: Dependence): Dependence {
  return dependences[Math.max(dependences.indexOf(a), dependences.indexOf(b))]!;
}

/** The one NAT that behaves as these in a row, from the hosts outwards; null where there is none. */
export function asOne(layers: NatLayers): NatBehaviour | null {
  return layers.length === 0 ? null : layers.reduce(behind);
}

function behind(inner: NatBehaviour, outer: NatBehaviour): NatBehaviour {
  return {
    mapping: stricter(inner.mapping, outer.mapping),
    filtering: stricter(inner.filtering, outer.filtering),
    allocation: outer.allocation.law === 'preserving' ? inner.allocation : outer.allocation,
    // The outer NAT turns the packet round, and to the inner one it is a stranger's.
    hairpin: outer.hairpin && inner.filtering === 'endpoint-independent',
    unsolicited: outer.unsolicited,
    // What the outer NAT lets in by itself is what the inner one may be poisoned by.
    poisonable: outer.poisonable || (inner.poisonable && outer.filtering !== 'address-and-port-dependent'),
    simultaneousOpen: inner.simultaneousOpen && outer.simultaneousOpen,
    udpLifetimeMs: shortest(inner.udpLifetimeMs, outer.udpLifetimeMs),
    udpRefresh: inner.udpRefresh === 'outbound' ? 'outbound' : outer.udpRefresh,
    tcpIdle:
      (inner.tcpIdle?.afterMs ?? Infinity) <= (outer.tcpIdle?.afterMs ?? Infinity)
        ? inner.tcpIdle
        : outer.tcpIdle,
    setsTtl: outer.setsTtl ?? inner.setsTtl,
    blocked: [...new Set([...inner.blocked, ...outer.blocked])],
  };
}

function shortest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** Why no rules are known for a behaviour; null where there are. */
export function contradiction(behaviour: NatBehaviour): string | null {
  const { mapping, allocation, poisonable, unsolicited, udpLifetimeMs, udpRefresh, tcpIdle } = behaviour;
  if (allocation.law === 'preserving' && mapping !== commonBehaviour.mapping) {
    return 'a NAT that preserves ports maps endpoint-independently';
  }
  if (allocation.law !== 'preserving' && allocation.first > allocation.last) {
    return 'a range of ports ends after it begins';
  }
  if (allocation.law === 'sequential' && sequence(allocation).length > maxSequence) {
    return `a sequence has at most ${maxSequence} ports`;
  }
  if (tcpIdle?.outcome === 're-adopt' && allocation.law !== 'preserving') {
    return 'a connection is taken up again only where its port is preserved';
  }
  if (poisonable && unsolicited === 'icmp') {
    return 'a NAT whose own stack takes unsolicited packets answers them as a host, with RST only, or not at all';
  }
  if (poisonable && udpRefresh === 'outbound') {
    return 'a NAT that tells live mappings apart takes no unsolicited packet for its own';
  }
  if (udpRefresh === 'outbound' && udpLifetimeMs === null) {
    return 'that only outbound packets refresh a mapping shows only where its lifetime is given';
  }
  return null;
}

/** Each is an element of a map, of which a ruleset holds two. */
export const maxSequence = 4096;

/** The ports in the order in which they are given. */
export function sequence(allocation: { first: number; last: number; step: number }): number[] {
  const { first, last, step } = allocation;
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

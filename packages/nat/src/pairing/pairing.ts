// How two agents are brought together, from what is known of the NATs before them: who begins, from which ports, to
// which ports, and whose NAT it will be if it fails.

import type { NatProfile, PairingMethod, PortSearch, SessionRole, Transport } from '@pinhole/wire';
import { faultOf, letsIn, letsSynsIn, mustBeFirst } from './filters.ts';
import { type PairedSide, type PairSearch, searchOf } from './search.ts';

export interface SidePlan {
  /** How long after the common moment it begins. */
  readonly delayMs: number;
  /** TTL of a packet that it sends ahead; null where none is needed. */
  readonly openerTtl: number | null;
  readonly search: PortSearch | null;
}

export interface Pairing {
  readonly method: PairingMethod;
  readonly atFault: SessionRole;
  /** As far as is known nothing leads to a connection. It is tried all the same: what is known may be out of date. */
  readonly hopeless: boolean;
  readonly source: SidePlan;
  readonly target: SidePlan;
}

/** Passes a NAT and a provider's behind it, and dies at the router after them. */
const usualOpenerTtl = 3;
/** A side that must be first is first in spite of a few ms of error in the common moment. */
const headStartMs = 15;
/** And until all packets of its search have left: several times what 64 each 5 ms take, for a machine that is busy. */
const packetMs = { udp: 0.3, tcp: 1 } as const;
const longestHeadStartMs = 1000;

export function pairingOf(source: PairedSide, target: PairedSide, transport: Transport): Pairing {
  const [s, t] = [source.profile, target.profile];
  const isOpen = letsIn(s, t, transport) || letsIn(t, s, transport);
  const oneLetsSynsIn = letsSynsIn(s, transport) || letsSynsIn(t, transport);
  const search = isOpen || !oneLetsSynsIn ? null : searchOf(source, target);
  const delays = delaysOf(s, t, search, transport);
  const side = (role: SessionRole, own: NatProfile): SidePlan => ({
    delayMs: delays[role],
    openerTtl: openerTtlOf(own, transport),
    search: search?.[role] ?? null,
  });
  return {
    method: search?.method ?? 'punched',
    atFault: faultOf(s, t, transport),
    hopeless: !isOpen && search === null,
    source: side('source', s),
    target: side('target', t),
  };
}

function delaysOf(
  source: NatProfile,
  target: NatProfile,
  search: PairSearch | null,
  transport: Transport,
): Record<SessionRole, number> {
  const holder = search?.holder ?? null;
  const first =
    holder === null ? firstOf(source, target, transport) : firstOfSearch(holder, source, target, transport);
  const delays = { source: 0, target: 0 };
  if (first === null) return delays;
  const { sockets, tries } = search?.[first] ?? { sockets: 0, tries: 0 };
  const leavingMs = Math.max(1, sockets) * tries * packetMs[transport];
  delays[other(first)] = Math.min(longestHeadStartMs, headStartMs + Math.ceil(leavingMs));
  return delays;
}

/** Null where they begin together. */
function firstOf(source: NatProfile, target: NatProfile, transport: Transport): SessionRole | null {
  const [ofSource, ofTarget] = [source, target].map((side) => mustBeFirst(side, transport) === 'yes');
  if (ofSource !== ofTarget) return ofSource ? 'source' : 'target';
  // Only the one that lets SYNs in can be met by one, and only after its own.
  const [intoSource, intoTarget] = [source, target].map((side) => letsSynsIn(side, transport));
  if (intoSource === intoTarget) return null;
  return intoSource ? 'source' : 'target';
}

/** The holder, so that what is tried finds its ports open; but the other where that must be, or may have to be. */
function firstOfSearch(
  holder: SessionRole,
  source: NatProfile,
  target: NatProfile,
  transport: Transport,
): SessionRole {
  const must = { source: mustBeFirst(source, transport), target: mustBeFirst(target, transport) };
  const trying = other(holder);
  if (must[trying] === 'yes') return trying;
  return must[trying] === 'unknown' && must[holder] !== 'yes' ? trying : holder;
}

function other(role: SessionRole): SessionRole {
  return role === 'source' ? 'target' : 'source';
}

/**
 * A NAT that takes a peer's early packet for a flow of its own must have been opened before: by a packet that dies on its
 * way, so that it is not the early one at the peer's NAT.
 */
function openerTtlOf({ poisonable, natHops }: NatProfile, transport: Transport): number | null {
  if (transport === 'tcp' || poisonable === 'no') return null;
  return natHops === null ? usualOpenerTtl : natHops + 1;
}

// What a pair of NATs must come to. Not a list of pairs, but what follows from the behaviours of both: the behaviours
// are known to the lab, and the agents have to find their way without.

import { errorSentence, type Party, type Protocol, type RoundErrorCode } from '@pinhole/contract';
import type { Allocation, NatBehaviour } from '../nat/behaviour.ts';
import type { NatLayers } from '../nat/kinds.ts';
import { asOne } from '../nat/layers.ts';

/** What would open a pair that does not open as yet. */
export type Means = 'port prediction' | 'birthday search';

/** The usual outcome. */
export type Usual =
  | { readonly kind: 'connects'; readonly method: 'direct' | 'punched' }
  | {
      readonly kind: 'fails';
      readonly code: RoundErrorCode;
      readonly party: Party;
      /** Not yet: null where nothing would help. */
      readonly notYet: Means | null;
    };

export type Expectation = Usual & {
  /** Some NAT draws from so few ports that now and then it happens to draw the one that is let in. */
  readonly byChance: boolean;
  /** Whose idle connections are cut: that one of these just could not be asked is as expected. */
  readonly unsteady: readonly Party[];
};

/**
 * What a test between agents behind these NATs comes to. "Behind a NAT" is ticked for whoever is behind one: to such a
 * target both register, and a target that is not is reached plainly.
 */
export function expected(source: NatLayers, target: NatLayers, protocol: Protocol): Expectation {
  const [from, to] = [asOne(source), asOne(target)];
  if (to === null) return { ...plainly(from, protocol), byChance: false, unsteady: [] };
  const unsteady: readonly (Party | false)[] = [isUnsteady(from) && 'source', isUnsteady(to) && 'target'];
  const usual = throughNat(from, to, protocol);
  return {
    ...usual,
    byChance: usual.kind === 'fails' && usual.notYet !== null && [from, to].some(drawsFromFew),
    unsteady: unsteady.filter((party) => party !== false),
  };
}

/** The expectation in the words of a result, the usual one first. */
export function expectedWords(expectation: Expectation): [string, ...string[]] {
  const { byChance, unsteady } = expectation;
  const usual =
    expectation.kind === 'connects' ? expectation.method : errorSentence(expectation.code, expectation.party);
  return [
    usual,
    ...(byChance ? ['punched'] : []),
    ...unsteady.map((party) => errorSentence('nat-negotiation-failed', party)),
    // The registration still stands, and the news of the test did not arrive.
    ...(unsteady.includes('target') ? [errorSentence('session-refused', 'target')] : []),
  ];
}

function plainly(from: NatBehaviour | null, protocol: Protocol): Usual {
  const isCut = protocol === 'udp' && from?.blocked.includes('udp') === true;
  return isCut ? fails('agent-unreachable', 'target') : { kind: 'connects', method: 'direct' };
}

function throughNat(from: NatBehaviour | null, to: NatBehaviour, protocol: Protocol): Usual {
  if (!canRegister(from, protocol)) return fails('nat-negotiation-failed', 'source');
  if (!canRegister(to, protocol)) return fails('nat-negotiation-failed', 'target');
  if (letsIn(from, to, protocol) || letsIn(to, from, protocol))
    return { kind: 'connects', method: 'punched' };
  return fails('connection-failed', 'target', from === null ? null : meansFor(from, to));
}

function fails(code: RoundErrorCode, party: Party, notYet: Means | null = null): Usual {
  return { kind: 'fails', code, party, notYet };
}

/** UDP registers by the TCP registration. */
function canRegister(nat: NatBehaviour | null, protocol: Protocol): boolean {
  const blocked = nat?.blocked ?? [];
  if (blocked.includes('traversal-tcp')) return false;
  return protocol === 'tcp' || !(blocked.includes('udp') || blocked.includes('traversal-udp'));
}

/** A registration that is idle for longer than the NAT remembers is gone until the next keep-alive finds that out. */
function isUnsteady(nat: NatBehaviour | null): boolean {
  return (nat?.tcpIdle?.afterMs ?? Number.POSITIVE_INFINITY) <= keepAliveMs;
}

/** The agent's; the server's own come every 20 s, and from outside, where no mapping is left for them. */
const keepAliveMs = 15_000;

/**
 * Whether a packet that the peer sends to this side's registered endpoint, once this side has sent to the peer's, comes
 * in; what is then sent back goes where it came from. It suffices that one side lets the other in.
 *
 *   filtering             the peer's packet comes in …
 *   endpoint-independent  always, by the mapping that the registration made
 *   address-dependent     from any port of the peer, if this side's packet left by the registered mapping
 *   address-and-port-     from the peer's registered port only, so if both mappings are endpoint-independent
 *     dependent           (RFC 4787 sections 4.1 and 5)
 *
 * Over TCP the packet is a SYN that meets this side's own (RFC 5382 REQ-2).
 */
function letsIn(side: NatBehaviour | null, peer: NatBehaviour | null, protocol: Protocol): boolean {
  if (side === null) return true;
  if (protocol === 'tcp' && !side.simultaneousOpen) return false;
  if (side.filtering === 'endpoint-independent') return true;
  if (isSymmetric(side)) return false;
  return side.filtering === 'address-dependent' || !isSymmetric(peer);
}

function isSymmetric(nat: NatBehaviour | null): boolean {
  return nat !== null && nat.mapping !== 'endpoint-independent';
}

/**
 * Ports beyond the first few thousand are more than a round can try: where both sides draw from all of them and each
 * lets only the other's port in, a meeting by chance takes 54,000 probes for one half.
 */
function meansFor(a: NatBehaviour, b: NatBehaviour): Means | null {
  const symmetric = [a, b].filter(isSymmetric);
  if (symmetric.length === 0) return null;
  if (symmetric.every(({ allocation }) => allocation.law === 'sequential')) return 'port prediction';
  const isHopeless = ({ allocation, filtering }: NatBehaviour) =>
    filtering === 'address-and-port-dependent' && portCount(allocation) > maxSearchedPorts;
  return symmetric.length === 2 && symmetric.every(isHopeless) ? null : 'birthday search';
}

function drawsFromFew(nat: NatBehaviour | null): boolean {
  return isSymmetric(nat) && nat?.allocation.law === 'range' && portCount(nat.allocation) <= maxSearchedPorts;
}

/** With 4,096 tries a side, two NATs that draw from this many ports each still meet. */
const maxSearchedPorts = 2016;

function portCount(allocation: Allocation): number {
  return allocation.law === 'range' ? allocation.last - allocation.first + 1 : 1;
}

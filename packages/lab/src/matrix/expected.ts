// What a pair of NATs must come to. Not a list of pairs, but what follows from the behaviours of both: the behaviours
// are known to the lab, and the agents have to find their way without.

import {
  type ConnectionMethod,
  errorSentence,
  type Party,
  type Protocol,
  type RoundErrorCode,
} from '@pinhole/contract';
import type { Allocation, NatBehaviour } from '../nat/behaviour.ts';
import type { NatLayers } from '../nat/kinds.ts';
import { asOne } from '../nat/layers.ts';

/** The usual outcome. */
export type Usual =
  | { readonly kind: 'connects'; readonly method: ConnectionMethod }
  | { readonly kind: 'fails'; readonly code: RoundErrorCode; readonly party: Party };

export type Expectation = Usual & {
  /** A search is in vain as a rule, and now and then it is not. */
  readonly byChance: boolean;
};

/**
 * What a test between agents behind these NATs comes to. "Behind a NAT" is ticked for whoever is behind one: to such a
 * target both register, and a target that is not is reached plainly.
 */
export function expected(source: NatLayers, target: NatLayers, protocol: Protocol): Expectation {
  const [from, to] = [asOne(source), asOne(target)];
  if (to === null) return { ...plainly(from, protocol), byChance: false };
  const usual = throughNat(from, to, protocol);
  const byChance = from !== null && isConnectionFailed(usual) && meetings(from, to) > rareMeetings;
  return { ...usual, byChance };
}

/** The expectation in the words of a result, the usual one first. */
export function expectedWords(expectation: Expectation): [string, ...string[]] {
  const usual =
    expectation.kind === 'connects' ? expectation.method : errorSentence(expectation.code, expectation.party);
  return expectation.byChance ? [usual, 'searched', 'punched'] : [usual];
}

function plainly(from: NatBehaviour | null, protocol: Protocol): Usual {
  const isCut = protocol === 'udp' && from?.blocked.includes('udp') === true;
  return isCut ? fails('agent-unreachable', 'target') : connects('direct');
}

function throughNat(from: NatBehaviour | null, to: NatBehaviour, protocol: Protocol): Usual {
  if (!canRegister(from, protocol)) return fails('nat-negotiation-failed', 'source');
  if (!canRegister(to, protocol)) return fails('nat-negotiation-failed', 'target');
  if (from === null || letsIn(from, to, protocol) || letsIn(to, from, protocol)) return connects('punched');
  return bySearch(from, to, protocol) ?? fails('connection-failed', toBlame(from, to));
}

function connects(method: ConnectionMethod): Usual {
  return { kind: 'connects', method };
}

function fails(code: RoundErrorCode, party: Party): Usual {
  return { kind: 'fails', code, party };
}

function isConnectionFailed(usual: Usual): boolean {
  return usual.kind === 'fails' && usual.code === 'connection-failed';
}

/** UDP registers by the TCP registration. */
function canRegister(nat: NatBehaviour | null, protocol: Protocol): boolean {
  const blocked = nat?.blocked ?? [];
  if (blocked.includes('traversal-tcp')) return false;
  return protocol === 'tcp' || !(blocked.includes('udp') || blocked.includes('traversal-udp'));
}

/**
 * Whether a packet that the peer sends to this side's registered endpoint, once this side has sent to the peer's, comes
 * in; what is then sent back goes where it came from. It suffices that one side lets the other in.
 *
 *   filtering             the peer's packet comes in …
 *   endpoint-independent  always, by the mapping that the registration made
 *   address-dependent     from any port of the peer, if this side's packet left by the registered mapping
 *   address-and-port-     from the peer's registered port only, so if both mappings are endpoint-independent
 *     dependent           (RFC 4787 sections 4.1 and 5)
 */
function letsIn(side: NatBehaviour, peer: NatBehaviour, protocol: Protocol): boolean {
  if (!takesSyn(side, protocol)) return false;
  if (side.filtering === 'endpoint-independent') return true;
  if (isSymmetric(side)) return false;
  return side.filtering === 'address-dependent' || !isSymmetric(peer);
}

/** Over TCP the packet is a SYN that meets this side's own (RFC 5382 REQ-2). */
function takesSyn(side: NatBehaviour, protocol: Protocol): boolean {
  return protocol === 'udp' || side.simultaneousOpen;
}

/**
 * Where no registered endpoint can be used, and at least one NAT is symmetric: how the ports are found that a symmetric
 * NAT gives. null where they are not, or no side takes the SYN that is sent there.
 */
function bySearch(from: NatBehaviour, to: NatBehaviour, protocol: Protocol): Usual | null {
  const sides = [from, to];
  const symmetric = sides.filter(isSymmetric);
  const [one] = symmetric;
  if (one === undefined || !sides.some((side) => takesSyn(side, protocol))) return null;
  if (symmetric.length === 1) return connects(isSequential(one) ? 'predicted' : 'searched');
  // One side's mappings wait for whatever port of the other's address, which has only to find one of them.
  const holder = sides.find((side) => side.filtering === 'address-dependent' && takesSyn(side, protocol));
  if (holder !== undefined) return connects(isSequential(holder) ? 'predicted' : 'searched');
  if (symmetric.every(isSequential)) return connects('predicted');
  return meetings(from, to) >= enoughMeetings ? connects('searched') : null;
}

/**
 * How often two symmetric NATs are expected to meet where each sends from, and to, ports of its own choice: each pair
 * of packets agrees by one chance in the product of both ranges.
 */
function meetings(a: NatBehaviour, b: NatBehaviour): number {
  if (!isSymmetric(a) || !isSymmetric(b)) return 0;
  return triesOfOneSide ** 2 / (portCount(a.allocation) * portCount(b.allocation));
}

const triesOfOneSide = 4096;
/** They then meet at least once with 98 % (1 - e^-3.9). */
const enoughMeetings = 3.9;
/** Below this, one that connects is a fault of the lab rather than chance. */
const rareMeetings = 0.01;

/** The port of a sequential NAT is not the predicted one exactly, where the search takes a while. */
const sequentialPorts = 512;

function portCount(allocation: Allocation): number {
  return allocation.law === 'range' ? allocation.last - allocation.first + 1 : sequentialPorts;
}

function isSymmetric(nat: NatBehaviour): boolean {
  return nat.mapping !== 'endpoint-independent';
}

function isSequential({ allocation }: NatBehaviour): boolean {
  return allocation.law === 'sequential';
}

/** The side that fails the earlier requirement: not symmetric is the second, simultaneous open the fourth. */
function toBlame(from: NatBehaviour, to: NatBehaviour): Party {
  return isSymmetric(from) && !isSymmetric(to) ? 'source' : 'target';
}

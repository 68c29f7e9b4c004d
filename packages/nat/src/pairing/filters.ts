// Whether a packet of one side gets in at the other, from what is known of both.

import type { NatProfile, SessionRole, Transport } from '@pinhole/wire';

export function isSymmetric({ mapping }: NatProfile): boolean {
  return mapping === 'address-dependent' || mapping === 'address-and-port-dependent';
}

/**
 * Whether what the peer sends to this side's known endpoint comes in, once this side has sent to the peer's known one
 * (RFC 4787 §4.1 and §5). Over TCP it is a SYN that meets this side's own (RFC 5382 REQ-2).
 */
export function letsIn(side: NatProfile, peer: NatProfile, transport: Transport): boolean {
  if (!letsSynsIn(side, transport)) return false;
  if (side.filtering === 'endpoint-independent') return true;
  if (isSymmetric(side)) return false;
  return side.filtering === 'address-dependent' || !isSymmetric(peer);
}

export function letsSynsIn(side: NatProfile, transport: Transport): boolean {
  return transport === 'udp' || side.simultaneousOpen !== 'no';
}

/**
 * Whether a packet of the peer's that comes before this side has sent its own does harm: it is answered with an error
 * that ends the peer's attempt, or moves this side's flow to another port; that of a symmetric NAT is none that the peer
 * counts on.
 */
export function mustBeFirst(side: NatProfile, transport: Transport): NatProfile['poisonable'] {
  const moves = isSymmetric(side) ? 'no' : side.poisonable;
  if (transport === 'udp' || side.answersSyn === moves) return moves;
  return side.answersSyn === 'yes' || moves === 'yes' ? 'yes' : 'unknown';
}

/** Whose NAT is the reason if there is no connection: a symmetric one, or else one that lets no SYN in. */
export function faultOf(source: NatProfile, target: NatProfile, transport: Transport): SessionRole {
  if (isSymmetric(target)) return 'target';
  if (isSymmetric(source)) return 'source';
  const onlySource = !letsSynsIn(source, transport) && letsSynsIn(target, transport);
  return onlySource ? 'source' : 'target';
}

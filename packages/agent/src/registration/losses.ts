// How the registration's long-lived connection has fared: how often something on the way cut it.
//
// What the server or this agent ended is no loss, and neither is what came with an outage of the way or of the server:
// then no new connection is made at once. A device that forgets or limits connections lets a new one through.

import type { KeepAliveHistory } from '@pinhole/nat';
import type { TcpCloseReason } from '@pinhole/net';

export interface Loss {
  readonly atMs: number;
  readonly by: 'silence' | 'reset';
  readonly livedMs: number;
  /** Since the last word of the server's. */
  readonly idleMs: number;
  readonly portBefore: number;
  readonly portAfter: number;
}

/** A loss of which it is not known yet whether a new connection follows at once. */
export type OpenLoss = Omit<Loss, 'portAfter'>;

/** Two attempts, the first of which may wait for the server to find its old connection dead. */
const reconnectedWithinMs = 10_000;
/** As far back as losses count: twelve checks. */
const historyMs = 3_600_000;
/** Losses are at least some seconds apart; more of them say nothing new. */
const maxLosses = 8;

/** How a connection ended that neither side meant to end; null for any other end. */
export function cutBy(reason: TcpCloseReason): Loss['by'] | null {
  if (reason === 'reset') return 'reset';
  return reason === 'timeout' ? 'silence' : null;
}

/** `losses` with the one that a new registration, seen at `portAfter`, has shown to be one. */
export function withLoss(
  losses: readonly Loss[],
  open: OpenLoss | null,
  portAfter: number,
  nowMs: number,
): readonly Loss[] {
  if (open === null || nowMs > open.atMs + reconnectedWithinMs) return losses;
  return [...losses, { ...open, portAfter }].slice(-maxLosses);
}

/** `heldForMs` is the age of the present connection; null while there is none. */
export function keepAliveHistory(
  losses: readonly Loss[],
  heldForMs: number | null,
  nowMs: number,
): KeepAliveHistory {
  const recent = losses.filter(({ atMs }) => atMs > nowMs - historyMs);
  return { heldForMs, lostAfterMs: recent.map(({ livedMs }) => livedMs), remarks: recent.map(remark) };
}

function remark({ by, idleMs, portBefore, portAfter }: Loss): string {
  const moved =
    portBefore === portAfter ? '' : `, and the public port changed from ${portBefore} to ${portAfter}`;
  return `lost by ${by} after ${Math.round(idleMs / 1000)} s without a word${moved}`;
}

// How long-lived connections to the server have fared: the registration's own, and those of trials (trial.ts).
//
// What the server or this agent ended is no loss, and neither is what came with an outage of the way or of the server:
// then no new connection is made at once. A device that forgets or limits connections lets a new one through.

import type { KeepAliveHistory } from '@pinhole/nat';
import type { TcpCloseReason } from '@pinhole/net';

export interface Loss {
  readonly of: 'registration' | 'trial';
  readonly atMs: number;
  readonly by: 'silence' | 'reset';
  readonly livedMs: number;
  /** Without a word, before the one that found it lost. */
  readonly idleMs: number;
  readonly portBefore: number;
  readonly portAfter: number;
}

/** A loss of which it is not known yet whether a new connection follows at once. */
export interface OpenLoss extends Omit<Loss, 'portAfter'> {
  /** A word after an idle time was not answered: what is on the way may forget idle connections. */
  readonly wasForgotten: boolean;
}

/** The first word that still waits for an answer. */
export interface Unanswered {
  readonly sinceMs: number;
  /** Nothing had passed for so long before it. */
  readonly idleMs: number;
}

/** Below the 10 s after which the hastiest devices forget a connection, with room for a timer that is late. */
export const longestKeepAliveMs = 8_000;
/** More would be said for the connection's sake than for the tests'. */
const shortestKeepAliveMs = 4_000;
/** Shorter than any keep-alive: a connection that dies sooner died of something else. */
const leastIdleMs = 3_000;
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

/** Whether a connection that was cut had been forgotten for being idle. */
export function wasForgotten(unanswered: Unanswered | null): boolean {
  return unanswered !== null && unanswered.idleMs >= leastIdleMs;
}

/** The idle time to allow after `open`: half as long, where the connection was forgotten. */
export function keepAliveAfter(keepAliveMs: number, open: OpenLoss | null): number {
  return open?.wasForgotten === true ? Math.max(shortestKeepAliveMs, keepAliveMs / 2) : keepAliveMs;
}

/** Whether a registration at `nowMs` shows that the connection before it was lost by itself. */
export function isConfirmed(open: OpenLoss | null, nowMs: number): open is OpenLoss {
  return open !== null && nowMs <= open.atMs + reconnectedWithinMs;
}

/** `losses` with one more, after which the server saw the agent at `portAfter`. */
export function withLoss(
  losses: readonly Loss[],
  { wasForgotten: _, ...open }: OpenLoss,
  portAfter: number,
): readonly Loss[] {
  return [...losses, { ...open, portAfter }].slice(-maxLosses);
}

/** `losses` with those of the latest trial in the place of earlier trials'. */
export function withTrial(losses: readonly Loss[], ofTrial: readonly Loss[]): readonly Loss[] {
  return [...losses.filter((each) => each.of !== 'trial'), ...ofTrial].slice(-maxLosses);
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

function remark({ of, by, idleMs, portBefore, portAfter }: Loss): string {
  const which = of === 'trial' ? 'a connection left idle was ' : '';
  const moved =
    portBefore === portAfter ? '' : `, and the public port changed from ${portBefore} to ${portAfter}`;
  return `${which}lost by ${by} after ${Math.round(idleMs / 1000)} s without a word${moved}`;
}

// What the tracing of one session's paths is given.

import { type Assignment, maxProbesPerHop } from '@pinhole/contract';
import type { Clock, Net } from '@pinhole/net';
import type { Endpoint, IpAddress } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import { pause } from '../timing/pause.ts';

export interface PathOptions {
  readonly net: Net;
  readonly session: Session;
  readonly plan: Assignment['path'];
  /** Where the peer is, or was thought to be where the session has not found it. */
  readonly target: Endpoint;
  /** Where this side's packets leave from, as far as is known before an answer tells. */
  readonly ownAddress: IpAddress;
  /** To the peer, by the way of the session. */
  readonly send: (data: Uint8Array) => void;
  /** The NAT traversal server, where this agent is registered with one. */
  readonly server: Endpoint | null;
  /** TTL with which a packet leaves this side's NATs, and does not reach the peer's; null where none need go ahead. */
  readonly openerTtl: number | null;
  readonly signal: AbortSignal;
}

/** Between the beginnings of two traces: with 20 hops in half a second none of them gets more than its usual rate limit. */
const betweenMs = 500;

/** Makes so many traces, one after the other a little apart; without waiting once `signal` is aborted. */
export function inTurn<T>(
  clock: Clock,
  signal: AbortSignal,
  count: number,
  trace: (index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      if (i > 0) await pause(clock, i * betweenMs, signal);
      return trace(i);
    }),
  );
}

/** Where few traces ask, each asks more often: a hop has three chances to show itself either way. */
export function hopQuestions({ traces }: Assignment['path']): {
  answersPerHop: number;
  attemptsPerHop: number;
} {
  return {
    answersPerHop: Math.max(1, Math.ceil(maxProbesPerHop / traces)),
    attemptsPerHop: maxProbesPerHop,
  };
}

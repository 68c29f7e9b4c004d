// What a round's end becomes: one result for each direction that this agent answers for.

import {
  type Assignment,
  type ConnectionMethod,
  type FailedResult,
  measuredDirections,
  type OneDirection,
  type Party,
  type RoundErrorCode,
  type RoundResult,
  type TcpFigures,
  type Throughput,
  type TracedResult,
} from '@pinhole/contract';
import type { PeerClocks } from '../clocks/clocks.ts';
import type { SessionLog } from '../session/log.ts';
import type { SessionOutcome } from '../session/state.ts';

/** The contract's bound. */
const maxCount = 100_000;

export interface RoundContext {
  readonly assignment: Assignment;
  readonly clocks: PeerClocks;
  readonly ownAgentId: string;
  readonly roundId: number;
  readonly method: ConnectionMethod;
  /** From when this agent knew where its peer is to the way found; null where none was. */
  readonly connectMs?: number | null;
  /** Whose NAT is the reason where there is no connection. @default 'target' */
  readonly atFault?: Party;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/**
 * Each direction is reported by its receiver. The source answers for the other direction too when it cannot be sure
 * that the target will: the collector prefers what was measured over what failed.
 */
export function roundResults(round: RoundContext, outcome: SessionOutcome): RoundResult[] {
  const { assignment } = round;
  const directions = measuredDirections(assignment.direction);
  if (outcome.kind === 'failed') {
    return assignment.role === 'target'
      ? []
      : failedResults(round, sessionFailure(round, outcome), outcome.evidence);
  }
  const received: OneDirection = assignment.role === 'source' ? 'from-target' : 'to-target';
  const results: RoundResult[] = [];
  if (directions.includes(received)) {
    const silent = outcome.log.arrivals.length === 0 && !outcome.peerConfirmed;
    const evidence = 'Nothing of the peer arrived after the session was opened';
    if (!silent) results.push(measured(round, outcome, received));
    else if (assignment.role === 'source') results.push(failed(round, received, 'session-lost', evidence));
  }
  if (assignment.role === 'source' && directions.includes('to-target') && !outcome.peerConfirmed) {
    results.push(failed(round, 'to-target', 'session-lost', 'The target did not confirm what it received'));
  }
  return results;
}

/** What this end has measured, with the throughput of the same direction. */
export function withThroughput(
  results: readonly RoundResult[],
  throughput: Throughput | null,
): readonly RoundResult[] {
  if (throughput === null) return results;
  return results.map((each) => (each.outcome === 'measured' ? { ...each, throughput } : each));
}

/** The round failed before anything was measured. Only the source says so. */
export function failedResults(
  round: RoundContext,
  { errorCode, party }: Pick<FailedResult, 'errorCode' | 'party'>,
  evidence: string,
): RoundResult[] {
  return measuredDirections(round.assignment.direction).map((direction) =>
    failed(round, direction, errorCode, evidence, party),
  );
}

/** What this end has traced of the way in which it sends. */
export function tracedResult(
  round: Pick<RoundContext, 'assignment' | 'ownAgentId' | 'roundId' | 'startedAtMs' | 'finishedAtMs'>,
  direction: OneDirection,
  { traces, limitation }: Pick<TracedResult, 'traces' | 'limitation'>,
): TracedResult {
  const { startedAtMs, finishedAtMs } = round;
  return { outcome: 'traced', ...key(round, direction), startedAtMs, finishedAtMs, traces, limitation };
}

function sessionFailure(
  { method, atFault = 'target' }: RoundContext,
  { stage }: Extract<SessionOutcome, { kind: 'failed' }>,
): Pick<FailedResult, 'errorCode' | 'party'> {
  switch (stage) {
    case 'connecting':
      return method === 'direct'
        ? { errorCode: 'agent-unreachable', party: 'target' }
        : { errorCode: 'connection-failed', party: atFault };
    case 'opening':
      return { errorCode: 'session-lost', party: 'target' };
    case 'refused':
      return { errorCode: 'session-refused', party: 'target' };
  }
}

function measured(
  round: RoundContext,
  { log, plan, remote, mapped }: Extract<SessionOutcome, { kind: 'measured' }>,
  direction: OneDirection,
): RoundResult {
  const isSource = round.assignment.role === 'source';
  return {
    outcome: 'measured',
    ...key(round, direction),
    startedAtMs: round.startedAtMs,
    finishedAtMs: round.finishedAtMs,
    method: round.method,
    connectMs: round.connectMs ?? null,
    targetEndpoint: isSource ? remote : mapped,
    sourceEndpoint: isSource ? mapped : remote,
    ...(round.assignment.protocol === 'tcp' && { tcp: tcpFigures(log) }),
    measurement: round.clocks.measure(round.assignment.peer.agentId, log, plan),
  };
}

/** Of the direction's sender. */
function tcpFigures({ peerTcp }: SessionLog): TcpFigures | null {
  if (peerTcp === null) return null;
  const { retransmissions, roundTripUs, roundTripDeviationUs, leastRoundTripUs, mss, pathMtu } = peerTcp;
  return {
    retransmissions: Math.min(maxCount, retransmissions),
    roundTripMs: roundTripUs / 1000,
    roundTripDeviationMs: roundTripDeviationUs / 1000,
    leastRoundTripMs: leastRoundTripUs === null ? null : leastRoundTripUs / 1000,
    mss,
    pathMtu,
  };
}

function failed(
  round: RoundContext,
  direction: OneDirection,
  errorCode: RoundErrorCode,
  evidence: string,
  party: FailedResult['party'] = 'target',
): RoundResult {
  const { startedAtMs, finishedAtMs } = round;
  return {
    outcome: 'failed',
    ...key(round, direction),
    startedAtMs,
    finishedAtMs,
    errorCode,
    party,
    evidence: evidence.slice(0, 500),
  };
}

function key(
  { assignment, ownAgentId, roundId }: Pick<RoundContext, 'assignment' | 'ownAgentId' | 'roundId'>,
  direction: OneDirection,
) {
  const isSource = assignment.role === 'source';
  return {
    testId: assignment.testId,
    roundId,
    sourceAgentId: isSource ? ownAgentId : assignment.peer.agentId,
    targetAgentId: isSource ? assignment.peer.agentId : ownAgentId,
    direction,
  };
}

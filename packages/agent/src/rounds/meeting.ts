// A source's meetings with its target, by way of the NAT traversal server.

import type { Assignment, FailedResult } from '@pinhole/contract';
import type { Clock } from '@pinhole/net';
import { type OwnSide, type RendezvousBody, refusalCodes, type Transport } from '@pinhole/wire';
import type { MeetOutcome, Registration } from '../registration/registration.ts';
import { pause } from '../timing/pause.ts';
import { needsOwnConnection } from './plan.ts';

export interface MeetingOptions {
  readonly clock: Clock;
  readonly registration: () => Registration;
  /** What this agent tells of itself for an attempt; `isFresh`: with a port made for it. */
  readonly ownSide: (transport: Transport, sessionId: Uint8Array, isFresh: boolean) => Promise<OwnSide>;
  readonly isClosed: () => boolean;
}

export interface NotMet {
  readonly failure: Pick<FailedResult, 'errorCode' | 'party'>;
  readonly evidence: string;
}

export type Start = Extract<RendezvousBody, { kind: 'start' }>;

/** A source that is just reconnecting to the server gets this long. */
const registrationWaitMs = 3_000;
/** So does a target, of which the server has not heard again yet. */
const targetReturnMs = 3_000;
const askAgainMs = 500;

/** Never rejects. */
export async function meet(
  options: MeetingOptions,
  assignment: Assignment,
  roundId: number,
  sessionId: Uint8Array,
  attempt: number,
): Promise<Start | NotMet> {
  const { registration, ownSide, clock, isClosed } = options;
  const { protocol: transport } = assignment;
  if (assignment.ticket === null)
    return notMet('nat-negotiation-failed', 'source', 'The collector gave no ticket');
  if (!(await registration().ready(transport, registrationWaitMs))) {
    return notMet('nat-negotiation-failed', 'source', lacking(registration()));
  }
  const ticket = Buffer.from(assignment.ticket, 'base64');
  const untilMs = clock.monotonicNs() / 1e6 + targetReturnMs;
  // A port of an earlier attempt is not used again: the NATs on the way may remember what failed.
  const isFresh = attempt > 1 || needsOwnConnection(assignment);
  // Once: where it names a fresh port, each time would make another.
  const own = await ownSide(transport, sessionId, isFresh);
  for (;;) {
    const outcome = await registration().meet({ sessionId, transport, roundId, ticket, attempt, ...own });
    if (outcome.met) return outcome.start;
    // A target that is just coming back to a restarted server gets a moment.
    const isAway = outcome.code === refusalCodes.targetNotRegistered;
    if (!isAway || isClosed() || clock.monotonicNs() / 1e6 > untilMs) return meetFailure(outcome);
    await pause(clock, askAgainMs);
  }
}

function lacking({ reported: { detail, tcp } }: Registration): string {
  if (detail !== null) return detail;
  const state =
    tcp === null ? 'not registered' : `registered over TCP from ${tcp.address}:${tcp.port}, not over UDP`;
  return `With the NAT traversal server: ${state}`;
}

function meetFailure({ code, reason }: Extract<MeetOutcome, { met: false }>): NotMet {
  switch (code) {
    case refusalCodes.targetNotRegistered:
    case refusalCodes.targetSilent:
      return notMet('nat-negotiation-failed', 'target', reason);
    case refusalCodes.targetRefused:
      return notMet('session-refused', 'target', reason);
    default:
      return notMet('nat-negotiation-failed', 'source', reason);
  }
}

export function notMet(
  errorCode: FailedResult['errorCode'],
  party: FailedResult['party'],
  evidence: string,
): NotMet {
  return { failure: { errorCode, party }, evidence };
}

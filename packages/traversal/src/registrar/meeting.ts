// Meetings: a source asks for its target, the target agrees, and both are told to start so that their first packets
// cross.
//
//   1. source → Meet (ticket)      the ticket is checked; the target must be registered for the test's transport
//   2. Invite → target             the target says whether it takes the session
//   3. Met → source                and Start → both (start.ts)

import { unknownProfile } from '@pinhole/nat';
import {
  decodeTicket,
  type Endpoint,
  type OwnSide,
  type RendezvousBody,
  refusalCodes,
  type Transport,
} from '@pinhole/wire';
import type { Counter } from '../counters.ts';
import { answer, ask, channelOf, refusal } from './answers.ts';
import { type MeetingSide, startsOf } from './start.ts';
import type { Channel, Effect, Meeting, Now, Pending, RegistrarState, Registration } from './state.ts';

/** Well within the 10 s in which a round must have its result, and above any round trip on Earth. */
const inviteTimeoutMs = 3_000;
/** More sessions at once than an agent has rounds. */
const maxMeetingsPerSource = 64;
/** RFC 8489 §14.8: fewer than 128 characters. A peer's words must not grow beyond what their receiver takes. */
const maxReasonChars = 127;

/** An authenticated Meet request of `source`. */
export function meet(
  state: RegistrarState,
  channel: Channel,
  transactionId: Uint8Array,
  body: Extract<RendezvousBody, { kind: 'meet' }>,
  source: Registration,
  now: Now,
): Effect[] {
  const refuse = (code: number, reason: string, counter: Counter) => {
    state.counters.add(counter);
    return [answer(channel, transactionId, refusal('meet', code, reason), source.password)];
  };
  const opened = decodeTicket(state.secret, body.ticket);
  if (!opened.ok)
    return refuse(refusalCodes.ticketRefused, 'Ticket is not valid', 'refused-ticket-signature');
  const { ticket } = opened;
  if (ticket.expiresAtS < now.wallS)
    return refuse(refusalCodes.ticketExpired, 'Ticket has expired', 'refused-ticket-expired');
  if (ticket.sourceAgentId !== source.agentId) {
    return refuse(refusalCodes.ticketRefused, 'Ticket is not yours', 'refused-ticket-not-yours');
  }
  const target = state.registrations.get(ticket.targetAgentId);
  if (target === undefined || reachedOver(target, body.transport, now) === null) {
    return refuse(
      refusalCodes.targetNotRegistered,
      'Target is not registered',
      'refused-target-not-registered',
    );
  }
  if (reachedOver(source, body.transport, now) === null) {
    return refuse(
      refusalCodes.badRequest,
      'Source is not registered for this transport',
      'refused-bad-request',
    );
  }
  if ((state.meetings.get(source.agentId) ?? 0) >= maxMeetingsPerSource) {
    return refuse(refusalCodes.tooMany, 'Too many meetings at once', 'refused-too-many-meetings');
  }
  const meeting: Meeting = {
    sessionId: Uint8Array.from(body.sessionId),
    transport: body.transport,
    sourceAgentId: source.agentId,
    targetAgentId: target.agentId,
    meetTransactionId: Uint8Array.from(transactionId),
    source: { profile: body.profile, mapped: body.mapped },
  };
  const { sessionId, transport, roundId, attempt } = body;
  const invite = {
    kind: 'invite',
    sessionId,
    transport,
    roundId,
    testId: ticket.testId,
    sourceAgentId: source.agentId,
    attempt,
  } as const;
  return [ask(state, target, invite, now, { timeoutMs: inviteTimeoutMs, meeting })];
}

/** The target's answer to an invitation, or null for none in time. */
export function answered(
  state: RegistrarState,
  { meeting }: Pending & { meeting: Meeting },
  body: RendezvousBody | null,
  now: Now,
): Effect[] {
  const source = state.registrations.get(meeting.sourceAgentId);
  const target = state.registrations.get(meeting.targetAgentId);
  if (source === undefined) return [];
  const tell = (reply: RendezvousBody) =>
    answer(channelOf(source), meeting.meetTransactionId, reply, source.password);
  const refuse = (code: number, reason: string, counter: Counter): Effect[] => {
    state.counters.add(counter);
    return [tell(refusal('meet', code, reason))];
  };
  if (body === null)
    return refuse(refusalCodes.targetSilent, 'Target did not answer', 'refused-target-silent');
  if (body.kind !== 'accepted') {
    const reason = body.kind === 'refused' ? body.reason : '';
    return refuse(refusalCodes.targetRefused, reason.slice(0, maxReasonChars), 'refused-by-target');
  }

  const targetAt = target === undefined ? null : reachedOver(target, meeting.transport, now);
  const sourceAt = reachedOver(source, meeting.transport, now);
  if (target === undefined || targetAt === null || sourceAt === null) {
    return refuse(
      refusalCodes.targetNotRegistered,
      'Target is not registered',
      'refused-target-not-registered',
    );
  }
  state.counters.add('met');
  const from = { registration: source, ...placeOf(meeting.source, sourceAt) };
  const to = { registration: target, ...placeOf(body, targetAt) };
  const starts = startsOf(meeting, from, to);
  return [
    tell({ kind: 'met' }),
    ask(state, target, starts.target, now, null),
    ask(state, source, starts.source, now, null),
  ];
}

/**
 * What the side has told of itself. An endpoint that it has made for this attempt counts where it has the address that
 * its registration came from: nobody can have a peer send to somebody else.
 */
function placeOf({ profile, mapped }: OwnSide, registered: Endpoint): Omit<MeetingSide, 'registration'> {
  const isItsOwn = mapped !== null && mapped.address === registered.address && mapped.port > 0;
  return { profile: profile ?? unknownProfile, at: isItsOwn ? mapped : registered };
}

function reachedOver(registration: Registration, transport: Transport, now: Now): Endpoint | null {
  if (transport === 'tcp') return registration.tcp;
  return registration.udp !== null && registration.udp.expiresAtMs > now.ms
    ? registration.udp.endpoint
    : null;
}

// Rounds of which this agent is the target: whenever a source comes, by way of the server or by itself.

import type { Assignment, ConnectionMethod } from '@pinhole/contract';
import type { Timer } from '@pinhole/net';
import type { RendezvousBody, SessionMessage } from '@pinhole/wire';
import type { AgentPort } from '../port/port.ts';
import { maxSessions } from '../port/sessions.ts';
import type { InvitationAnswer } from '../registration/registration.ts';
import { keyOf } from '../session/key.ts';
import type { Session } from '../session/session.ts';
import type { SessionOutcome, SessionSetup } from '../session/state.ts';
import { keepIfSearched, wayOf } from './approach.ts';
import type { Start } from './meeting.ts';
import { roundResults } from './results.ts';
import type { RunnerOptions } from './runner.ts';
import type { RoundSessions } from './sessions.ts';

/** A target waits for its source's first check and Open this long. */
const targetWaitMs = 12_000;
export type Invite = Extract<RendezvousBody, { kind: 'invite' }>;

/** Of one session; a source asks for eight attempts at most. */
const maxStarts = 8;

interface Invitation {
  readonly assignment: Assignment;
  readonly pair: string;
  readonly roundId: number;
  readonly expiry: Timer;
}

/** A session as its target. */
interface TargetSession {
  readonly pair: string;
  readonly sourceAgentId: string;
  /** As the server has said; null where it has not been asked. */
  method: ConnectionMethod | null;
  starts: number;
}

export class TargetRounds {
  readonly #options: RunnerOptions;
  readonly #sessions: RoundSessions;
  readonly #invited = new Map<string, Invitation>();
  readonly #targets = new WeakMap<Session, TargetSession>();
  /** Invitations that are being answered. */
  #answering = 0;
  #closed = false;

  constructor(options: RunnerOptions, sessions: RoundSessions) {
    this.#options = options;
    this.#sessions = sessions;
  }

  /** Begins nothing from here on; sessions under way are the port's to end. */
  close(): void {
    this.#closed = true;
    for (const { expiry } of this.#invited.values()) expiry.cancel();
    this.#invited.clear();
  }

  /** A source asks for this agent through the server. */
  async invited(invitation: Invite): Promise<InvitationAnswer> {
    const { sessionId, transport } = invitation;
    const refuse = (reason: string) => ({ taken: false, reason }) as const;
    if (this.#sessions.isPast(sessionId)) return refuse('This session is over');
    const expected = this.#invited.size + this.#answering;
    if (this.#options.port(transport).sessions.size + expected >= maxSessions)
      return refuse('This agent is busy');
    this.#answering += 1;
    try {
      return await this.#answer(invitation, refuse);
    } finally {
      this.#answering -= 1;
    }
  }

  async #answer(
    { sessionId, transport, testId, sourceAgentId, roundId, attempt }: Invite,
    refuse: (reason: string) => InvitationAnswer,
  ): Promise<InvitationAnswer> {
    const { refreshConfig, net, ownSide } = this.#options;
    let assignment = this.#targetAssignment(testId, sourceAgentId);
    if (assignment === undefined) {
      // A test just created: its source may have heard of it a moment before this agent.
      await refreshConfig();
      assignment = this.#targetAssignment(testId, sourceAgentId);
    }
    if (assignment === undefined) return refuse('This agent does not know the test');
    const key = keyOf(sessionId);
    const underway = this.#underway(sessionId);
    const pair = underway === null ? this.#invited.get(key)?.pair : this.#targets.get(underway.session)?.pair;
    const isAnothers = underway !== null && pair === undefined;
    if (isAnothers || (pair !== undefined && pair !== pairOf(assignment)))
      return refuse('This session is of another pair');
    const own = await ownSide(transport, sessionId, attempt > 1);
    if (this.#closed) return refuse('This agent is stopping');
    this.#invited.get(key)?.expiry.cancel();
    const expiry = net.clock.after(targetWaitMs, () => this.#invited.delete(key));
    this.#invited.set(key, { assignment, pair: pairOf(assignment), roundId, expiry });
    return { taken: true, ...own };
  }

  /** The server says where the source of an accepted invitation is. */
  started(start: Start): void {
    const { sessionId } = start;
    const invitation = this.#invited.get(keyOf(sessionId));
    invitation?.expiry.cancel();
    this.#invited.delete(keyOf(sessionId));
    const { port, session } = this.#underway(sessionId) ?? this.#beginInvited(invitation, sessionId) ?? {};
    const known = session === undefined ? undefined : this.#targets.get(session);
    // What this agent has asked for itself is dealt with where it was asked for.
    if (port === undefined || session === undefined || known === undefined) return;
    known.starts += 1;
    if (known.starts > maxStarts) return;
    known.method = start.method;
    // The source has asked anew: it has no way that is kept, or has found it dead.
    port.forget(known.sourceAgentId);
    port.reach(session, wayOf(start, this.#nowMs()));
  }

  /** A check of a session not heard of: ours, if it names a test in which this agent is the target. */
  begin({ sessionId, body }: SessionMessage, port: AgentPort): Session | null {
    if (body.kind !== 'check' || this.#closed || this.#sessions.isPast(sessionId)) return null;
    const assignment = this.#targetAssignment(body.testId, body.sourceAgentId);
    if (assignment === undefined) return null;
    return this.#targetSession(port, assignment, body.roundId, sessionId);
  }

  #underway(sessionId: Uint8Array): { port: AgentPort; session: Session } | null {
    for (const transport of ['udp', 'tcp'] as const) {
      const port = this.#options.port(transport);
      const session = port.sessions.get(sessionId);
      if (session !== undefined) return { port, session };
    }
    return null;
  }

  #beginInvited(
    invitation: Invitation | undefined,
    sessionId: Uint8Array,
  ): { port: AgentPort; session: Session } | null {
    if (invitation === undefined) return null;
    const { assignment, roundId } = invitation;
    const port = this.#options.port(assignment.protocol);
    const session = this.#targetSession(port, assignment, roundId, sessionId);
    port.sessions.add(session);
    session.start();
    return { port, session };
  }

  #targetSession(port: AgentPort, assignment: Assignment, roundId: number, sessionId: Uint8Array): Session {
    const { net, ownAgentId, onResults } = this.#options;
    const startedAtMs = Math.floor(net.clock.wallMs());
    const beganAtMs = this.#nowMs();
    const { agentId } = assignment.peer;
    let connectMs: number | null = null;
    const onConnected = () => {
      connectMs = this.#nowMs() - beganAtMs;
    };
    const onFinished = (outcome: SessionOutcome) => {
      const method = this.#targets.get(session)?.method ?? port.kept(agentId)?.method ?? 'direct';
      keepIfSearched(port, session, agentId, method, outcome);
      const finishedAtMs = Math.floor(net.clock.wallMs());
      const { clocks } = this.#sessions;
      const context = { assignment, clocks, roundId, method, connectMs, startedAtMs, finishedAtMs };
      const results = roundResults({ ...context, ownAgentId: ownAgentId() }, outcome);
      if (outcome.kind === 'measured') void this.#sessions.complete(session, assignment, roundId, results);
      else onResults(results);
    };
    const setup: Omit<SessionSetup, 'originUnixNs' | 'mss'> = {
      role: 'target',
      plan: null,
      punch: { candidates: [], startAtMs: beganAtMs, deadlineMs: beganAtMs + targetWaitMs },
      check: { kind: 'check', testId: assignment.testId, sourceAgentId: agentId, roundId },
    };
    const on = { onConnected, onFinished };
    const session = this.#sessions.make(port, assignment, sessionId, setup, on);
    this.#targets.set(session, { pair: pairOf(assignment), sourceAgentId: agentId, method: null, starts: 0 });
    return session;
  }

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
  }

  #targetAssignment(testId: string, sourceAgentId: string): Assignment | undefined {
    return this.#options
      .assignments()
      .find(
        (each) => each.role === 'target' && each.testId === testId && each.peer.agentId === sourceAgentId,
      );
  }
}

/** Of which test, and from which source: what a session belongs to. */
function pairOf({ testId, peer }: Assignment): string {
  return `${testId} ${peer.agentId}`;
}

// Runs rounds: as their source, from finding the target to the results; as a target, whenever a source comes.

import type { Assignment, FailedResult, RoundResult } from '@pinhole/contract';
import type { Net, Timer } from '@pinhole/net';
import {
  type Endpoint,
  parseIpAddress,
  type RendezvousBody,
  refusalCodes,
  type SessionMessage,
  sessionIdBytes,
  type Transport,
} from '@pinhole/wire';
import type { Logger } from 'pino';
import type { AgentPort } from '../port/port.ts';
import { maxSessions } from '../port/sessions.ts';
import type { MeetOutcome, Registration } from '../registration/registration.ts';
import { Session } from '../session/session.ts';
import type { SessionOutcome, SessionSetup } from '../session/state.ts';
import { sessionPlan } from './plan.ts';
import { failedResults, type RoundContext, roundResults } from './results.ts';
import type { DueRound } from './schedule.ts';

export interface RunnerOptions {
  readonly net: Net;
  readonly log: Logger;
  readonly port: (transport: Transport) => AgentPort;
  readonly registration: () => Registration;
  readonly ownAgentId: () => string;
  readonly assignments: () => readonly Assignment[];
  /** Asks the collector for a configuration that may be newer than ours; resolves when it was asked. */
  readonly refreshConfig: () => Promise<void>;
  readonly onResults: (results: readonly RoundResult[]) => void;
}

/** A round that cannot be connected has its error within 10 s of its start. */
const connectLimitMs = 9_700;
/** What a path needs at the very least, after a slow start: two round trips over a satellite, and a lost packet. */
const minPunchMs = 3_000;
const maxPunchMs = 8_000;
/** A source that is just reconnecting to the server gets this long. */
const registrationWaitMs = 3_000;
/** So does a target, of which the server has not heard again yet. */
const targetReturnMs = 3_000;
const askAgainMs = 500;
/** A target waits for its source's first check and Open this long. */
const targetWaitMs = 12_000;
/** The server asks for a round trip at most; whatever it says, a round waits no longer to begin. */
const maxStartInMs = 4_000;
/** Sessions remembered after their end, so that a copied check does not begin one again. */
const maxRememberedSessions = 4096;

export class RoundRunner {
  readonly #options: RunnerOptions;
  readonly #past = new Set<string>();
  readonly #invited = new Map<string, { assignment: Assignment; roundId: number; expiry: Timer }>();
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Begins nothing from here on; sessions under way are the port's to end. */
  close(): void {
    this.#closed = true;
    for (const { expiry } of this.#invited.values()) expiry.cancel();
    this.#invited.clear();
  }

  /** Runs a round as its source; its results go to onResults. Never rejects. */
  async run({ assignment, roundId }: DueRound): Promise<void> {
    const { net, log, ownAgentId, onResults } = this.#options;
    const startedAtMs = net.clock.wallMs();
    const connectedByMs = net.clock.monotonicNs() / 1e6 + connectLimitMs;
    const method = assignment.peer.behindNat ? 'punched' : 'direct';
    const context = (): RoundContext => ({
      assignment,
      roundId,
      method,
      startedAtMs: Math.floor(startedAtMs),
      finishedAtMs: Math.floor(net.clock.wallMs()),
      ownAgentId: ownAgentId(),
    });
    const sessionId = net.random.bytes(sessionIdBytes);
    let results: RoundResult[];
    try {
      const found = assignment.peer.behindNat
        ? await this.#meet(assignment, roundId, sessionId)
        : knownEndpoint(assignment);
      if (this.#closed) return;
      results =
        'failure' in found
          ? failedResults(context(), found.failure, found.evidence)
          : roundResults(
              context(),
              await this.#connect(assignment, roundId, sessionId, { ...found, connectedByMs }),
            );
    } catch (error) {
      log.error({ err: error, testId: assignment.testId }, 'round');
      results = failedResults(context(), { errorCode: 'agent-fault', party: 'source' }, String(error));
    }
    onResults(results);
  }

  /** A source asks for this agent through the server. */
  async invited({
    sessionId,
    transport,
    testId,
    sourceAgentId,
    roundId,
  }: Extract<RendezvousBody, { kind: 'invite' }>): Promise<true | string> {
    const { port, refreshConfig, net } = this.#options;
    if (port(transport).sessions.size + this.#invited.size >= maxSessions) return 'This agent is busy';
    let assignment = this.#targetAssignment(testId, sourceAgentId);
    if (assignment === undefined) {
      // A test just created: its source may have heard of it a moment before this agent.
      await refreshConfig();
      assignment = this.#targetAssignment(testId, sourceAgentId);
    }
    if (assignment === undefined) return 'This agent does not know the test';
    if (this.#closed) return 'This agent is stopping';
    const key = hex(sessionId);
    this.#invited.get(key)?.expiry.cancel();
    const expiry = net.clock.after(targetWaitMs, () => this.#invited.delete(key));
    this.#invited.set(key, { assignment, roundId, expiry });
    return true;
  }

  /** The server says where the source of an accepted invitation is. */
  started({ sessionId, peers, startInMs }: Extract<RendezvousBody, { kind: 'start' }>): void {
    const invitation = this.#invited.get(hex(sessionId));
    const startAtMs = this.#startAtMs(startInMs);
    const ports = [this.#options.port('udp'), this.#options.port('tcp')];
    const port = ports.find((each) => each.sessions.get(sessionId) !== undefined);
    const under = port?.sessions.get(sessionId);
    if (port !== undefined && under !== undefined) port.reach(under, peers, startAtMs);
    else if (invitation !== undefined) {
      const { assignment, roundId } = invitation;
      const own = this.#options.port(assignment.protocol);
      const session = this.#targetSession(own, assignment, roundId, sessionId);
      own.sessions.add(session);
      session.start();
      own.reach(session, peers, startAtMs);
    }
    // A second Start for a session that has ended begins none.
    invitation?.expiry.cancel();
    this.#invited.delete(hex(sessionId));
  }

  /** A check of a session not heard of: ours, if it names a test in which this agent is the target. */
  begin({ sessionId, body }: SessionMessage, port: AgentPort): Session | null {
    if (body.kind !== 'check' || this.#closed || this.#past.has(hex(sessionId))) return null;
    const assignment = this.#targetAssignment(body.testId, body.sourceAgentId);
    if (assignment === undefined) return null;
    return this.#targetSession(port, assignment, body.roundId, sessionId);
  }

  async #meet(assignment: Assignment, roundId: number, sessionId: Uint8Array): Promise<Found> {
    const { registration } = this.#options;
    const { protocol: transport } = assignment;
    if (assignment.ticket === null)
      return failure('nat-negotiation-failed', 'source', 'The collector gave no ticket');
    if (!(await registration().ready(transport, registrationWaitMs))) {
      const { detail, tcp } = registration().reported;
      const lacking =
        tcp === null ? 'not registered' : `registered over TCP from ${tcp.address}:${tcp.port}, not over UDP`;
      return failure(
        'nat-negotiation-failed',
        'source',
        detail ?? `With the NAT traversal server: ${lacking}`,
      );
    }
    const ticket = Buffer.from(assignment.ticket, 'base64');
    const outcome = await this.#meetPatiently({ sessionId, transport, roundId, ticket });
    if (!outcome.met) return meetFailure(outcome);
    return {
      candidates: outcome.start.peers,
      startAtMs: this.#startAtMs(outcome.start.startInMs),
    };
  }

  /** A target that is just coming back to a restarted server gets a moment. */
  async #meetPatiently(request: Parameters<Registration['meet']>[0]): Promise<MeetOutcome> {
    const { registration, net } = this.#options;
    const untilMs = net.clock.monotonicNs() / 1e6 + targetReturnMs;
    for (;;) {
      const outcome = await registration().meet(request);
      const isAway = !outcome.met && outcome.code === refusalCodes.targetNotRegistered;
      if (!isAway || this.#closed || net.clock.monotonicNs() / 1e6 > untilMs) return outcome;
      await new Promise<void>((resolve) => net.clock.after(askAgainMs, resolve));
    }
  }

  /** On the monotonic clock. */
  #startAtMs(startInMs: number): number {
    return this.#options.net.clock.monotonicNs() / 1e6 + Math.min(startInMs, maxStartInMs);
  }

  #connect(
    assignment: Assignment,
    roundId: number,
    sessionId: Uint8Array,
    { candidates, startAtMs, connectedByMs }: Located & { connectedByMs: number },
  ): Promise<SessionOutcome> {
    const { net, ownAgentId } = this.#options;
    const begin = startAtMs ?? net.clock.monotonicNs() / 1e6;
    const deadlineMs = Math.min(begin + maxPunchMs, Math.max(begin + minPunchMs, connectedByMs));
    const port = this.#options.port(assignment.protocol);
    return new Promise((resolve) => {
      const onFinished = (outcome: SessionOutcome) => resolve(withEvidence(outcome, port.evidence(session)));
      const session = this.#newSession(port, assignment, sessionId, onFinished, {
        role: 'source',
        plan: sessionPlan(assignment),
        punch: { candidates: [], startAtMs: begin, deadlineMs },
        check: { kind: 'check', testId: assignment.testId, sourceAgentId: ownAgentId(), roundId },
      });
      port.sessions.add(session);
      session.start();
      port.reach(session, candidates, begin);
    });
  }

  #targetSession(port: AgentPort, assignment: Assignment, roundId: number, sessionId: Uint8Array): Session {
    const { net, ownAgentId, onResults } = this.#options;
    const startedAtMs = Math.floor(net.clock.wallMs());
    const nowMs = net.clock.monotonicNs() / 1e6;
    const method = this.#invited.has(hex(sessionId)) ? 'punched' : 'direct';
    const onFinished = (outcome: SessionOutcome) => {
      const finishedAtMs = Math.floor(net.clock.wallMs());
      onResults(
        roundResults(
          { assignment, roundId, method, startedAtMs, finishedAtMs, ownAgentId: ownAgentId() },
          outcome,
        ),
      );
    };
    return this.#newSession(port, assignment, sessionId, onFinished, {
      role: 'target',
      plan: null,
      punch: { candidates: [], startAtMs: nowMs, deadlineMs: nowMs + targetWaitMs },
      check: { kind: 'check', testId: assignment.testId, sourceAgentId: assignment.peer.agentId, roundId },
    });
  }

  #newSession(
    port: AgentPort,
    assignment: Assignment,
    sessionId: Uint8Array,
    onFinished: (outcome: SessionOutcome) => void,
    setup: Omit<SessionSetup, 'originUnixNs'>,
  ): Session {
    const onGone = () => {
      port.release(session);
      this.#remember(session.sessionId);
    };
    const pairKey = Buffer.from(assignment.pairKey, 'base64');
    const session = new Session({ port, sessionId, pairKey, setup, onFinished, onGone });
    return session;
  }

  #remember(sessionId: Uint8Array): void {
    this.#past.add(hex(sessionId));
    if (this.#past.size > maxRememberedSessions) this.#past.delete(this.#past.keys().next().value as string);
  }

  #targetAssignment(testId: string, sourceAgentId: string): Assignment | undefined {
    return this.#options
      .assignments()
      .find(
        (each) => each.role === 'target' && each.testId === testId && each.peer.agentId === sourceAgentId,
      );
  }
}

interface Located {
  readonly candidates: readonly Endpoint[];
  readonly startAtMs: number | null;
}

type Found =
  | Located
  | { readonly failure: Pick<FailedResult, 'errorCode' | 'party'>; readonly evidence: string };

/** What the port knows of why there was no connection says more than that no check was answered. */
function withEvidence(outcome: SessionOutcome, evidence: string | null): SessionOutcome {
  if (outcome.kind !== 'failed' || outcome.stage !== 'connecting' || evidence === null) return outcome;
  return { ...outcome, evidence };
}

function failure(
  errorCode: FailedResult['errorCode'],
  party: FailedResult['party'],
  evidence: string,
): Found {
  return { failure: { errorCode, party }, evidence };
}

function knownEndpoint({ peer }: Assignment): Found {
  const address = peer.endpoint === null ? null : parseIpAddress(peer.endpoint.address);
  if (peer.endpoint === null || address === null) {
    return failure('agent-address-unknown', 'target', `The collector knows no address of ${peer.agentName}`);
  }
  return { candidates: [{ address, port: peer.endpoint.port }], startAtMs: null };
}

function meetFailure({ code, reason }: Extract<MeetOutcome, { met: false }>): Found {
  switch (code) {
    case refusalCodes.targetNotRegistered:
    case refusalCodes.targetSilent:
      return failure('nat-negotiation-failed', 'target', reason);
    case refusalCodes.targetRefused:
      return failure('session-refused', 'target', reason);
    default:
      return failure('nat-negotiation-failed', 'source', reason);
  }
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}

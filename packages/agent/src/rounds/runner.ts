// Runs rounds: as their source, from finding the target to the results; as a target, whenever a source comes.

import type { AgentResult, Assignment, ConnectionMethod, RoundResult, Throughput } from '@pinhole/contract';
import type { Net, Timer } from '@pinhole/net';
import {
  type Endpoint,
  type OwnSide,
  parseIpAddress,
  type RendezvousBody,
  type SessionMessage,
  sessionIdBytes,
  type Transport,
} from '@pinhole/wire';
import type { Logger } from 'pino';
import { PeerClocks } from '../clocks/clocks.ts';
import type { AgentPort } from '../port/port.ts';
import { maxSessions } from '../port/sessions.ts';
import type { InvitationAnswer, Registration } from '../registration/registration.ts';
import type { SessionLog } from '../session/log.ts';
import { Session } from '../session/session.ts';
import type { SessionOutcome, SessionSetup } from '../session/state.ts';
import { Approach, type Approached, keepIfSearched, wayOf } from './approach.ts';
import { meet, type NotMet, notMet, type Start } from './meeting.ts';
import { sessionPlan } from './plan.ts';
import { failedResults, type RoundContext, roundResults, withThroughput } from './results.ts';
import type { DueRound } from './schedule.ts';
import { RoundTurns } from './turns.ts';

export interface RunnerOptions {
  readonly net: Net;
  readonly log: Logger;
  readonly port: (transport: Transport) => AgentPort;
  readonly registration: () => Registration;
  /** What this agent tells of itself for a meeting. */
  readonly ownSide: (transport: Transport, sessionId: Uint8Array, attempt: number) => Promise<OwnSide>;
  readonly ownAgentId: () => string;
  readonly assignments: () => readonly Assignment[];
  /** Asks the collector for a configuration that may be newer than ours; resolves when it was asked. */
  readonly refreshConfig: () => Promise<void>;
  /** Traces the way of a session that is through, as far as this end sends; and to where its peer could not be found. */
  readonly trace: (session: Session, assignment: Assignment, roundId: number) => void;
  /**
   * Measures a session's throughput, if its test asks for that: calls back once, as soon as it is known what this end
   * has received, and resolves when the line is free again.
   */
  readonly measureThroughput: (
    session: Session,
    assignment: Assignment,
    onReceived: (throughput: Throughput | null) => void,
  ) => Promise<void>;
  readonly onResults: (results: readonly AgentResult[]) => void;
}

/** A round that cannot be connected has its error, and the collector too, within 10 s of its start. */
const connectLimitMs = 9_000;
/** What a path needs at the very least, after a slow start: two round trips over a satellite, and a lost packet. */
const minPunchMs = 3_000;
const maxPunchMs = 7_000;
/** A target waits for its source's first check and Open this long. */
const targetWaitMs = 12_000;
/** Sessions remembered after their end, so that a copied check does not begin one again. */
const maxRememberedSessions = 4096;

type Invite = Extract<RendezvousBody, { kind: 'invite' }>;

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

export class RoundRunner {
  readonly #options: RunnerOptions;
  readonly #past = new Set<string>();
  readonly #invited = new Map<string, Invitation>();
  readonly #targets = new WeakMap<Session, TargetSession>();
  readonly #clocks = new PeerClocks();
  readonly #turns = new RoundTurns();
  /** Invitations that are being answered. */
  #answering = 0;
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
  run(round: DueRound): Promise<void> {
    const run = () => this.#run(round);
    // With a throughput of half a minute each way a round takes longer than the shortest interval.
    return round.assignment.throughput === null ? run() : this.#turns.take(round, run);
  }

  async #run({ assignment, roundId }: DueRound): Promise<void> {
    if (this.#closed) return;
    const { net, log, ownAgentId, onResults } = this.#options;
    const startedAtMs = Math.floor(net.clock.wallMs());
    const context = (reached: Partial<RoundContext>): RoundContext => ({
      assignment,
      clocks: this.#clocks,
      roundId,
      method: assignment.peer.behindNat ? 'punched' : 'direct',
      startedAtMs,
      finishedAtMs: Math.floor(net.clock.wallMs()),
      ownAgentId: ownAgentId(),
      ...reached,
    });
    let results: RoundResult[];
    try {
      const reached = await this.#approach(assignment, roundId);
      if (this.#closed) return;
      if ('failure' in reached) results = failedResults(context({}), reached.failure, reached.evidence);
      else {
        const { outcome, session, ...rest } = reached;
        results = roundResults(context(rest), outcome);
        if (outcome.kind === 'measured' && session !== null) {
          await this.#complete(session, assignment, roundId, results);
          return;
        }
      }
    } catch (error) {
      log.error({ err: error, testId: assignment.testId }, 'round');
      results = failedResults(context({}), { errorCode: 'agent-fault', party: 'source' }, String(error));
    }
    onResults(results);
  }

  /** A source asks for this agent through the server. */
  async invited(invitation: Invite): Promise<InvitationAnswer> {
    const { sessionId, transport } = invitation;
    const refuse = (reason: string) => ({ taken: false, reason }) as const;
    if (this.#past.has(hex(sessionId))) return refuse('This session is over');
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
    const key = hex(sessionId);
    const underway = this.#underway(sessionId);
    const pair = underway === null ? this.#invited.get(key)?.pair : this.#targets.get(underway.session)?.pair;
    const isAnothers = underway !== null && pair === undefined;
    if (isAnothers || (pair !== undefined && pair !== pairOf(assignment)))
      return refuse('This session is of another pair');
    const own = await ownSide(transport, sessionId, attempt);
    if (this.#closed) return refuse('This agent is stopping');
    this.#invited.get(key)?.expiry.cancel();
    const expiry = net.clock.after(targetWaitMs, () => this.#invited.delete(key));
    this.#invited.set(key, { assignment, pair: pairOf(assignment), roundId, expiry });
    return { taken: true, ...own };
  }

  /** The server says where the source of an accepted invitation is. */
  started(start: Start): void {
    const { sessionId } = start;
    const invitation = this.#invited.get(hex(sessionId));
    invitation?.expiry.cancel();
    this.#invited.delete(hex(sessionId));
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
    if (body.kind !== 'check' || this.#closed || this.#past.has(hex(sessionId))) return null;
    const assignment = this.#targetAssignment(body.testId, body.sourceAgentId);
    if (assignment === undefined) return null;
    return this.#targetSession(port, assignment, body.roundId, sessionId);
  }

  /** After the probes: the throughput, of whose end both sides know; and then, on a quiet line, the paths. */
  async #complete(
    session: Session,
    assignment: Assignment,
    roundId: number,
    results: readonly RoundResult[],
  ): Promise<void> {
    const { measureThroughput, trace, onResults } = this.#options;
    await measureThroughput(session, assignment, (throughput) =>
      onResults(withThroughput(results, throughput)),
    );
    trace(session, assignment, roundId);
  }

  async #approach(
    assignment: Assignment,
    roundId: number,
  ): Promise<(Approached & { readonly session: Session | null }) | NotMet> {
    const { net, ownAgentId, registration, ownSide } = this.#options;
    const { peer } = assignment;
    const sessionId = net.random.bytes(sessionIdBytes);
    const connectedByMs = this.#nowMs() + connectLimitMs;
    const port = this.#options.port(assignment.protocol);
    const meeting = { clock: net.clock, registration, ownSide, isClosed: () => this.#closed };
    let begun: Session | null = null;
    const approach: Approach = new Approach({
      clock: net.clock,
      port,
      peerAgentId: peer.agentId,
      connectedByMs,
      meet: (attempt) => meet(meeting, assignment, roundId, sessionId, attempt),
      begin: ({ onConnected, onFinished }) => {
        const nowMs = this.#nowMs();
        const deadlineMs = Math.min(nowMs + maxPunchMs, Math.max(nowMs + minPunchMs, connectedByMs));
        const setup: Omit<SessionSetup, 'originUnixNs'> = {
          role: 'source',
          plan: sessionPlan(assignment),
          punch: {
            candidates: [],
            startAtMs: nowMs,
            deadlineMs,
            byConnection: assignment.protocol === 'tcp',
          },
          check: { kind: 'check', testId: assignment.testId, sourceAgentId: ownAgentId(), roundId },
          mss: mssOf(assignment),
        };
        const finished = (outcome: SessionOutcome) => {
          onFinished(withEvidence(outcome, port.evidence(session)));
          if (outcome.kind === 'failed') this.#options.trace(session, assignment, roundId);
        };
        const session = this.#newSession(port, assignment, sessionId, finished, setup, onConnected);
        begun = session;
        port.sessions.add(session);
        session.start();
        return session;
      },
    });
    const at = endpointOf(assignment);
    if (!peer.behindNat && at === null)
      return notMet('agent-address-unknown', 'target', `The collector knows no address of ${peer.agentName}`);
    const reached = await (peer.behindNat || at === null ? approach.behindNat() : approach.plainly(at));
    return 'failure' in reached ? reached : { ...reached, session: begun };
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
      const clocks = this.#clocks;
      const context = { assignment, clocks, roundId, method, connectMs, startedAtMs, finishedAtMs };
      const results = roundResults({ ...context, ownAgentId: ownAgentId() }, outcome);
      if (outcome.kind === 'measured') void this.#complete(session, assignment, roundId, results);
      else onResults(results);
    };
    const setup: Omit<SessionSetup, 'originUnixNs'> = {
      role: 'target',
      plan: null,
      punch: { candidates: [], startAtMs: beganAtMs, deadlineMs: beganAtMs + targetWaitMs },
      check: { kind: 'check', testId: assignment.testId, sourceAgentId: agentId, roundId },
      mss: mssOf(assignment),
    };
    const session = this.#newSession(port, assignment, sessionId, onFinished, setup, onConnected);
    this.#targets.set(session, { pair: pairOf(assignment), sourceAgentId: agentId, method: null, starts: 0 });
    return session;
  }

  #newSession(
    port: AgentPort,
    assignment: Assignment,
    sessionId: Uint8Array,
    onFinished: (outcome: SessionOutcome) => void,
    setup: Omit<SessionSetup, 'originUnixNs'>,
    onConnected: () => void,
  ): Session {
    const onGone = () => {
      port.release(session);
      this.#remember(session.sessionId);
    };
    const pairKey = Buffer.from(assignment.pairKey, 'base64');
    const finished = (outcome: SessionOutcome) => {
      if (outcome.kind === 'measured')
        this.#tell(assignment.testId, setup.check.roundId, session, outcome.log);
      onFinished(outcome);
    };
    const options = { port, sessionId, pairKey, setup, onConnected, onGone };
    const session = new Session({ ...options, onFinished: finished });
    return session;
  }

  /** For who wants to see what a round trip's figures are made of. */
  #tell(testId: string, roundId: number, { ssids }: Session, { peer, peerReport }: SessionLog): void {
    const { log } = this.#options;
    if (!log.isLevelEnabled('trace')) return;
    const exchanges = Array.from(peer, ([sequence, { receivedAtNs, reflectedAtNs }]) => {
      const { sentAtNs = null, reflectionAtNs = null } = peerReport.get(sequence) ?? {};
      return [sequence, sentAtNs, receivedAtNs, reflectedAtNs, reflectionAtNs];
    });
    log.trace({ testId, roundId, ssids, exchanges }, 'probes of the peer');
  }

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
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

/** Of which test, and from which source: what a session belongs to. */
function pairOf({ testId, peer }: Assignment): string {
  return `${testId} ${peer.agentId}`;
}

/** Linux takes none below (TCP_MIN_MSS), and of a smaller one there would be hardly anything but headers. */
const leastMss = 88;

function mssOf({ protocol, payloadBytes }: Assignment): number | null {
  return protocol === 'tcp' && payloadBytes !== null ? Math.max(leastMss, payloadBytes) : null;
}

/** Where the collector knows the peer to be. */
function endpointOf({ peer: { endpoint } }: Assignment): Endpoint | null {
  const address = endpoint === null ? null : parseIpAddress(endpoint.address);
  return endpoint === null || address === null ? null : { address, port: endpoint.port };
}

/** What the port knows of why there was no connection says more than that no check was answered. */
function withEvidence(outcome: SessionOutcome, evidence: string | null): SessionOutcome {
  if (outcome.kind !== 'failed' || outcome.stage !== 'connecting' || evidence === null) return outcome;
  return { ...outcome, evidence };
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}

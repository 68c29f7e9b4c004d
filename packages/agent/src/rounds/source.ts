// Rounds of which this agent is the source: from finding the target to the results.

import type { Assignment, RoundResult } from '@pinhole/contract';
import { type Endpoint, parseIpAddress, sessionIdBytes } from '@pinhole/wire';
import type { Session } from '../session/session.ts';
import type { SessionOutcome, SessionSetup } from '../session/state.ts';
import { Approach, type Approached } from './approach.ts';
import { meet, type NotMet, notMet } from './meeting.ts';
import { sessionPlan } from './plan.ts';
import { failedResults, type RoundContext, roundResults } from './results.ts';
import type { RunnerOptions } from './runner.ts';
import type { DueRound } from './schedule.ts';
import type { RoundSessions } from './sessions.ts';
import { RoundTurns } from './turns.ts';

/** A round that cannot be connected has its error, and the collector too, within 10 s of its start. */
const connectLimitMs = 9_000;
/** What a path needs at the very least, after a slow start: two round trips over a satellite, and a lost packet. */
const minPunchMs = 3_000;
const maxPunchMs = 7_000;
export class SourceRounds {
  readonly #options: RunnerOptions;
  readonly #sessions: RoundSessions;
  readonly #turns = new RoundTurns();
  #closed = false;

  constructor(options: RunnerOptions, sessions: RoundSessions) {
    this.#options = options;
    this.#sessions = sessions;
  }

  /** Begins nothing from here on; sessions under way are the port's to end. */
  close(): void {
    this.#closed = true;
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
      clocks: this.#sessions.clocks,
      roundId,
      method: assignment.peer.behindNat ? 'punched' : 'direct',
      startedAtMs,
      finishedAtMs: Math.floor(net.clock.wallMs()),
      ownAgentId: ownAgentId(),
      ...reached,
    });
    this.#sessions.begins(assignment, roundId, 'connecting');
    let results: RoundResult[];
    let isTraced = false;
    try {
      const reached = await this.#approach(assignment, roundId);
      if (this.#closed) return;
      if ('failure' in reached) results = failedResults(context({}), reached.failure, reached.evidence);
      else {
        const { outcome, session, ...rest } = reached;
        isTraced = session !== null;
        results = roundResults(context(rest), outcome);
        if (outcome.kind === 'measured' && session !== null) {
          await this.#sessions.complete(session, assignment, roundId, results);
          return;
        }
      }
    } catch (error) {
      log.error({ err: error, testId: assignment.testId }, 'round');
      results = failedResults(context({}), { errorCode: 'agent-fault', party: 'source' }, String(error));
    }
    onResults(results);
    if (!isTraced) this.#sessions.begins(assignment, roundId, 'done');
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
        const setup: Omit<SessionSetup, 'originUnixNs' | 'mss'> = {
          role: 'source',
          plan: sessionPlan(assignment),
          punch: {
            candidates: [],
            startAtMs: nowMs,
            deadlineMs,
            byConnection: assignment.protocol === 'tcp',
          },
          check: { kind: 'check', testId: assignment.testId, sourceAgentId: ownAgentId(), roundId },
        };
        const finished = (outcome: SessionOutcome) => {
          onFinished(withEvidence(outcome, port.evidence(session)));
          if (outcome.kind === 'failed') void this.#sessions.trace(session, assignment, roundId);
        };
        const connected = () => {
          onConnected();
          this.#sessions.begins(assignment, roundId, 'measuring');
        };
        const on = { onConnected: connected, onFinished: finished };
        const session = this.#sessions.make(port, assignment, sessionId, setup, on);
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

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
  }
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

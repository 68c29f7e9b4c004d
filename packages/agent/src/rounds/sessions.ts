// What the sessions of rounds have in common, whichever end this agent is: how they are made, what follows their probes, and
// which of them are over.

import type { AgentResult, Assignment, RoundPhase, RoundResult, Throughput } from '@pinhole/contract';
import type { Logger } from 'pino';
import { PeerClocks } from '../clocks/clocks.ts';
import type { AgentPort } from '../port/port.ts';
import { keyOf } from '../session/key.ts';
import type { SessionLog } from '../session/log.ts';
import { Session } from '../session/session.ts';
import type { SessionOutcome, SessionSetup } from '../session/state.ts';
import { needsOwnConnection } from './plan.ts';
import { withThroughput } from './results.ts';

export interface RoundSessionsOptions {
  readonly log: Logger;
  /** Traces the way of a session that is through, as far as this end sends; and to where its peer could not be found. */
  readonly trace: (session: Session, assignment: Assignment, roundId: number) => Promise<void>;
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
  /** A phase of a round begins, of which this agent is the source. */
  readonly onPhase: (assignment: Assignment, roundId: number, phase: RoundPhase) => void;
}

/** Sessions remembered after their end, so that a copied check does not begin one again. */
const maxRemembered = 4096;

export class RoundSessions {
  readonly clocks = new PeerClocks();
  readonly #options: RoundSessionsOptions;
  readonly #past = new Set<string>();

  constructor(options: RoundSessionsOptions) {
    this.#options = options;
  }

  /** Over, as far as is remembered. */
  isPast(sessionId: Uint8Array): boolean {
    return this.#past.has(keyOf(sessionId));
  }

  make(
    port: AgentPort,
    assignment: Assignment,
    sessionId: Uint8Array,
    setup: Omit<SessionSetup, 'originUnixNs' | 'mss' | 'isAlone'>,
    on: { readonly onConnected: () => void; readonly onFinished: (outcome: SessionOutcome) => void },
  ): Session {
    const session: Session = new Session({
      port,
      sessionId,
      pairKey: Buffer.from(assignment.pairKey, 'base64'),
      setup: { ...setup, mss: mssOf(assignment), isAlone: needsOwnConnection(assignment) },
      onConnected: on.onConnected,
      onFinished: (outcome) => {
        if (outcome.kind === 'measured')
          this.#tell(assignment.testId, setup.check.roundId, session, outcome.log);
        on.onFinished(outcome);
        if (outcome.kind === 'failed') port.giveUp(session);
      },
      onGone: () => {
        port.release(session);
        this.#remember(session.sessionId);
      },
    });
    return session;
  }

  /** After the probes: the throughput, of whose end both sides know; and then, on a quiet line, the paths. */
  async complete(
    session: Session,
    assignment: Assignment,
    roundId: number,
    results: readonly RoundResult[],
  ): Promise<void> {
    const { measureThroughput, onResults } = this.#options;
    if (assignment.throughput !== null) this.begins(assignment, roundId, 'throughput');
    await measureThroughput(session, assignment, (throughput) =>
      onResults(withThroughput(results, throughput)),
    );
    void this.trace(session, assignment, roundId);
  }

  /** The last phase of a round whose session has come to an end. */
  async trace(session: Session, assignment: Assignment, roundId: number): Promise<void> {
    this.begins(assignment, roundId, 'tracing');
    await this.#options.trace(session, assignment, roundId);
    this.begins(assignment, roundId, 'done');
  }

  /** To be told by the source. */
  begins(assignment: Assignment, roundId: number, phase: RoundPhase): void {
    if (assignment.role === 'source') this.#options.onPhase(assignment, roundId, phase);
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

  #remember(sessionId: Uint8Array): void {
    this.#past.add(keyOf(sessionId));
    if (this.#past.size > maxRemembered) this.#past.delete(this.#past.keys().next().value as string);
  }
}

/** Linux takes none below (TCP_MIN_MSS), and of a smaller one there would be hardly anything but headers. */
const leastMss = 88;

function mssOf({ protocol, payloadBytes }: Assignment): number | null {
  return protocol === 'tcp' && payloadBytes !== null ? Math.max(leastMss, payloadBytes) : null;
}

// Runs rounds: as their source (source.ts), and as a target, whenever a source comes (target.ts).

import type { Assignment } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { OwnSide, SessionMessage, Transport } from '@pinhole/wire';
import type { AgentPort } from '../port/port.ts';
import type { InvitationAnswer, Registration } from '../registration/registration.ts';
import type { Session } from '../session/session.ts';
import type { Start } from './meeting.ts';
import type { DueRound } from './schedule.ts';
import { RoundSessions, type RoundSessionsOptions } from './sessions.ts';
import { SourceRounds } from './source.ts';
import { type Invite, TargetRounds } from './target.ts';

export interface RunnerOptions extends RoundSessionsOptions {
  readonly net: Net;
  readonly port: (transport: Transport) => AgentPort;
  readonly registration: () => Registration;
  /** What this agent tells of itself for a meeting; `isFresh`: with a port made for it. */
  readonly ownSide: (transport: Transport, sessionId: Uint8Array, isFresh: boolean) => Promise<OwnSide>;
  readonly ownAgentId: () => string;
  readonly assignments: () => readonly Assignment[];
  /** Asks the collector for a configuration that may be newer than ours; resolves when it was asked. */
  readonly refreshConfig: () => Promise<void>;
}

export class RoundRunner {
  readonly #source: SourceRounds;
  readonly #target: TargetRounds;

  constructor(options: RunnerOptions) {
    const sessions = new RoundSessions(options);
    this.#source = new SourceRounds(options, sessions);
    this.#target = new TargetRounds(options, sessions);
  }

  /** Begins nothing from here on; sessions under way are the port's to end. */
  close(): void {
    this.#source.close();
    this.#target.close();
  }

  /** Runs a round as its source; its results go to onResults. Never rejects. */
  run(round: DueRound): Promise<void> {
    return this.#source.run(round);
  }

  /** A source asks for this agent through the server. */
  invited(invitation: Invite): Promise<InvitationAnswer> {
    return this.#target.invited(invitation);
  }

  /** The server says where the source of an accepted invitation is. */
  started(start: Start): void {
    this.#target.started(start);
  }

  /** A check of a session not heard of: ours, if it names a test in which this agent is the target. */
  begin(check: SessionMessage, port: AgentPort): Session | null {
    return this.#target.begin(check, port);
  }
}

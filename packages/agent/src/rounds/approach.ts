// How a source comes to its target: plainly, by a way that is still open from an earlier round, or by the NAT traversal
// server, which may be asked again where an attempt has come to nothing.

import type { ConnectionMethod, Party } from '@pinhole/contract';
import type { Clock } from '@pinhole/net';
import type { Endpoint } from '@pinhole/wire';
import type { AgentPort, Way } from '../port/port.ts';
import type { Session } from '../session/session.ts';
import type { SessionOutcome } from '../session/state.ts';
import { pause } from '../timing/pause.ts';
import type { NotMet, Start } from './meeting.ts';

export interface ApproachOptions {
  readonly clock: Clock;
  readonly port: AgentPort;
  readonly peerAgentId: string;
  /** No attempt begins later than this; monotonic clock. */
  readonly connectedByMs: number;
  /** Makes the session, and adds it to the port. */
  readonly begin: (on: {
    readonly onConnected: () => void;
    readonly onFinished: (outcome: SessionOutcome) => void;
  }) => Session;
  readonly meet: (attempt: number) => Promise<Start | NotMet>;
}

export interface Approached {
  readonly outcome: SessionOutcome;
  readonly method: ConnectionMethod;
  /** From when it was known where the target is to the way found; null where none was. */
  readonly connectMs: number | null;
  readonly atFault: Party;
}

/** A held way works within a round trip, or after a lost packet two; satellites take 0.6 s. */
const keptPatienceMs = 1_500;
/** Each from fresh ports, at a moment of its own. Where both NATs refuse, one takes some 50 ms and two round trips. */
const maxAttempts = 8;
/** A meeting and a connection, on the longest of ways. */
const leastAttemptMs = 2_000;
/** Until it is of no use to go on in silence: checks have had gaps up to 0.8 s, and a SYN its first repetition. */
const silenceMs = 1_800;
/** A check that has arrived leads to the way within a round trip or two. */
const heardMs = 300;
/** The server asks for a round trip and what one side is to be ahead; whatever it says, a round waits no longer. */
const maxStartInMs = 4_000;

export class Approach {
  readonly #options: ApproachOptions;
  readonly #connected = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<SessionOutcome>();
  #session: Session | null = null;
  #knownAtMs: number | null = null;
  #connectMs: number | null = null;
  #atFault: Party = 'target';

  constructor(options: ApproachOptions) {
    this.#options = options;
  }

  /** To a target that lets everybody in. */
  plainly(at: Endpoint): Promise<Approached> {
    this.#reach({
      candidates: [at],
      startAtMs: this.#nowMs(),
      openerTtl: null,
      search: null,
      isOpen: true,
    });
    return this.#approached('direct');
  }

  async behindNat(): Promise<Approached | NotMet> {
    const kept = this.#options.port.kept(this.#options.peerAgentId);
    if (kept !== null && (await this.#byKeptWay(kept.remote))) {
      const approached = await this.#approached(kept.method);
      const { outcome } = approached;
      // Whoever answers checks there and nothing else is no peer.
      if (outcome.kind === 'failed' && outcome.stage !== 'refused')
        this.#options.port.forget(this.#options.peerAgentId);
      return approached;
    }
    return this.#byServer();
  }

  async #byKeptWay(remote: Endpoint): Promise<boolean> {
    const { port, peerAgentId } = this.#options;
    const session = this.#reach({
      candidates: [remote],
      startAtMs: this.#nowMs(),
      openerTtl: null,
      search: null,
    });
    await Promise.race([this.#settled(), pause(this.#options.clock, keptPatienceMs)]);
    if (!session.connecting) return true;
    port.forget(peerAgentId);
    this.#knownAtMs = null;
    return false;
  }

  async #byServer(): Promise<Approached | NotMet> {
    const { meet, connectedByMs, port } = this.#options;
    let method: ConnectionMethod = 'punched';
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const start = await (attempt === 1 ? meet(attempt) : this.#unlessSettled(meet(attempt)));
      if (start === null) break;
      if ('failure' in start) {
        if (attempt > 1) break;
        if (this.#session !== null) port.release(this.#session);
        this.#session?.abandon();
        return start;
      }
      method = start.method;
      this.#atFault = start.atFault;
      const exhausted = Promise.withResolvers<void>();
      const way = wayOf(start, this.#nowMs());
      const session = this.#reach({ ...way, onExhausted: exhausted.resolve });
      // A search knows by itself when it is over.
      if (way.search === null) {
        const silentFromMs = Math.max(0, way.startAtMs - this.#nowMs()) + silenceMs;
        void this.#silence(session, silentFromMs).then(exhausted.resolve);
      }
      await Promise.race([this.#settled(), exhausted.promise]);
      if (!session.connecting || this.#nowMs() > connectedByMs - leastAttemptMs) break;
    }
    return this.#approached(method);
  }

  /** Resolves when nothing of the peer has been heard for a while, from then on. */
  async #silence(session: Session, fromMs: number): Promise<void> {
    await pause(this.#options.clock, fromMs);
    while (session.connecting && session.hasHeardWithin(heardMs)) await pause(this.#options.clock, heardMs);
  }

  #reach(way: Way): Session {
    const { port, begin } = this.#options;
    this.#knownAtMs ??= this.#nowMs();
    this.#session ??= begin({
      onConnected: () => {
        this.#connectMs = this.#nowMs() - (this.#knownAtMs ?? this.#nowMs());
        this.#connected.resolve();
      },
      onFinished: this.#finished.resolve,
    });
    port.reach(this.#session, way);
    return this.#session;
  }

  async #approached(method: ConnectionMethod): Promise<Approached> {
    const { port, peerAgentId } = this.#options;
    const outcome = await this.#finished.promise;
    if (this.#session !== null) keepIfSearched(port, this.#session, peerAgentId, method, outcome);
    return { outcome, method, connectMs: this.#connectMs, atFault: this.#atFault };
  }

  /** Null where the attempts before have come to an end meanwhile, one way or the other. */
  async #unlessSettled<T>(promise: Promise<T>): Promise<T | null> {
    const settled = this.#settled().then(() => null);
    const first = await Promise.race([promise, settled]);
    return this.#session?.connecting === true ? first : null;
  }

  #settled(): Promise<unknown> {
    return Promise.race([this.#connected.promise, this.#finished.promise]);
  }

  #nowMs(): number {
    return this.#options.clock.monotonicNs() / 1e6;
  }
}

/** A way that cost a search is held open for the rounds that follow. */
export function keepIfSearched(
  port: AgentPort,
  session: Session,
  peerAgentId: string,
  method: ConnectionMethod,
  outcome: SessionOutcome,
): void {
  if (outcome.kind !== 'measured' || (method !== 'predicted' && method !== 'searched')) return;
  port.keep(session, { peerAgentId, remote: outcome.remote, method });
}

/** What Start says of the way to the peer. */
export function wayOf({ peers, startInMs, openerTtl, search }: Start, nowMs: number): Way {
  return {
    candidates: peers,
    startAtMs: nowMs + Math.min(startInMs, maxStartInMs),
    openerTtl,
    search,
  };
}

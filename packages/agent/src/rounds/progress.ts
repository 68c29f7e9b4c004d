// Tells the collector how far the rounds are that somebody looks at. Only the newest phase of a round matters, so what comes
// about together is told together, and what could not be told is not told again.

import type { AgentConfig, Assignment, ProgressRequest, RoundPhase } from '@pinhole/contract';
import type { Clock, Timer } from '@pinhole/net';

type Told = ProgressRequest['rounds'][number];

export interface RoundProgressOptions {
  readonly clock: Clock;
  /** Never rejects; whether it arrived is all the same. */
  readonly send: (rounds: Told[]) => Promise<unknown>;
}

/** For the eye that is soon enough, and three requests a second at most. */
const gatherMs = 300;
/** The contract's bound. */
const maxRounds = 100;

export class RoundProgress {
  /** Those that somebody looks at, and until when. */
  watched: NonNullable<AgentConfig['watched']> = [];
  readonly #options: RoundProgressOptions;
  /** By round of a pair. */
  readonly #waiting = new Map<string, Told>();
  #timer: Timer | null = null;
  #isSending = false;

  constructor(options: RoundProgressOptions) {
    this.#options = options;
  }

  tell({ testId, peer }: Assignment, roundId: number, phase: RoundPhase): void {
    const nowMs = this.#options.clock.wallMs();
    const isWatched = this.watched.some((each) => each.testId === testId && nowMs < each.untilMs);
    if (!isWatched) return;
    const key = `${testId} ${peer.agentId} ${roundId}`;
    this.#waiting.delete(key);
    this.#waiting.set(key, { testId, roundId, targetAgentId: peer.agentId, phase });
    if (this.#waiting.size > maxRounds) this.#waiting.delete(this.#waiting.keys().next().value as string);
    this.#sendSoon();
  }

  close(): void {
    this.watched = [];
    this.#waiting.clear();
    this.#timer?.cancel();
  }

  #sendSoon(): void {
    if (this.#isSending || this.#timer !== null) return;
    this.#timer = this.#options.clock.after(gatherMs, () => {
      this.#timer = null;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const rounds = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#isSending = true;
    await this.#options.send(rounds);
    this.#isSending = false;
    if (this.#waiting.size > 0) this.#sendSoon();
  }
}

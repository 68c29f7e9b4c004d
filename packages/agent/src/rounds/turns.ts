// Rounds that may take longer than their interval do not overlap: each pair has one at a time.

import type { DueRound } from './schedule.ts';

export class RoundTurns {
  /** The round that was due last, by test and target. */
  readonly #last = new Map<string, { readonly round: DueRound; readonly over: Promise<void> }>();

  /**
   * Runs a round when those of its pair before it are over. One that is still waiting when the next one is due is left
   * out, unless somebody has asked for it.
   */
  take(round: DueRound, run: () => Promise<void>): Promise<void> {
    const { testId, peer, schedule } = round.assignment;
    const key = `${testId}/${peer.agentId}`;
    const before = this.#last.get(key)?.over;
    const isLatest = () => this.#last.get(key)?.round === round;
    const inTurn = async () => {
      if (before !== undefined) await before;
      if (before === undefined || schedule.kind === 'once' || isLatest()) await run();
      if (isLatest()) this.#last.delete(key);
    };
    const over = inTurn();
    this.#last.set(key, { round, over });
    return over;
  }
}

// Which tests somebody looks at, and how far the rounds of these are. Kept in memory only. Pure.

import type { RoundPhase } from '@pinhole/contract';

export interface RoundProgress {
  readonly roundId: number;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
  readonly phase: RoundPhase;
  readonly sinceMs: number;
}

export interface PairRound {
  readonly testId: string;
  readonly roundId: number;
  readonly sourceAgentId: string;
  readonly targetAgentId: string;
}

/** AgentConfig.watched's bound. */
const maxTests = 100;
/** Each source of a large test, in this round and the one before. */
const maxRoundsOfTest = 1000;
/** Agents tell for this long after somebody has looked, at least. */
const leastWatchMs = 60_000;
/** Each step changes the configuration of the test's sources once. */
const watchStepMs = 120_000;
/** The longest phase: both directions' throughput, 30 s each, with what delays them. */
const longestPhaseMs = 120_000;
/** The results are in by then. */
const doneMs = 5_000;

interface Entry extends RoundProgress {
  readonly atMs: number;
}

interface WatchedTest {
  untilMs: number;
  /** By source and round. */
  readonly rounds: Map<string, Entry>;
}

export class Watched {
  readonly #tests = new Map<string, WatchedTest>();

  /** Somebody looks now. Whether the agents of the test are to be told of it. */
  look(testId: string, nowMs: number): boolean {
    const known = this.#live(testId, nowMs);
    if (known !== undefined && known.untilMs - nowMs >= leastWatchMs) return false;
    if (known !== undefined) known.untilMs = nowMs + watchStepMs;
    else {
      this.#forgetOld(nowMs);
      if (this.#tests.size >= maxTests) return false;
      this.#tests.set(testId, { untilMs: nowMs + watchStepMs, rounds: new Map() });
    }
    return true;
  }

  /** Epoch milliseconds; null where nobody looks. */
  untilMs(testId: string, nowMs: number): number | null {
    return this.#live(testId, nowMs)?.untilMs ?? null;
  }

  /** Of a test that nobody looks at, nothing is kept. */
  tell(round: PairRound, phase: RoundPhase, nowMs: number): void {
    const rounds = this.#live(round.testId, nowMs)?.rounds;
    if (rounds === undefined) return;
    const { roundId, sourceAgentId, targetAgentId } = round;
    const key = `${sourceAgentId}|${roundId}`;
    if (rounds.get(key)?.phase === phase) return;
    rounds.delete(key);
    rounds.set(key, { roundId, sourceAgentId, targetAgentId, phase, sinceMs: 0, atMs: nowMs });
    const [oldest] = rounds.keys();
    if (rounds.size > maxRoundsOfTest && oldest !== undefined) rounds.delete(oldest);
  }

  /** Newest round first. */
  running(testId: string, nowMs: number): RoundProgress[] {
    const rounds = this.#live(testId, nowMs)?.rounds;
    if (rounds === undefined) return [];
    for (const [key, { phase, atMs }] of rounds)
      if (nowMs - atMs > (phase === 'done' ? doneMs : longestPhaseMs)) rounds.delete(key);
    return [...rounds.values()]
      .map(({ atMs, ...round }) => ({ ...round, sinceMs: Math.max(0, nowMs - atMs) }))
      .sort((a, b) => b.roundId - a.roundId || Number(a.sourceAgentId) - Number(b.sourceAgentId));
  }

  #live(testId: string, nowMs: number): WatchedTest | undefined {
    const known = this.#tests.get(testId);
    return known !== undefined && known.untilMs > nowMs ? known : undefined;
  }

  #forgetOld(nowMs: number): void {
    for (const [testId, { untilMs }] of this.#tests) if (untilMs <= nowMs) this.#tests.delete(testId);
  }
}

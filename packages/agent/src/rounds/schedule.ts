// When which round starts. Rounds of a test start at multiples of its interval plus the test's own offset; the source
// starts them.

import type { Assignment } from '@pinhole/contract';

export interface DueRound {
  readonly assignment: Assignment;
  /** Epoch seconds of the interval's start. */
  readonly roundId: number;
}

/** Which rounds were started, by pairKeyOf. */
export interface RoundMemory {
  readonly latest: ReadonlyMap<string, number>;
  readonly once: ReadonlySet<string>;
}

/** A timer may be late by this much, on a busy or just woken machine, and the round still be that interval's. */
const lateStartToleranceMs = 5_000;
/** Rounds of one-off tests remembered as run that nobody asks for any more. */
const maxRememberedOnce = 1000;

export function newRoundMemory(): RoundMemory {
  return { latest: new Map(), once: new Set() };
}

/** The rounds to start now, the memory with them in it, and when to ask again (null: nothing is scheduled). */
export function dueRounds(
  assignments: readonly Assignment[],
  memory: RoundMemory,
  nowMs: number,
): { due: DueRound[]; memory: RoundMemory; wakeAtMs: number | null } {
  const due: DueRound[] = [];
  const latest = new Map<string, number>();
  const once = new Set<string>();
  let wakeAtMs: number | null = null;
  for (const assignment of assignments) {
    if (assignment.role !== 'source') continue;
    const key = pairKeyOf(assignment);
    const { schedule } = assignment;
    if (schedule.kind === 'once') {
      for (const roundId of schedule.roundIds) {
        const round = `${key} ${roundId}`;
        if (!memory.once.has(round) && !once.has(round)) due.push({ assignment, roundId });
        once.add(round);
      }
      continue;
    }
    const intervalMs = schedule.intervalS * 1000;
    const startMs = Math.floor((nowMs - schedule.offsetMs) / intervalMs) * intervalMs + schedule.offsetMs;
    const roundId = (startMs - schedule.offsetMs) / 1000;
    const remembered = memory.latest.get(key) ?? Number.NEGATIVE_INFINITY;
    // One beyond the next round was run before the wall clock stepped back; to wait for it could take years.
    const ran = remembered > roundId + schedule.intervalS ? Number.NEGATIVE_INFINITY : remembered;
    // A test that became active in this interval does not wait for the next. By the collector's clock: one ahead of
    // ours may put it after now.
    const isNew = schedule.activeSinceMs > startMs;
    if (roundId > ran && (isNew || nowMs - startMs <= lateStartToleranceMs)) {
      due.push({ assignment, roundId });
      latest.set(key, roundId);
    } else if (ran !== Number.NEGATIVE_INFINITY) {
      latest.set(key, ran);
    }
    wakeAtMs = Math.min(wakeAtMs ?? Number.POSITIVE_INFINITY, startMs + intervalMs);
  }
  const forgettable = [...memory.once].filter((round) => !once.has(round)).slice(-maxRememberedOnce);
  return { due, memory: { latest, once: new Set([...forgettable, ...once]) }, wakeAtMs };
}

/** Test and target name a pair, seen from its source. */
function pairKeyOf({ testId, peer }: Assignment): string {
  return `${testId}/${peer.agentId}`;
}

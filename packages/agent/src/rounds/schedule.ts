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
/** Rounds of one-off tests remembered as run. */
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
  const once = new Set(memory.once);
  let wakeAtMs: number | null = null;
  for (const assignment of assignments) {
    if (assignment.role !== 'source') continue;
    const key = pairKeyOf(assignment);
    const { schedule } = assignment;
    if (schedule.kind === 'once') {
      for (const roundId of schedule.roundIds) {
        if (once.has(`${key} ${roundId}`)) continue;
        once.add(`${key} ${roundId}`);
        due.push({ assignment, roundId });
      }
      continue;
    }
    const intervalMs = schedule.intervalS * 1000;
    const startMs = Math.floor((nowMs - schedule.offsetMs) / intervalMs) * intervalMs + schedule.offsetMs;
    const roundId = (startMs - schedule.offsetMs) / 1000;
    const ran = memory.latest.get(key) ?? Number.NEGATIVE_INFINITY;
    // A test that became active in this interval does not wait for the next.
    const isNew = schedule.activeSinceMs > startMs && schedule.activeSinceMs <= nowMs;
    if (roundId > ran && (isNew || nowMs - startMs <= lateStartToleranceMs)) {
      due.push({ assignment, roundId });
      latest.set(key, roundId);
    } else if (ran !== Number.NEGATIVE_INFINITY) {
      latest.set(key, ran);
    }
    wakeAtMs = Math.min(wakeAtMs ?? Number.POSITIVE_INFINITY, startMs + intervalMs);
  }
  const recent = [...once].slice(-maxRememberedOnce);
  return { due, memory: { latest, once: new Set(recent) }, wakeAtMs };
}

/** Test and target name a pair, seen from its source. */
function pairKeyOf({ testId, peer }: Assignment): string {
  return `${testId}/${peer.agentId}`;
}

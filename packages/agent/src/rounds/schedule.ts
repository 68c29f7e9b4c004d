// When which round starts. Rounds of a test start at multiples of its interval plus the test's own offset, or plus one that
// is drawn for each round where the test asks for that; the source starts them.

import { createHash } from 'node:crypto';
import type { Assignment, Schedule } from '@pinhole/contract';

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
/** A round drawn late in its interval ends before the next one begins, as a rule. */
const lastStartMs = 15_000;
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
    const { roundId, startMs, nextMs } = latestRound(assignment, schedule, nowMs);
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
    wakeAtMs = Math.min(wakeAtMs ?? Number.POSITIVE_INFINITY, nextMs);
  }
  const forgettable = [...memory.once].filter((round) => !once.has(round)).slice(-maxRememberedOnce);
  return { due, memory: { latest, once: new Set([...forgettable, ...once]) }, wakeAtMs };
}

type Regular = Extract<Schedule, { kind: 'every' }>;

/** The last round that has begun by now, and when the next does. */
function latestRound(assignment: Assignment, schedule: Regular, nowMs: number) {
  const intervalMs = schedule.intervalS * 1000;
  const startOf = (index: number) => index * intervalMs + offsetOf(assignment, schedule, index);
  const current = Math.floor((nowMs - (schedule.randomized ? 0 : schedule.offsetMs)) / intervalMs);
  const index = nowMs < startOf(current) ? current - 1 : current;
  return { roundId: index * schedule.intervalS, startMs: startOf(index), nextMs: startOf(index + 1) };
}

/** Drawn by a hash of what nobody else knows, so that an agent that was started again draws the same. */
function offsetOf({ pairKey }: Assignment, schedule: Regular, index: number): number {
  if (!schedule.randomized) return schedule.offsetMs;
  const drawn = createHash('sha256').update(`${pairKey} ${index}`).digest().readUInt32BE(0);
  return drawn % (schedule.intervalS * 1000 - lastStartMs);
}

/** Test and target name a pair, seen from its source. */
function pairKeyOf({ testId, peer }: Assignment): string {
  return `${testId}/${peer.agentId}`;
}

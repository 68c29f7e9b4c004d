import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Assignment } from '@pinhole/contract';
import { assignment } from '../../test/samples.ts';
import { dueRounds, newRoundMemory, type RoundMemory } from './schedule.ts';

/** A full hour, as wall-clock milliseconds. */
const hourMs = 1_800_000_000_000;
const hourS = hourMs / 1000;
const minuteMs = 60_000;

function every(intervalS: 60 | 120 | 3600, offsetMs = 0, activeSinceMs = 0): Assignment {
  return assignment({ kind: 'every', intervalS, offsetMs, randomized: false, activeSinceMs });
}

/** Asks at each of the moments (after the full hour), with one memory. */
function roundsAt(
  assignments: readonly Assignment[],
  momentsMs: readonly number[],
  memory = newRoundMemory(),
) {
  let kept: RoundMemory = memory;
  return momentsMs.map((atMs) => {
    const result = dueRounds(assignments, kept, hourMs + atMs);
    kept = result.memory;
    return result.due.map(({ roundId }) => roundId - hourS);
  });
}

describe('rounds of a test', () => {
  it('start at the multiples of its interval, each once', () => {
    assert.deepEqual(roundsAt([every(60)], [0, 1, 30_000, minuteMs, minuteMs, 2 * minuteMs]), [
      [0],
      [],
      [],
      [60],
      [],
      [120],
    ]);
  });

  it('start later by its offset, and are named by the interval they belong to', () => {
    const test = every(60, 17_000);
    assert.deepEqual(roundsAt([test], [0, 16_999, 17_000, 76_999, 77_000]), [[], [], [0], [], [60]]);
  });

  it('are asked for again at the next start, of whichever test it is', () => {
    const wakeAt = (assignments: Assignment[], atMs: number) =>
      (dueRounds(assignments, newRoundMemory(), hourMs + atMs).wakeAtMs ?? Number.NaN) - hourMs;
    assert.equal(wakeAt([every(60)], 0), minuteMs);
    assert.equal(wakeAt([every(60, 17_000)], 10_000), 17_000);
    assert.equal(wakeAt([every(3600, 500), every(120, 90_000)], 1_000), 90_000);
    assert.equal(dueRounds([], newRoundMemory(), hourMs).wakeAtMs, null);
  });

  it('are always asked for again later than now', () => {
    for (const offsetMs of [0, 1, 59_999, 100_000]) {
      for (const atMs of [0, 1, 59_999, 60_000, 99_999, 100_000]) {
        const { wakeAtMs } = dueRounds([every(60, offsetMs)], newRoundMemory(), hourMs + atMs);
        assert.ok(wakeAtMs !== null && wakeAtMs > hourMs + atMs && wakeAtMs <= hourMs + atMs + minuteMs);
      }
    }
  });

  it('are started by the source alone', () => {
    const target = { ...every(60), role: 'target' as const };
    const { due, wakeAtMs } = dueRounds([target], newRoundMemory(), hourMs);
    assert.deepEqual([due, wakeAtMs], [[], null]);
  });

  it('are of each pair on their own', () => {
    const other = { ...every(60).peer, agentId: '33' };
    const tests = [every(60), { ...every(60), peer: other }, { ...every(60), testId: '8' }];
    assert.equal(dueRounds(tests, newRoundMemory(), hourMs).due.length, 3);
  });

  it('may start 5 s late, and are left out after that', () => {
    assert.deepEqual(roundsAt([every(60)], [5_000]), [[0]]);
    assert.deepEqual(roundsAt([every(60)], [5_001, minuteMs]), [[], [60]]);
  });

  it('begin at once where the test is new in this interval, and go on as planned', () => {
    const test = every(120, 0, hourMs + 70_000);
    assert.deepEqual(roundsAt([test], [70_500, 90_000, 120_000]), [[0], [], [120]]);
  });

  it('begin at once also where the collector, whose clock says since when, is ahead', () => {
    const test = every(120, 0, hourMs + 100_000);
    assert.deepEqual(roundsAt([test], [70_000, 100_000, 120_000]), [[0], [], [120]]);
  });

  it('that was resumed in the interval whose round has run wait for the next', () => {
    const { memory } = dueRounds([every(120)], newRoundMemory(), hourMs);
    assert.deepEqual(roundsAt([every(120, 0, hourMs + 50_000)], [50_000, 120_000], memory), [[], [120]]);
  });
});

describe('when the wall clock steps', () => {
  it('forward, rounds go on from there', () => {
    assert.deepEqual(roundsAt([every(60)], [0, 10 * minuteMs + 1_000, 11 * minuteMs]), [[0], [600], [660]]);
  });

  it('back by a little, no round runs twice', () => {
    assert.deepEqual(roundsAt([every(60)], [minuteMs, minuteMs - 2_000, minuteMs, 2 * minuteMs]), [
      [60],
      [],
      [],
      [120],
    ]);
  });

  it('back by hours, rounds go on within two intervals', () => {
    const hour = 60 * minuteMs;
    assert.deepEqual(roundsAt([every(60)], [5 * hour, 2_000, minuteMs, 2 * minuteMs]), [
      [18_000],
      [0],
      [60],
      [120],
    ]);
  });

  it('back by hours in the middle of an interval, the next round starts on time', () => {
    assert.deepEqual(roundsAt([every(60)], [300 * minuteMs, 30_000, minuteMs]), [[18_000], [], [60]]);
  });
});

describe('one-off rounds', () => {
  const once = (...roundIds: number[]) => assignment({ kind: 'once', roundIds });

  it('run when they are first seen, and not again while they are asked for', () => {
    const { due, memory, wakeAtMs } = dueRounds([once(5, 6)], newRoundMemory(), hourMs);
    assert.deepEqual(
      due.map(({ roundId }) => roundId),
      [5, 6],
    );
    assert.equal(wakeAtMs, null);
    const next = dueRounds([once(5, 6, 7)], memory, hourMs + 1_000);
    assert.deepEqual(
      next.due.map(({ roundId }) => roundId),
      [7],
    );
  });

  it('run once where one is named twice', () => {
    assert.equal(dueRounds([once(5, 5)], newRoundMemory(), hourMs).due.length, 1);
  });

  it('are remembered while nothing is asked for', () => {
    const first = dueRounds([once(5)], newRoundMemory(), hourMs);
    const { memory } = dueRounds([], first.memory, hourMs + 1_000);
    assert.deepEqual(dueRounds([once(5)], memory, hourMs + 2_000).due, []);
  });

  it('are never forgotten while they are asked for, however many there are', () => {
    const roundIds = Array.from({ length: 50 }, (_, i) => i);
    const many = Array.from({ length: 30 }, (_, i) => ({ ...once(...roundIds), testId: String(i) }));
    const { due, memory } = dueRounds(many, newRoundMemory(), hourMs);
    assert.equal(due.length, 1500);
    const again = dueRounds(many, memory, hourMs + 1_000);
    assert.equal(again.due.length, 0);
    const { memory: later } = dueRounds([], again.memory, hourMs + 2_000);
    assert.equal(later.once.size, 1000);
  });
});

describe('an agent that was restarted', () => {
  it('runs the round of this interval again only where it is not late', () => {
    assert.deepEqual(roundsAt([every(60)], [3_000]), [[0]]);
    assert.deepEqual(roundsAt([every(60)], [20_000, minuteMs]), [[], [60]]);
  });
});

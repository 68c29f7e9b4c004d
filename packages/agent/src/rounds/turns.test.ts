import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Assignment, Schedule } from '@pinhole/contract';
import { assignment } from '../../test/samples.ts';
import { RoundTurns } from './turns.ts';

const everyMinute: Schedule = {
  kind: 'every',
  intervalS: 60,
  offsetMs: 0,
  randomized: false,
  activeSinceMs: 0,
};
const once: Schedule = { kind: 'once', roundIds: [] };

/** Rounds that last until they are ended. */
function rounds(schedule: Schedule) {
  const turns = new RoundTurns();
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  return {
    begun,
    due(roundId: number, change: Partial<Assignment> = {}) {
      const round = { assignment: assignment(schedule, change), roundId };
      return turns.take(round, () => {
        begun.push(roundId);
        return new Promise((resolve) => ends.set(roundId, resolve));
      });
    },
    async end(roundId: number) {
      ends.get(roundId)?.();
      await new Promise(setImmediate);
    },
  };
}

describe('rounds in turn', () => {
  it('wait for the one of their pair before, and for no others', async () => {
    const { due, begun, end } = rounds(everyMinute);
    void due(60);
    void due(120);
    void due(121, { testId: '8' });
    await end(0);
    assert.deepEqual(begun, [60, 121]);
    await end(60);
    assert.deepEqual(begun, [60, 121, 120]);
    await end(120);
    void due(180);
    await end(0);
    assert.deepEqual(begun, [60, 121, 120, 180]);
  });

  it('are left out where the next is due and they have not begun', async () => {
    const { due, begun, end } = rounds(everyMinute);
    for (const roundId of [60, 120, 180]) void due(roundId);
    await end(60);
    assert.deepEqual(begun, [60, 180]);
  });

  it('are all run where somebody has asked for each', async () => {
    const { due, begun, end } = rounds(once);
    for (const roundId of [1, 2, 3]) void due(roundId);
    for (const roundId of [1, 2, 3]) await end(roundId);
    assert.deepEqual(begun, [1, 2, 3]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundLine } from './rounds.ts';

const startTime = Date.UTC(2026, 0, 1, 9, 30) / 1000;

test('both directions stand in a line, the one to the target first', () => {
  assert.equal(
    roundLine('A – B', [
      {
        startTime,
        direction: 'from-target',
        loss: 2,
        avgLatency: 104.26,
        throughput: 19.84,
        method: 'punched',
      },
      { startTime, direction: 'to-target', loss: 0, avgLatency: 8, method: 'punched' },
    ]),
    '09:30:00  A – B  →   0 %    8.0 ms  ←   2 %  104.3 ms 19.8 Mbit/s  punched',
  );
});

test('a sentence stands once where both directions have the same', () => {
  const errorDetails = 'Connection to target agent failed';
  assert.equal(
    roundLine('A – B', [
      { startTime, direction: 'to-target', errorDetails },
      { startTime, direction: 'from-target', errorDetails },
    ]),
    '09:30:00  A – B  Connection to target agent failed',
  );
});

test('one direction may have failed by itself, and a delay be unknown', () => {
  assert.equal(
    roundLine('A – B', [
      { startTime, direction: 'to-target', loss: 100 },
      { startTime, direction: 'from-target', errorDetails: 'The source agent could not run the round' },
    ]),
    '09:30:00  A – B  → 100 %      – ms  ← The source agent could not run the round',
  );
});

// Exactly one packet of a round is lost, comes twice, or comes behind the next; and that is what its result says, of
// that direction and of no other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkResult } from '@pinhole/contract';
import type { LinkDescription } from '@pinhole/lab';
import { System } from './system.ts';

/** The link is a's, and `up` is from a: the way of the probes to the target. */
const ways = [
  { way: 'up', hit: 'to-target', other: 'from-target' },
  { way: 'down', hit: 'from-target', other: 'to-target' },
] as const;

/** STAMP in authenticated mode has zeros here (RFC 8762 section 4.2.1); a reflection has the time of reception. */
const probe = { leastBytes: 112, at: 28, hex: '00'.repeat(16) };
/** Here a reflection has zeros too, and STUN its cookie (RFC 8489 section 5). */
const anyStamp = { leastBytes: 112, at: 4, hex: '00'.repeat(12) };

const clean = { sent: 50, received: 50, late: 0, duplicates: 0, reordered: 0, lossPercent: 0 };
const kinds = {
  drop: { ...clean, received: 49, lossPercent: 2 },
  duplicate: { ...clean, duplicates: 1 },
  'hold-back': { ...clean, reordered: 1 },
} as const;

function counts(results: readonly NetworkResult[], direction: string) {
  const result = results.find((each) => each.direction === direction);
  assert.ok(result?.measurement !== undefined, `${direction}: ${JSON.stringify(result)}`);
  const { sent, received, late, duplicates, reordered, lossPercent } = result.measurement;
  return { sent, received, late, duplicates, reordered, lossPercent };
}

test('single faults of the network', async (t) => {
  await System.use(
    { a: 'eim-apdf', b: 'eim-apdf' },
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true });
      await system.checked('a', 'b');
      const round = async (link: LinkDescription, direction: string, expected: number) => {
        await system.lab.setLink('a', link);
        const testId = await system.instantTest(ids.a, ids.b, { direction });
        return system.resultsOf(testId, expected);
      };
      for (const [kind, measured] of Object.entries(kinds)) {
        for (const { way, hit, other } of ways) {
          await system.part(t, `${kind} one probe ${hit}`, async () => {
            const fault = { kind: kind as keyof typeof kinds, nth: 20, match: probe };
            const results = await round({ [way]: { delayMs: 5, faults: [fault] } }, 'bidirectional', 2);
            assert.deepEqual(counts(results, hit), measured);
            assert.deepEqual(counts(results, other), clean);
          });
        }
      }
      await system.part(t, 'a reflection that is lost is no loss', async () => {
        const fault = { kind: 'drop', nth: 20, count: 5, match: anyStamp } as const;
        const results = await round({ down: { delayMs: 5, faults: [fault] } }, 'to-target', 1);
        assert.deepEqual(counts(results, 'to-target'), clean);
      });
    },
    { delayMs: { a: 10 } },
  );
});

// Agent to Agent tests over TCP: by simultaneous open through two NATs, and plainly where there is none. The other kinds
// of NAT are the matrix's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertMeasured, System } from './system.ts';

const rounds = 3;
/** After this the source has let go of the connection of a round, where it is not kept. */
const releasedMs = 8_000;
/** A NAT remembers a connection that was reset for 10 s (Linux: nf_conntrack_tcp_timeout_close). */
const forgottenMs = 13_000;
/** More of them: `npm run bench:tcp-open`. */
const refusedOpens = 2;

const nats = {
  a: 'eim-apdf',
  b: 'eim-apdf',
  open: 'none',
  plain: 'none',
  unticked: 'eim-apdf',
  easy: 'eim-apdf',
  hard: 'apdm-apdf',
} as const;

test('tests over TCP', { concurrency: true }, async (t) => {
  await System.use(nats, async (system) => {
    await system.startCollector();
    const behindNat = { a: true, b: true, open: false, plain: false, unticked: false };
    const ids = await system.startAgents({ ...behindNat, easy: true, hard: true });
    await system.checked('a', 'b', 'easy', 'hard');
    const tested = (source: keyof typeof nats, target: keyof typeof nats, more: object = {}) =>
      system.instantTest(ids[source], ids[target], { protocol: 'tcp', ...more });

    const roundAfterRound = async (testId: string, method: 'punched' | 'direct') => {
      for (let round = 1; round <= rounds; round++) {
        if (round > 1) await system.runAgain(testId);
        const results = await system.resultsOf(testId, 2 * round);
        assertMeasured(results, method);
        assert.equal(results.length, 2 * round);
      }
    };
    await Promise.all([
      system.part(t, 'through two NATs: punched in both directions, round after round', async () =>
        roundAfterRound(await tested('a', 'b'), 'punched'),
      ),
      system.part(t, 'to a target behind no NAT: direct in both directions, round after round', async () =>
        roundAfterRound(await tested('open', 'plain'), 'direct'),
      ),
      system.part(t, 'a target behind a NAT without "Behind a NAT" cannot be reached', async () => {
        for (const { errorCode } of await system.resultsOf(await tested('open', 'unticked'), 2))
          assert.equal(errorCode, 'agent-unreachable');
      }),
      system.part(t, 'the connection that a search has found is kept for the next round', async () => {
        const testId = await tested('easy', 'hard', { direction: 'from-target' });
        const [first] = await system.resultsOf(testId, 1);
        await sleep(releasedMs);
        await system.runAgain(testId);
        const results = await system.resultsOf(testId, 2);
        assertMeasured(results, 'searched');
        assert.ok(first?.server !== undefined);
        assert.equal(results[0]?.server, first.server);
      }),
    ]);
  });
});

// Both SYNs must leave within the delay of each other; what was too early is tried again from fresh ports.
test('over TCP, between two NATs that answer an unsolicited SYN with RST', {
  concurrency: true,
}, async (t) => {
  const delaysMs = [5, 20, 80];
  const pairs = delaysMs.map((delayMs) => ({ delayMs, source: `a${delayMs}`, target: `b${delayMs}` }));
  const sites = pairs.flatMap(({ delayMs, source, target }) => [
    [source, delayMs] as const,
    [target, delayMs] as const,
  ]);
  await System.use(
    Object.fromEntries(sites.map(([site]) => [site, 'eim-apdf-rst'])),
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents(Object.fromEntries(sites.map(([site]) => [site, true])));
      await system.checked(...sites.map(([site]) => site));
      await Promise.all(
        pairs.map(({ delayMs, source, target }) =>
          system.part(t, `${delayMs} ms apart`, async () => {
            const testId = await system.instantTest(ids[source], ids[target], { protocol: 'tcp' });
            for (let open = 1; open <= refusedOpens; open++) {
              if (open > 1) await system.runAgain(testId);
              assertMeasured(await system.resultsOf(testId, 2 * open), 'punched');
              if (open < refusedOpens) await sleep(forgottenMs);
            }
          }),
        ),
      );
    },
    { delayMs: Object.fromEntries(sites) },
  );
});

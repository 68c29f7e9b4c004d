// The path over TCP, through both NATs; and of rounds that have failed. Over UDP, and over routes that differ by direction:
// routes.lab.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PathVisDetailResult, pathVisDetailResultsSchema } from '@pinhole/contract';
import { assertMeasured, System } from './system.ts';

const addresses = {
  a: ['10.1.0.1', '198.51.100.1', '203.0.113.1'],
  b: ['10.2.0.1', '198.51.100.17', '203.0.113.5'],
  open: ['198.51.100.33', '203.0.113.9'],
};
/** In front of a site, seen from outside: the last router, the NAT, and the agent behind it under the same address. */
const into = {
  a: ['203.0.113.2', '198.51.100.2', '198.51.100.2'],
  b: ['203.0.113.6', '198.51.100.18', '198.51.100.18'],
  open: ['203.0.113.10', '198.51.100.34'],
};

test('the path', async (t) => {
  await System.use(
    { a: 'eim-apdf', b: 'eim-apdf', open: 'none', hidden: 'eim-apdf' },
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true, open: false, hidden: false });
      await system.checked('a', 'b');

      const traced = async (source: string, target: string, options: object, directions = 2) => {
        const testId = await system.instantTest(ids[source], ids[target], options);
        const results = await system.resultsOf(testId, directions);
        const path = `/test-results/${testId}/path-vis/agent/${ids[source]}/round/${results[0]!.roundId}`;
        const rows = await system.present('the paths', async () => {
          const found = pathVisDetailResultsSchema.parse(await system.rest.request('GET', path)).results;
          return found.length === directions ? found : null;
        });
        const of = (direction: string) => rows.find((row) => row.direction === direction)!;
        return { results, there: of('to-target'), back: of('from-target') };
      };
      const hopsOf = ({ pathTraces }: PathVisDetailResult) =>
        pathTraces.map(({ hops }) => hops.map(({ ipAddress }) => ipAddress));
      const endsOf = ({ pathTraces }: PathVisDetailResult) => new Set(pathTraces.map(({ end }) => end));

      await system.part(
        t,
        'is traced inside an established connection, to the agents themselves',
        async () => {
          const { results, there, back } = await traced('a', 'b', {
            protocol: 'tcp',
            pathTraceMode: 'in-session',
          });
          assertMeasured(results, 'punched');
          for (const [row, way] of [
            [there, [...addresses.a, ...into.b]],
            [back, [...addresses.b, ...into.a]],
          ] as const) {
            assert.deepEqual(hopsOf(row), [way], JSON.stringify(row));
            assert.deepEqual(endsOf(row), new Set(['reached']));
            assert.deepEqual(
              row.pathTraces[0]?.hops.map(({ nat }) => nat !== undefined),
              way.map((_, i) => i === 0 || i === way.length - 2),
              JSON.stringify(row),
            );
          }
          assert.ok(results.every(({ tcp }) => tcp !== undefined && tcp !== null && tcp.mss > 1000));
        },
      );

      await system.part(
        t,
        'is traced by SYNs to an agent without a NAT, and to the NAT of one with',
        async () => {
          const options = { protocol: 'tcp', pathTraceMode: 'classic', numPathTraces: 2 };
          const { there, back } = await traced('a', 'open', options);
          assert.deepEqual(
            hopsOf(there),
            Array(2).fill([...addresses.a, ...into.open]),
            JSON.stringify(there),
          );
          assert.deepEqual(endsOf(there), new Set(['reached']));
          // The NAT drops what nobody asked for: it does not even say that a TTL has ended there.
          assert.deepEqual(hopsOf(back), Array(2).fill([...addresses.open, into.a[0]]), JSON.stringify(back));
          assert.deepEqual(endsOf(back), new Set(['silent']));
        },
      );

      for (const protocol of ['udp', 'tcp']) {
        await system.part(
          t,
          `over ${protocol.toUpperCase()} is traced as far as it goes where a round fails`,
          async () => {
            const options = { protocol, direction: 'to-target', numPathTraces: 1 };
            const { results, there } = await traced('open', 'hidden', options, 1);
            assert.equal(results[0]?.errorCode, 'agent-unreachable');
            // The collector knows a private address only: the core has no way there, and says so, if not too often.
            assert.ok(['silent', 'unreachable'].includes([...endsOf(there)].join()), JSON.stringify(there));
            assert.equal(hopsOf(there)[0]?.[0], addresses.open[0], JSON.stringify(there));
          },
        );
      }
    },
    { delayMs: 20 },
  );
});

// How many TCP connections come about by simultaneous open between two NATs that answer an unsolicited SYN with RST.
// Both SYNs must leave within one one-way delay of each other, so the shorter the way the harder.
//
//   npm run bench:tcp-open [-- DELAY_MS…]

import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '../test/system.ts';

const attempts = 20;
/** A NAT remembers a connection that was reset for 10 s (Linux: nf_conntrack_tcp_timeout_close). */
const pauseMs = 13_000;

for (const delayMs of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [5, 20, 80]) {
  let opened = 0;
  await System.use(
    { a: 'eim-apdf-rst', b: 'eim-apdf-rst' },
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true });
      await system.checked('a', 'b');
      const testId = await system.instantTest(ids.a, ids.b, { protocol: 'tcp', fixedPacketRate: 100 });
      for (let attempt = 1; attempt <= attempts; attempt++) {
        if (attempt > 1) await system.runAgain(testId);
        const results = await system.resultsOf(testId, 2 * attempt);
        const latest = Math.max(...results.map(({ roundId }) => roundId));
        if (results.every(({ roundId, method }) => roundId !== latest || method === 'punched')) opened += 1;
        await sleep(pauseMs);
      }
    },
    { delayMs },
  );
  process.stdout.write(`${delayMs} ms each way: ${opened} of ${attempts}\n`);
}

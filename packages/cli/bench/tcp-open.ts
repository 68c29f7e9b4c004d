// How many TCP connections come about by simultaneous open between two NATs that answer an unsolicited SYN with RST.
// Both SYNs must leave within one one-way delay of each other, so the shorter the way the harder; after a RST both try
// again from fresh ports.
//
//   npm run bench:tcp-open [-- DELAY_MS…]

import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '../test/system.ts';

const opens = 20;
/** A NAT remembers a connection that was reset for 10 s (Linux: nf_conntrack_tcp_timeout_close). */
const pauseMs = 13_000;

for (const delayMs of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [5, 20, 80]) {
  const tookMs: number[] = [];
  await System.use(
    { a: 'eim-apdf-rst', b: 'eim-apdf-rst' },
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true });
      await system.checked('a', 'b');
      const test = { protocol: 'tcp', direction: 'from-target', fixedPacketRate: 100 };
      const testId = await system.instantTest(ids.a, ids.b, test);
      for (let open = 1; open <= opens; open++) {
        if (open > 1) await system.runAgain(testId);
        const [latest] = await system.resultsOf(testId, open);
        if (latest?.method === 'punched') tookMs.push(latest.connectMs ?? 0);
        else process.stdout.write(`${delayMs} ms each way, open ${open}: ${latest?.errorEvidence}\n`);
        await sleep(pauseMs);
      }
    },
    { delayMs },
  );
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0)} ms`;
  process.stdout.write(
    `${delayMs} ms each way: ${tookMs.length} of ${opens}, in ${at(0)} to ${at(1)}, half within ${at(0.5)}\n`,
  );
}

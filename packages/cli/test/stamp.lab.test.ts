// `pinhole stamp` through a kernel NAT and over routers: what each direction loses, takes and changes is told as it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StampReport } from '@pinhole/agent/parts';
import { executable, System } from './system.ts';

/** From the site to the server and back. */
const roundTripMs = 20;
/** The NAT, its site's router and the core. */
const hops = 3;

test('STAMP to a server, from behind a NAT', async (t) => {
  await System.use(
    { a: 'eim-apdf' },
    async (system) => {
      const [address = ''] = system.lab.server.addresses;
      const reflector = system.start(system.lab.server, ['stamp', 'reflect']);
      await system.present('the reflector', async () =>
        reflector.output().includes('0.0.0.0:862') ? true : null,
      );
      const send = async (...args: string[]): Promise<StampReport> => {
        const { code, stdout, stderr } = await system
          .host('a')
          .run(executable, ['stamp', 'send', address, '--json', ...args]);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
      };

      await system.part(t, 'delays, hops, DSCP and the NAT’s address', async () => {
        const report = await send('--dscp', '46');
        assert.deepEqual(
          [report.sent, report.answered, report.loss],
          [50, 50, { forward: 0, backward: 0, unknown: 0 }],
        );
        const { roundTrip, forward, backward, reflector: made } = report;
        assert.ok(roundTrip !== null && roundTrip.minMs >= roundTripMs && roundTrip.minMs < roundTripMs + 10);
        for (const { delay } of [forward, backward]) {
          assert.ok(delay !== null && delay.errorBoundMs !== null);
          assert.ok(Math.abs(delay.minMs - roundTripMs / 2) <= delay.errorBoundMs);
        }
        assert.deepEqual([forward.hops, backward.hops], [hops, hops]);
        assert.deepEqual([forward.dscp, backward.dscp], [46, 46]);
        const seen = made?.seesUsAs ?? '';
        assert.equal(seen.split(':')[0], system.lab.sites.get('a')?.publicAddress);
        assert.equal(made?.followUp, true);
      });

      await system.part(t, 'loss on each way, to the packet', async () => {
        await system.cut(
          'a',
          'udp dport 862 numgen inc mod 10 == 3 drop',
          'udp sport 862 numgen inc mod 9 == 4 drop',
        );
        const { sent, answered, loss } = await send('--count', '100', '--interval', '5ms');
        // Ten of a hundred there, and of the ninety that arrived ten back.
        assert.deepEqual([sent, answered], [100, 80]);
        assert.deepEqual(loss, { forward: 10, backward: 10, unknown: 0 });
      });
      assert.equal(await reflector.end('SIGINT'), 0);
    },
    { delayMs: roundTripMs },
  );
});

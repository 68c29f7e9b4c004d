import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { acknowledge, agent, config, net, passed, reply, until } from './scene.ts';

describe('a change of the configuration', { concurrency: true }, () => {
  it('is fetched within a second', async (t) => {
    const { collector, link, configs } = await agent(t);
    await link.start();
    await until(() => collector.changes.length === 1);
    collector.onCheckIn = () => acknowledge(0, 2, config);
    reply(collector.changes[0]!.response, { status: 200, body: { configVersion: 2 } });
    const toldAtNs = net.clock.monotonicNs();
    await until(() => configs.length === 1);
    const tookMs = (net.clock.monotonicNs() - toldAtNs) / 1e6;
    // Ten times what is promised: the order is what is tested, and not this machine.
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
    await until(() => collector.changes.length === 2);
    assert.equal(collector.changes[1]?.version, 2);
  });

  it('is fetched when an answer that began with blank lines tells of it', async (t) => {
    const { collector, link, configs } = await agent(t);
    await link.start();
    await until(() => collector.changes.length === 1);
    collector.onCheckIn = () => acknowledge(0, 2, config);
    const { response } = collector.changes[0]!;
    for (let words = 0; words < 3; words++) response.write('\n');
    response.end(JSON.stringify({ configVersion: 2 }));
    await until(() => configs.length === 1);
  });

  for (const [name, lose] of [
    ['breaks off', (response: ServerResponse) => response.destroy()],
    ['goes silent', () => undefined],
  ] as const) {
    it(`of which an answer ${name} that had begun is asked about again at once`, async (t) => {
      const { collector, link } = await agent(t);
      await link.start();
      await until(() => collector.changes.length === 1);
      collector.changes[0]!.response.write('\n');
      await passed(1_100);
      lose(collector.changes[0]!.response);
      await until(() => collector.changes.length === 2, 60_000);
      assert.deepEqual(
        [collector.changes.map(({ version }) => version), collector.checkIns.length],
        [[0, 0], 1],
      );
    });
  }

  for (const [name, onChanges] of [
    ['is answered at once with none', () => ({ status: 204 })],
    ['is answered with one that does not come', () => ({ status: 200, body: { configVersion: 9 } })],
    ['fails', () => ({ status: 503 })],
  ] as const) {
    it(`that ${name} is not asked for again and again`, async (t) => {
      const { collector, link } = await agent(t);
      collector.onChanges = onChanges;
      await link.start();
      await until(() => collector.changes.length === 1);
      const askedAtNs = net.clock.monotonicNs();
      await until(() => collector.changes.length === 3);
      // The pauses before the second and the third question: 1 s and 2 s at least.
      const tookMs = (net.clock.monotonicNs() - askedAtNs) / 1e6;
      assert.ok(tookMs > 2_900, `asked three times in ${tookMs} ms`);
      assert.ok(collector.checkIns.length <= 4, `${collector.checkIns.length} check-ins`);
    });
  }

  it('each time it is asked for is not fetched without a pause', async (t) => {
    const { collector, link } = await agent(t);
    let version = 1;
    collector.onChanges = () => ({ status: 200, body: { configVersion: version + 1 } });
    collector.onCheckIn = () => acknowledge(0, ++version, config);
    await link.start();
    await passed(2_000);
    assert.ok(collector.checkIns.length <= 12, `${collector.checkIns.length} check-ins`);
  });
});

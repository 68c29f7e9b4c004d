// What is killed comes back, and nothing is lost.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertMeasured, System } from './system.ts';

test('a killed agent and a killed collector', async (t) => {
  await System.use({ a: 'eim-apdf', b: 'eim-apdf' }, async (system) => {
    let collector = await system.startCollector();
    await system.part(t, 'the agent comes back as the same, and its state folder is its own', async () => {
      const first = system.startAgent('a');
      await system.enrolled('a');
      const twin = system.startAgent('a');
      twin.mayEnd = true;
      await system.present("the twin's end", async () => (twin.child.exitCode === null ? null : true));
      assert.equal(twin.child.exitCode, 1);
      assert.match(twin.output(), /pinhole: Another agent is using/);
      await first.end('SIGKILL');
      const ids = await system.startAgents({ a: true, b: true });
      assert.deepEqual((await system.agents()).map(({ agentName }) => agentName).sort(), ['a', 'b']);
      assertMeasured(await system.resultsOf(await system.instantTest(ids.b, ids.a), 2), 'punched');
    });

    await system.part(t, 'the collector, again and again: every result arrives, none twice', async () => {
      const ids = await system.enrolled('a', 'b');
      const testId = await system.instantTest(ids.a, ids.b);
      await system.resultsOf(testId, 2);
      for (let outage = 1; outage <= 3; outage++) {
        const roundId = await system.runAgain(testId);
        // Later each time: while the agents still hear of the round, while they measure, when they have measured.
        await sleep(400 * outage);
        await collector.end('SIGKILL');
        await sleep(3000);
        collector = await system.startCollector();
        const results = await system.resultsOf(testId, 2 * (outage + 1));
        assert.equal(results.filter((each) => each.roundId === roundId).length, 2);
      }
      // The servers went with the collector each time; the agents are back on them.
      await system.registered('a', 'b');
      await system.runAgain(testId);
      const results = await system.resultsOf(testId, 10);
      const keys = results.map(({ roundId, direction }) => `${roundId} ${direction}`);
      assert.equal(new Set(keys).size, keys.length);
      assert.equal(keys.length, 10);
      assertMeasured(
        results.filter(({ roundId }) => roundId === Math.max(...results.map((each) => each.roundId))),
        'punched',
      );
    });
  });
});

test('the NAT traversal server is killed and started again: agents are back, and the next round works', async () => {
  await System.use({ a: 'eim-apdf', b: 'eim-apdf' }, async (system) => {
    const [address, second] = system.lab.server.addresses;
    await system.startCollector('--no-embedded-traversal', '--traversal', String(address));
    const secretFile = `${system.folder}/data/traversal-secret`;
    assert.ok(existsSync(secretFile));
    const startTraversal = () =>
      system.start(system.lab.server, [
        'traversal',
        '--address',
        `${address},${second}`,
        '--secret-file',
        secretFile,
      ]);
    let traversal = startTraversal();
    const ids = await system.startAgents({ a: true, b: true });
    const testId = await system.instantTest(ids.a, ids.b);
    assertMeasured(await system.resultsOf(testId, 2), 'punched');
    const isRegistered = async () =>
      (await system.agents()).map(({ registration }) => registration?.status === 'registered');
    for (let kill = 1; kill <= 2; kill++) {
      await traversal.end('SIGKILL');
      await system.present('the loss of the registrations', async () =>
        (await isRegistered()).includes(true) ? null : true,
      );
      traversal = startTraversal();
      await system.registered('a', 'b');
      await system.runAgain(testId);
      assertMeasured(await system.resultsOf(testId, 2 * (kill + 1)), 'punched');
    }
  });
});

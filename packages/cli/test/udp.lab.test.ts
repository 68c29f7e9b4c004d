// The main job: Agent to Agent tests over UDP between agents behind real NATs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatKind } from '@pinhole/lab';
import { assertMeasured, System } from './system.ts';

const sessionRounds = 10;

test('ten rounds of ten between two NATs that drop everything unsolicited, and none of it by way of the server', async () => {
  await System.use({ a: 'eim-apdf', b: 'eim-apdf' }, async (system) => {
    await system.startCollector();
    const ids = await system.startAgents({ a: true, b: true });
    await system.checked('a', 'b');
    const routers = [...system.lab.sites.values()].map(({ router }) => router);
    const captures = await Promise.all(
      routers.map((router) => router.capture(({ protocol }) => protocol === 'udp')),
    );

    const testId = await system.instantTest(ids.a, ids.b);
    for (let round = 2; round <= sessionRounds; round++) {
      await system.resultsOf(testId, 2 * (round - 1));
      await system.runAgain(testId);
    }
    const results = await system.resultsOf(testId, 2 * sessionRounds);
    assertMeasured(results, 'punched');
    assert.equal(results.length, 2 * sessionRounds);
    assert.equal(new Set(results.map(({ roundId }) => roundId)).size, sessionRounds);

    const servers = new Set<string>(system.lab.server.addresses);
    const [publicA, publicB] = [...system.lab.sites.values()].map(({ publicAddress }) => publicAddress);
    for (const capture of captures) {
      const { packets, dropped } = await capture.stop();
      assert.equal(dropped, 0);
      const received = packets.filter(({ outgoing }) => !outgoing);
      const isServers = (packet: (typeof packets)[number]) =>
        servers.has(packet.source) || servers.has(packet.destination);
      const session = received.filter((packet) => !isServers(packet));
      // 50 probes and 50 reflections each way, and what opens and ends a session.
      assert.ok(session.length >= sessionRounds * 200, `${session.length} packets between the sites`);
      for (const { source, destination, sourcePort, destinationPort } of session) {
        assert.deepEqual([source, destination].sort(), [publicA, publicB].sort());
        assert.deepEqual([sourcePort, destinationPort], [49153, 49153]);
      }
      // With the server each agent refreshes its registration every 15 s: a request and an answer.
      for (const packet of received.filter(isServers)) {
        const serverPort = servers.has(packet.source) ? packet.sourcePort : packet.destinationPort;
        assert.ok(serverPort === 9119 || serverPort === 9120);
        assert.ok(packet.length < 300);
      }
      assert.ok(received.filter(isServers).length < session.length / 20);
    }
  });
});

for (const [a, b, behindNat, method] of [
  ['eim-eif', 'eim-apdf', { a: true, b: true }, 'punched'],
  ['eim-adf', 'eim-adf', { a: true, b: true }, 'punched'],
  ['eim-eif', 'eim-eif', { a: true, b: true }, 'punched'],
  ['eim-apdf-poisonable', 'eim-apdf-poisonable', { a: true, b: true }, 'punched'],
  ['apdm-apdf', 'eim-eif', { a: true, b: true }, 'punched'],
  ['eim-cgn', 'eim-apdf-range', { a: true, b: true }, 'punched'],
  ['none', 'eim-apdf', { a: false, b: true }, 'punched'],
  ['eim-apdf', 'none', { a: true, b: false }, 'direct'],
  ['none', 'none', { a: false, b: false }, 'direct'],
] as const satisfies readonly (readonly [NatKind, NatKind, Record<string, boolean>, string])[]) {
  test(`${a} to ${b}: ${method}, measured in both directions`, async () => {
    await System.use({ a, b }, async (system) => {
      await system.startCollector();
      const ids = await system.startAgents(behindNat);
      const results = await system.resultsOf(await system.instantTest(ids.a, ids.b), 2);
      assertMeasured(results, method);
      assert.deepEqual(results.map(({ direction }) => direction).sort(), ['from-target', 'to-target']);
    });
  });
}

test('two sites whose hosts have the same private address are told apart', async () => {
  await System.use(
    { a: 'eim-apdf', b: 'eim-apdf' },
    async (system) => {
      assert.deepEqual(system.host('a').addresses, system.host('b').addresses);
      await system.startCollector();
      const ids = await system.startAgents({ a: true, b: true });
      assertMeasured(await system.resultsOf(await system.instantTest(ids.a, ids.b), 2), 'punched');
    },
    { lan: '192.168.1.0/24' },
  );
});

test('a target behind a NAT without "Behind a NAT" cannot be reached, and the result says so', async () => {
  await System.use({ a: 'none', b: 'eim-apdf' }, async (system) => {
    await system.startCollector();
    const ids = await system.startAgents({ a: false, b: false });
    const results = await system.resultsOf(await system.instantTest(ids.a, ids.b), 2);
    for (const result of results) {
      assert.equal(result.errorCode, 'agent-unreachable');
      assert.equal(
        result.errorDetails,
        'Cannot reach the target agent: NAT traversal is likely to be required',
      );
      assert.deepEqual(result.errorReasons?.slice(0, 2), [
        'b has private addresses only: 10.2.0.2.',
        'Its requests come from 198.51.100.18, which it does not have: it is behind a NAT.',
      ]);
      assert.equal(result.loss, undefined);
    }
  });
});

test('a target that is not registered: NAT traversal cannot be negotiated with it', async () => {
  await System.use({ a: 'none', b: 'eim-apdf' }, async (system) => {
    await system.startCollector();
    const ids = await system.startAgents({ a: false, b: true });
    // STUN over TCP is cut off: the NAT of b now drops what goes to the server's ports.
    const cut = await system.lab.sites.get('b')!.nat!.run('nft', ['-f', '-'], {
      input: `table ip cut {
  chain forward {
    type filter hook forward priority -10
    meta l4proto { tcp, udp } th dport { 9119, 9120 } reject with icmp admin-prohibited
  }
}
`,
    });
    assert.equal(cut.code, 0, cut.stderr);
    await system.present('the loss of the registration', async () => {
      const agent = (await system.agents()).find(({ agentName }) => agentName === 'b');
      return agent?.registration?.udp === null ? true : null;
    });
    const [result] = await system.resultsOf(await system.instantTest(ids.a, ids.b), 2);
    assert.equal(result?.errorDetails, 'Failed to negotiate NAT traversal with target agent');
  });
});

// The main job: Agent to Agent tests over UDP between agents behind real NATs. The other kinds of NAT are the matrix's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertMeasured, System } from './system.ts';

const sessionRounds = 10;
/** After this the source has let go of the way of a round, where it is not kept. */
const releasedMs = 8_000;

const nats = {
  a: 'eim-apdf',
  b: 'eim-apdf',
  open: 'none',
  plain: 'none',
  unticked: 'eim-apdf',
  cut: 'eim-apdf',
  easy: 'eim-apdf',
  hard: 'apdm-apdf',
} as const;
const behindNat = { a: true, b: true, open: false, plain: false, unticked: false };

test('tests over UDP', { concurrency: true }, async (t) => {
  await System.use(
    nats,
    async (system) => {
      await system.startCollector();
      const ids = await system.startAgents({ ...behindNat, cut: true, easy: true, hard: true });
      await system.checked('a', 'b', 'easy', 'hard');
      await Promise.all([
        system.part(t, 'ten rounds of ten between two NATs that drop everything unsolicited', () =>
          tenRounds(system, ids),
        ),
        system.part(t, 'to a target behind no NAT: direct', async () => {
          const results = await system.resultsOf(await system.instantTest(ids.open, ids.plain), 2);
          assertMeasured(results, 'direct');
          assert.deepEqual(results.map(({ direction }) => direction).sort(), ['from-target', 'to-target']);
        }),
        system.part(t, 'the way that a search has found is kept for the next round', () => kept(system, ids)),
        system.part(t, 'a target behind a NAT without "Behind a NAT" cannot be reached', () =>
          unticked(system, ids),
        ),
        system.part(t, 'NAT traversal cannot be negotiated with a target that is not registered', () =>
          cutOff(system, ids),
        ),
      ]);
    },
    // All hosts behind NATs have the same private address, and are told apart.
    { lan: '192.168.1.0/24' },
  );
});

type Ids = Readonly<Record<string, string>>;

/** And none of what they measure goes by way of the server. */
async function tenRounds(system: System, ids: Ids): Promise<void> {
  assert.deepEqual(system.host('a').addresses, system.host('b').addresses);
  const sites = [system.lab.sites.get('a')!, system.lab.sites.get('b')!];
  const captures = await Promise.all(
    sites.map(({ router }) => router.capture(({ protocol }) => protocol === 'udp')),
  );

  const testId = await system.instantTest(ids.a, ids.b, { pathTraceMode: 'in-session' });
  for (let round = 2; round <= sessionRounds; round++) {
    await system.resultsOf(testId, 2 * (round - 1));
    await system.runAgain(testId);
  }
  const results = await system.resultsOf(testId, 2 * sessionRounds);
  assertMeasured(results, 'punched');
  assert.equal(results.length, 2 * sessionRounds);
  assert.equal(new Set(results.map(({ roundId }) => roundId)).size, sessionRounds);

  const servers = new Set<string>(system.lab.server.addresses);
  const publicAddresses = sites.map(({ publicAddress }) => publicAddress).sort();
  for (const capture of captures) {
    const { packets, dropped } = await capture.stop();
    assert.equal(dropped, 0);
    const received = packets.filter(({ outgoing }) => !outgoing);
    const isServers = (packet: (typeof packets)[number]) =>
      servers.has(packet.source) || servers.has(packet.destination);
    const session = received.filter((packet) => !isServers(packet));
    // 50 probes and 50 reflections each way, what opens and ends a session, and what traces its path in it.
    assert.ok(session.length >= sessionRounds * 200, `${session.length} packets between the sites`);
    for (const { source, destination, sourcePort, destinationPort } of session) {
      assert.deepEqual([source, destination].sort(), publicAddresses);
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
}

async function kept(system: System, ids: Ids): Promise<void> {
  const testId = await system.instantTest(ids.easy, ids.hard, { direction: 'from-target' });
  const [first] = await system.resultsOf(testId, 1);
  await sleep(releasedMs);
  await system.runAgain(testId);
  const results = await system.resultsOf(testId, 2);
  assertMeasured(results, 'searched');
  assert.ok(first?.server !== undefined);
  assert.equal(results[0]?.server, first.server);
}

async function unticked(system: System, ids: Ids): Promise<void> {
  const results = await system.resultsOf(await system.instantTest(ids.open, ids.unticked), 2);
  const { publicAddress } = system.lab.sites.get('unticked')!;
  for (const result of results) {
    assert.equal(result.errorCode, 'agent-unreachable');
    assert.equal(
      result.errorDetails,
      'Cannot reach the target agent: NAT traversal is likely to be required',
    );
    assert.deepEqual(result.errorReasons?.slice(0, 2), [
      'unticked has private addresses only: 192.168.1.2.',
      `Its requests come from ${publicAddress}, which it does not have: it is behind a NAT.`,
    ]);
    assert.equal(result.loss, undefined);
  }
}

async function cutOff(system: System, ids: Ids): Promise<void> {
  await system.cut(
    'cut',
    'meta l4proto { tcp, udp } th dport { 9119, 9120 } reject with icmp admin-prohibited',
  );
  await system.present('the loss of the registration', async () => {
    const agent = (await system.agents()).find(({ agentName }) => agentName === 'cut');
    return agent?.registration?.udp === null ? true : null;
  });
  const [result] = await system.resultsOf(await system.instantTest(ids.open, ids.cut), 2);
  assert.equal(result?.errorDetails, 'Failed to negotiate NAT traversal with target agent');
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSimulation, type NatBehaviour } from '@pinhole/net/sim';
import { endpoint, type PortSearch, type SessionRole } from '@pinhole/wire';
import {
  assertMeasured,
  bothStart,
  newSessionId,
  outside,
  reach,
  type Side,
  startSession,
  testPort,
  twoAgents,
  type World,
} from './scene.ts';
import { TcpPort } from './tcp.ts';

describe('a search', () => {
  const random: Partial<NatBehaviour> = {
    mapping: 'address-and-port-dependent',
    allocation: { kind: 'random' },
  };
  const anyPort = { first: 1024, step: 1, count: 64_512 };
  const known = { first: testPort, step: 1, count: 1 };
  const holding: PortSearch = { sockets: 256, tries: 1, ports: known, order: 'in-turn', accept: false };
  const trying: PortSearch = { sockets: 0, tries: 1024, ports: anyPort, order: 'drawn', accept: false };

  async function searched(
    world: World,
    searches: { source: PortSearch; target: PortSearch },
    headStartMs: { source?: number; target?: number } = {},
  ) {
    const { simulation, source, target } = world;
    const { atSource, atTarget } = bothStart(world);
    const beganMs = simulation.nowMs;
    const to = (role: SessionRole) => [endpoint(outside[role], testPort)];
    reach(source, atSource, { candidates: to('target'), search: searches.source }, headStartMs.target);
    reach(target, atTarget, { candidates: to('source'), search: searches.target }, headStartMs.source);
    const outcomes = await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
    return { outcomes, atSource, atTarget, tookMs: simulation.nowMs - beganMs };
  }

  for (const seed of [1, 2, 3]) {
    for (const [hard, searches] of [
      ['source', { source: holding, target: trying }],
      ['target', { source: trying, target: holding }],
    ] as const) {
      it(`through a random symmetric NAT at the ${hard}: 256 × 1,024 (${seed})`, async () => {
        const easy = hard === 'source' ? 'target' : 'source';
        const world = await twoAgents({ [hard]: random, [easy]: {} } as Record<SessionRole, object>, seed);
        const { outcomes, atSource, tookMs } = await searched(world, searches, { [hard]: 60 });
        for (const outcome of outcomes) assertMeasured(outcome);
        assert.ok(tookMs < 4_000, `${tookMs} ms`);
        assert.equal(atSource.exhausted, 0);
      });
    }
  }

  it('between two symmetric NATs that draw from 128 ports each, as often as chance will have it', async () => {
    const block: Partial<NatBehaviour> = {
      mapping: 'address-and-port-dependent',
      allocation: { kind: 'block-random', firstPort: 2048, size: 128 },
    };
    // A simulated NAT gives each port once: 128 mappings a side, of which one pair meets on average, and none in e⁻¹.
    const ports = { first: 2048, step: 1, count: 128 };
    const each: PortSearch = { sockets: 2, tries: 64, ports, order: 'drawn', accept: false };
    let met = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const world = await twoAgents({ source: block, target: block }, seed);
      const { outcomes } = await searched(world, { source: each, target: each });
      const [kind, kindAtTarget] = outcomes.map((outcome) => outcome.kind);
      assert.equal(kind, kindAtTarget);
      if (kind === 'measured') met += 1;
    }
    assert.ok(met >= 7 && met <= 18, `${met} of 20`);
  });

  it('accepts at fresh ports, where one of two symmetric NATs filters by address', async () => {
    const byAddress: Partial<NatBehaviour> = {
      mapping: 'address-dependent',
      filtering: 'address-dependent',
      allocation: { kind: 'random' },
    };
    const world = await twoAgents({ source: byAddress, target: random }, 5);
    const accepting = { ...holding, accept: true };
    const { outcomes } = await searched(world, { source: accepting, target: trying }, { source: 60 });
    for (const outcome of outcomes) assertMeasured(outcome);
  });

  it('between two NATs that count, by the n-th connections meeting', async () => {
    const counting = (firstPort: number): Partial<NatBehaviour> => ({
      mapping: 'address-and-port-dependent',
      allocation: { kind: 'sequential', firstPort, step: 2 },
    });
    const world = await twoAgents({ source: counting(20_000), target: counting(30_000) });
    const inStep = (first: number): PortSearch => ({
      sockets: 1,
      tries: 16,
      ports: { first, step: 2, count: 16 },
      order: 'in-turn',
      accept: false,
    });
    const { outcomes } = await searched(world, { source: inStep(30_000), target: inStep(20_000) });
    for (const outcome of outcomes) assertMeasured(outcome);
  });

  it('is exhausted 2.5 s after the last was begun, where nothing answers', async () => {
    const world = await twoAgents({ source: random, target: random });
    const { outcomes, atSource } = await searched(world, { source: trying, target: trying });
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['failed', 'failed'],
    );
    assert.equal(atSource.exhausted, 1);
    assert.equal(
      world.source.port.evidence(atSource.session),
      `TCP to ${outside.target}: 1024 connections tried, 1024 timeout`,
    );
  });

  it('is exhausted at once, where everything is refused', async () => {
    const world = await twoAgents({ source: {}, target: { unsolicited: 'reset' } });
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    reach(source, atSource, { candidates: [endpoint(outside.target, testPort)], search: trying });
    await simulation.runUntil(() => atSource.exhausted === 1);
    assert.ok(simulation.nowMs < 500, `${simulation.nowMs} ms`);
  });
});

describe('what others can make of it', () => {
  const search: PortSearch = {
    sockets: 4,
    tries: 1024,
    ports: { first: 10_000, step: 1, count: 1024 },
    order: 'in-turn',
    accept: false,
  };

  /** One agent without a NAT, and somebody who hears its packets. */
  async function oneAgent(receive: () => void) {
    const simulation = createSimulation({ seed: 1 });
    const internet = simulation.network('internet');
    internet.setGateway(internet.attach({ receive, routes: [] }, []));
    const host = simulation.host({ name: 'source', network: internet, addresses: ['192.0.2.1'] });
    const port = await TcpPort.open(host.net, testPort, {
      takeRendezvous: () => false,
      beginSession: () => null,
    });
    const source: Side = { role: 'source', host, port, running: [] };
    return { simulation, internet, source };
  }

  it('several searches together have no more than 4,096 connects under way', async () => {
    let syns = 0;
    const { simulation, source } = await oneAgent(() => {
      syns += 1;
    });
    for (let i = 0; i < 3; i++) {
      const running = startSession(source, newSessionId(), true);
      reach(source, running, { candidates: [endpoint('198.51.100.9', 1)], search });
    }
    // Before the first is sent again.
    await simulation.run({ untilMs: 990 });
    assert.equal(syns, 4096);
  });

  it('a session whose search meets somebody at every port takes 32 connections, and gives them back', async () => {
    const { simulation, internet, source } = await oneAgent(() => undefined);
    const crowd = simulation.host({ name: 'crowd', network: internet, addresses: ['198.51.100.9'] });
    let open = 0;
    for (let i = 0; i < 1024; i++) {
      await crowd.net.tcp.listen({ local: endpoint('198.51.100.9', 10_000 + i) }, (connection) => {
        open += 1;
        connection.start({ onData: () => undefined, onClose: () => open-- });
      });
    }
    const running = startSession(source, newSessionId(), true);
    reach(source, running, { candidates: [endpoint('198.51.100.9', 1)], search });
    await simulation.run({ untilMs: 4_500 });
    assert.equal(open, 32);
    assert.equal((await simulation.runUntil(running.outcome)).kind, 'failed');
    await simulation.runUntil(running.gone);
    await simulation.run({ untilMs: simulation.nowMs + 100 });
    assert.equal(open, 0);
  });
});

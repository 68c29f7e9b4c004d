import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatBehaviour } from '@pinhole/net/sim';
import { decodeStun, endpoint, type SessionRole, stunMethods } from '@pinhole/wire';
import type { SessionOutcome } from '../session/state.ts';
import { keepAliveMs, unusedLimitMs } from './kept.ts';
import {
  assertMeasured,
  bothStart,
  newSessionId,
  outside,
  reach,
  type Sent,
  type Side,
  startSession,
  testPort,
  twoAgents,
  type World,
} from './scene.ts';

const agentId = { source: '11', target: '22' };
const at = (role: SessionRole) => endpoint(outside[role], testPort);

/** Both know where the other is. */
async function punched(world: World) {
  const { source, target, simulation } = world;
  const { atSource, atTarget } = bothStart(world);
  reach(source, atSource, { candidates: [at('target')] });
  reach(target, atTarget, { candidates: [at('source')] });
  const outcomes = await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
  return { atSource, atTarget, outcomes };
}

function isKeepAlive({ data }: Sent): boolean {
  const decoded = decodeStun(data);
  if (!decoded.ok) return false;
  const { class: kind, method } = decoded.value.message;
  return kind === 'indication' && method === stunMethods.binding;
}

describe('a session over UDP', () => {
  it('goes by the test port alone, where both peers are where they are said to be', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { outcomes, atSource, atTarget } = await punched(world);
    for (const outcome of outcomes) assertMeasured(outcome);
    await world.simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
    for (const role of ['source', 'target'] as const) {
      assert.deepEqual(new Set(world.udp[role].sent.map(({ from }) => from)), new Set([testPort]));
      assert.equal(world.udp[role].open.size, 1);
      assert.equal(world[role].port.sessions.size, 0);
    }
  });

  it('leaves no socket open when the port is closed in the middle of it', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { source, target, simulation } = world;
    const { atSource, atTarget } = bothStart(world);
    reach(source, atSource, { candidates: [at('target')] });
    reach(target, atTarget, { candidates: [at('source')] });
    await simulation.run({ untilMs: simulation.nowMs + 100 });
    source.port.close();
    assert.deepEqual(await atSource.outcome, {
      kind: 'failed',
      stage: 'opening',
      evidence: 'The agent was stopped',
    });
    assert.equal(world.udp.source.open.size, 0);
  });
});

describe('a kept way over UDP', () => {
  /** Behind these, what is idle for 20 s is gone. */
  const forgetful: Partial<NatBehaviour> = { udpTimeoutMs: 20_000 };

  /** A first session between the two, which both keep the way of. */
  async function kept(behaviour: Partial<NatBehaviour> = forgetful) {
    const world = await twoAgents({ source: behaviour, target: behaviour }, 1, 'udp');
    const { source, target, simulation } = world;
    const { atSource, atTarget, outcomes } = await punched(world);
    const [first, second] = outcomes;
    assertMeasured(first);
    assertMeasured(second);
    source.port.keep(atSource.session, {
      remote: first.remote,
      method: 'searched',
      peerAgentId: agentId.target,
    });
    target.port.keep(atTarget.session, {
      remote: second.remote,
      method: 'predicted',
      peerAgentId: agentId.source,
    });
    const keptAtMs = simulation.nowMs;
    await simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
    return { world, keptAtMs };
  }

  /** `side` sends to where its way leads, and nowhere else; its peer has not been told. */
  async function again({ simulation }: World, side: Side, peerAgentId: string): Promise<SessionOutcome> {
    const way = side.port.kept(peerAgentId);
    assert.ok(way !== null);
    const running = startSession(side, newSessionId(), true);
    reach(side, running, { candidates: [way.remote] });
    return simulation.runUntil(running.outcome);
  }

  it('takes later sessions, though the NATs forget what is idle', async () => {
    const { world } = await kept();
    const { simulation, source, target } = world;
    assert.deepEqual(source.port.kept(agentId.target), { remote: at('target'), method: 'searched' });
    assert.deepEqual(target.port.kept(agentId.source), { remote: at('source'), method: 'predicted' });
    await simulation.run({ untilMs: 30 * 60_000 });
    const beganMs = simulation.nowMs;
    assertMeasured(await again(world, source, agentId.target));
    assert.ok(simulation.nowMs - beganMs < 3_000);
    for (const { port } of [source, target]) {
      assert.deepEqual(port.sessions.counters, {
        droppedNotOurs: 0,
        droppedUnknownSession: 0,
        droppedNotAuthentic: 0,
      });
    }
  });

  it('is refreshed by both sides every 15 s, and by nothing else', async () => {
    const { world, keptAtMs } = await kept();
    const { simulation } = world;
    const fromMs = simulation.nowMs;
    await simulation.run({ untilMs: keptAtMs + 4 * keepAliveMs + 1 });
    for (const role of ['source', 'target'] as const) {
      const since = world.udp[role].sent.filter(({ atMs }) => atMs > fromMs);
      assert.ok(since.every(isKeepAlive));
      assert.equal(since.length, 4);
      for (const [i, { atMs }] of since.entries()) {
        const dueMs = keptAtMs + (i + 1) * keepAliveMs;
        assert.ok(Math.abs(atMs - dueMs) < 100, `${atMs} instead of ${dueMs} ms`);
      }
    }
  });

  it('ends at each side by itself, when it has been unused for 65 minutes', async () => {
    const { world } = await kept();
    const { simulation, source, target } = world;
    await simulation.run();
    assert.deepEqual([source.port.kept(agentId.target), target.port.kept(agentId.source)], [null, null]);
    assert.ok(simulation.nowMs < unusedLimitMs + 2 * keepAliveMs + 10_000);
  });

  it('does not take a session within 1.5 s when the NATs have forgotten it after all', async () => {
    const { world, keptAtMs } = await kept({ udpTimeoutMs: 10_000 });
    const { simulation, source } = world;
    await simulation.run({ untilMs: keptAtMs + keepAliveMs + 12_000 });
    const running = startSession(source, newSessionId(), true);
    reach(source, running, { candidates: [at('target')] });
    await simulation.run({ untilMs: simulation.nowMs + 1_500 });
    assert.ok(running.session.connecting && !running.session.hasHeardWithin(60_000));
  });

  it('is not sent to any more once it is forgotten', async () => {
    const { world } = await kept();
    const { simulation, source } = world;
    source.port.forget(agentId.target);
    const before = world.udp.source.sent.length;
    await simulation.run({ untilMs: simulation.nowMs + 3 * keepAliveMs });
    assert.equal(world.udp.source.sent.length, before);
    assert.deepEqual(
      [...world.udp.source.open].map(({ local }) => local.port),
      [testPort],
    );
  });
});

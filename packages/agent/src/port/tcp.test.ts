import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatBehaviour } from '@pinhole/net/sim';
import { endpoint } from '@pinhole/wire';
import type { SessionOutcome } from '../session/state.ts';
import {
  assertMeasured,
  bothStart,
  newSessionId,
  outside,
  reach,
  startSession,
  stun,
  testPort,
  twoAgents,
  type World,
} from './scene.ts';

describe('a further attempt', () => {
  const answering: Partial<NatBehaviour> = { unsolicited: 'reset' };

  const stale = { source: endpoint(outside.source, 50_000), target: endpoint(outside.target, 50_000) };

  /** Both try where their peers are not, or no longer. */
  async function refused(world: World) {
    const { simulation, source, target } = world;
    const { atSource, atTarget } = bothStart(world);
    reach(source, atSource, { candidates: [stale.target] });
    reach(target, atTarget, { candidates: [stale.source] });
    await simulation.runUntil(() => atSource.exhausted === 1 && atTarget.exhausted === 1);
    return { atSource, atTarget };
  }

  it('is asked for once, when both NATs have answered with RST', async () => {
    const world = await twoAgents({ source: answering, target: answering });
    const { atSource } = await refused(world);
    assert.ok(world.simulation.nowMs < 300, `${world.simulation.nowMs} ms`);
    assert.equal(world.source.port.evidence(atSource.session), `TCP to ${outside.target}:50000: refused`);
  });

  it('leaves from a fresh port, and leads to a measured session', async () => {
    const world = await twoAgents({ source: answering, target: answering });
    const { simulation, source, target } = world;
    const { atSource, atTarget } = await refused(world);
    const renewed = Promise.all([
      source.port.renew(atSource.session.sessionId, stun),
      target.port.renew(atTarget.session.sessionId, stun),
    ]);
    const [ofSource, ofTarget] = await simulation.runUntil(renewed);
    assert.ok(ofSource !== null && ofTarget !== null);
    assert.equal(ofSource.address, outside.source);
    assert.notEqual(ofSource.port, testPort);
    reach(source, atSource, { candidates: [ofTarget] });
    reach(target, atTarget, { candidates: [ofSource] }, 5);
    const outcome = await simulation.runUntil(atSource.outcome);
    assertMeasured(outcome);
    assert.deepEqual([outcome.remote, outcome.mapped], [ofTarget, ofSource]);
  });

  it('is not asked for where only silence is known, nor where one of several may still answer', async () => {
    const world = await twoAgents({ source: {}, target: answering });
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    const nobody = endpoint('198.51.100.99', testPort);
    reach(source, atSource, { candidates: [endpoint(outside.target, testPort), nobody] });
    const outcome = await simulation.runUntil(atSource.outcome);
    assert.equal(outcome.kind, 'failed');
    assert.equal(atSource.exhausted, 0);
  });

  it('has no fresh port within 2 s where the server does not answer', async () => {
    const world = await twoAgents({ source: {}, target: {} });
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    const beganMs = simulation.nowMs;
    const silent = endpoint('203.0.113.99', 9119);
    const renewed = await simulation.runUntil(source.port.renew(atSource.session.sessionId, silent));
    assert.equal(renewed, null);
    assert.ok(simulation.nowMs - beganMs <= 2_000);
  });

  it('has no more ports than 64, and has them again once sessions are over', async () => {
    const world = await twoAgents({ source: {}, target: {} });
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    const renew = () => source.port.renew(atSource.session.sessionId, stun);
    const ports = await simulation.runUntil(Promise.all(Array.from({ length: 65 }, renew)));
    assert.equal(ports.filter((each) => each === null).length, 1);
    source.port.release(atSource.session);
    assert.notEqual(await simulation.runUntil(renew()), null);
  });
});

describe('silent connections of strangers', () => {
  it('do not use up the port: whoever waits longest is displaced, and a peer comes through', async () => {
    const world = await twoAgents({ source: {}, target: { filtering: 'endpoint-independent' } });
    const { simulation, source, target } = world;
    const near = endpoint('10.0.0.2', testPort);
    let closed = 0;
    const strange = async () => {
      const outcome = await target.host.net.tcp.connect({ remote: near, timeoutMs: 1_000 });
      assert.ok(outcome.connected);
      outcome.connection.start({ onData: () => undefined, onClose: () => closed++ });
    };
    await simulation.runUntil(Promise.all(Array.from({ length: 1_200 }, strange)));
    await simulation.run({ untilMs: simulation.nowMs + 500 });
    assert.equal(closed, 1_200 - 128);
    const { atSource, atTarget } = bothStart(world);
    reach(source, atSource, { candidates: [endpoint(outside.target, testPort)] });
    reach(target, atTarget, { candidates: [endpoint(outside.source, testPort)] });
    assertMeasured(await simulation.runUntil(atSource.outcome));
  });
});

describe('a session that is to be alone', () => {
  const [sourceAt, targetAt] = [endpoint(outside.source, testPort), endpoint(outside.target, testPort)];

  it('has a connection of its own from a fresh port, which no later session takes', async () => {
    const world = await twoAgents({ source: {}, target: {} });
    const { simulation, source, target } = world;
    const mappedOf = async (isAlone: boolean) => {
      const sessionId = newSessionId();
      const atSource = startSession(source, sessionId, true, { isAlone });
      const atTarget = startSession(target, sessionId, true, { isAlone });
      const fresh = isAlone ? await simulation.runUntil(source.port.renew(sessionId, stun)) : sourceAt;
      assert.ok(fresh !== null);
      reach(source, atSource, { candidates: [targetAt] });
      reach(target, atTarget, { candidates: [fresh] });
      const outcome = await simulation.runUntil(atSource.outcome);
      assertMeasured(outcome);
      return { mapped: outcome.mapped, fresh };
    };
    for (const isAlone of [false, true, false, true, false]) {
      const { mapped, fresh } = await mappedOf(isAlone);
      assert.deepEqual(mapped, isAlone ? fresh : sourceAt);
      assert.equal(mapped.port === testPort, !isAlone);
    }
  });

  it('leaves from any port where its peer lets in whoever comes', async () => {
    const world = await twoAgents({ source: {}, target: { filtering: 'endpoint-independent' } });
    const { simulation, source, target } = world;
    // Something from there has opened the target's NAT.
    const { atSource, atTarget } = bothStart(world);
    reach(source, atSource, { candidates: [targetAt] });
    reach(target, atTarget, { candidates: [sourceAt] });
    assertMeasured(await simulation.runUntil(atSource.outcome));
    const alone = [0, 1].map(() => startSession(source, newSessionId(), true, { isAlone: true }));
    for (const each of alone) reach(source, each, { candidates: [targetAt], isOpen: true });
    const ports = new Set([testPort]);
    for (const each of alone) {
      const outcome = await simulation.runUntil(each.outcome);
      assertMeasured(outcome);
      ports.add(outcome.mapped.port);
    }
    assert.equal(ports.size, 3);
  });
});

describe('a kept connection', () => {
  /** A NAT that forgets what has been idle for 60 s. */
  const forgetful: Partial<NatBehaviour> = { tcpTimeoutMs: 60_000 };
  const [sourceId, targetId] = ['11', '22'];

  /** A first session between the two, which both ends keep the connection of. */
  async function kept() {
    const world = await twoAgents({ source: forgetful, target: forgetful });
    const { simulation, source, target } = world;
    const { atSource, atTarget } = bothStart(world);
    reach(source, atSource, { candidates: [endpoint(outside.target, testPort)] });
    reach(target, atTarget, { candidates: [endpoint(outside.source, testPort)] });
    const [first, second] = await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
    assertMeasured(first);
    assertMeasured(second);
    source.port.keep(atSource.session, { remote: first.remote, method: 'searched', peerAgentId: targetId });
    target.port.keep(atTarget.session, { remote: second.remote, method: 'searched', peerAgentId: sourceId });
    await simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
    return world;
  }

  async function again({ simulation, source }: World): Promise<SessionOutcome> {
    const way = source.port.kept(targetId);
    assert.ok(way !== null);
    const running = startSession(source, newSessionId(), true);
    reach(source, running, { candidates: [way.remote] });
    return simulation.runUntil(running.outcome);
  }

  it('takes a later session, though the NATs forget what is idle', async () => {
    const world = await kept();
    const { simulation, source, target } = world;
    assert.deepEqual(source.port.kept(targetId), {
      remote: endpoint(outside.target, testPort),
      method: 'searched',
    });
    assert.equal(source.port.kept('33'), null);
    await simulation.run({ untilMs: 30 * 60_000 });
    const beganMs = simulation.nowMs;
    const outcome = await again(world);
    assertMeasured(outcome);
    assert.ok(simulation.nowMs - beganMs < 3_000);
    assert.deepEqual(target.port.sessions.counters, {
      droppedNotOurs: 0,
      droppedUnknownSession: 0,
      droppedNotAuthentic: 0,
    });
  });

  it('ends at both ends when it has been unused for 65 minutes', async () => {
    const world = await kept();
    const { simulation, source, target } = world;
    await simulation.run({ untilMs: 64 * 60_000 });
    assert.notEqual(source.port.kept(targetId), null);
    await simulation.run({ untilMs: 67 * 60_000 });
    assert.deepEqual([source.port.kept(targetId), target.port.kept(sourceId)], [null, null]);
  });

  it('ends at both ends when one of them forgets it', async () => {
    const world = await kept();
    const { simulation, source, target } = world;
    target.port.forget(sourceId);
    await simulation.run({ untilMs: simulation.nowMs + 1_000 });
    assert.equal(source.port.kept(targetId), null);
  });

  it('is looked for anew where it is not there any more', async () => {
    const world = await kept();
    const { simulation, source, target } = world;
    const { remote } = source.port.kept(targetId)!;
    target.port.close();
    await simulation.run({ untilMs: simulation.nowMs + 1_000 });
    assert.equal(source.port.kept(targetId), null);
    const { atSource } = bothStart(world);
    reach(source, atSource, { candidates: [remote] });
    assert.equal((await simulation.runUntil(atSource.outcome)).kind, 'failed');
  });
});

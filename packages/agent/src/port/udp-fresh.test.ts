import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatBehaviour } from '@pinhole/net/sim';
import { endpoint } from '@pinhole/wire';
import {
  assertMeasured,
  bothStart,
  newSessionId,
  outside,
  type Running,
  reach,
  type Side,
  startSession,
  stun,
  testPort,
  twoAgents,
  type World,
} from './scene.ts';

/** An early packet of the peer's has our own to it leave from another port. */
const poisonable: Partial<NatBehaviour> = { poisonable: true };
const at = (role: 'source' | 'target') => endpoint(outside[role], testPort);

const renew = ({ port }: Side, { session }: Running) => port.renew(session.sessionId, stun);

/** The target begins when the first of the source's is there already. */
function atDifferentMoments(world: World) {
  const { atSource, atTarget } = bothStart(world);
  reach(world.source, atSource, { candidates: [at('target')] });
  reach(world.target, atTarget, { candidates: [at('source')] }, 60);
  return { atSource, atTarget };
}

describe('a further attempt over UDP', () => {
  it('is needed between two NATs that are poisonable, where one began late', async () => {
    const world = await twoAgents({ source: poisonable, target: poisonable }, 1, 'udp');
    const { atSource, atTarget } = atDifferentMoments(world);
    const outcomes = await world.simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['failed', 'failed'],
    );
    assert.ok(!atSource.session.hasHeardWithin(60_000) && !atTarget.session.hasHeardWithin(60_000));
  });

  it('leaves from fresh ports, where an opener has gone ahead, and leads to a measured session', async () => {
    const world = await twoAgents({ source: poisonable, target: poisonable }, 1, 'udp');
    const { simulation, source, target } = world;
    const { atSource, atTarget } = atDifferentMoments(world);
    await simulation.run({ untilMs: 1_800 });
    const renewed = Promise.all([renew(source, atSource), renew(target, atTarget)]);
    const [ofSource, ofTarget] = await simulation.runUntil(renewed);
    assert.ok(ofSource !== null && ofTarget !== null);
    assert.equal(ofSource.address, outside.source);
    assert.notEqual(ofSource.port, testPort);
    reach(source, atSource, { candidates: [ofTarget], openerTtl: 2 }, 20);
    reach(target, atTarget, { candidates: [ofSource], openerTtl: 2 }, 20);
    const outcomes = await simulation.runUntil(Promise.all([atSource.outcome, atTarget.outcome]));
    for (const outcome of outcomes) assertMeasured(outcome);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind === 'measured' && [outcome.mapped, outcome.remote]),
      [
        [ofSource, ofTarget],
        [ofTarget, ofSource],
      ],
    );
    await simulation.runUntil(Promise.all([atSource.gone, atTarget.gone]));
    assert.deepEqual([world.udp.source.open.size, world.udp.target.open.size], [1, 1]);
  });

  it('finds 64 fresh ports at most, also where all are asked for at once', async () => {
    const { simulation, source, udp } = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const asked = Array.from({ length: 200 }, () => source.port.renew(newSessionId(), stun));
    const given = await simulation.runUntil(Promise.all(asked));
    assert.equal(given.filter((each) => each !== null).length, 64);
    assert.equal(udp.source.open.size, 65);
  });

  it('that comes for a session that is over opens nothing', async () => {
    const { simulation, source, udp } = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const gone = startSession(source, newSessionId(), true);
    source.port.release(gone.session);
    const ports = { first: 1024, step: 1, count: 64_512 };
    reach(source, gone, {
      candidates: [at('target')],
      search: { sockets: 256, tries: 1, ports, order: 'drawn', accept: false },
    });
    await simulation.run({ untilMs: simulation.nowMs + 1_000 });
    assert.equal(udp.source.open.size, 1);
  });

  it('goes by the test port where no fresh one could be had', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    const unanswered = source.port.renew(atSource.session.sessionId, endpoint('203.0.113.99', 9119));
    assert.equal(await simulation.runUntil(unanswered), null);
    assert.ok(simulation.nowMs <= 1_500);
    assert.equal(world.udp.source.open.size, 1);
    const before = world.udp.source.sent.length;
    reach(source, atSource, { candidates: [at('target')] });
    await simulation.run({ untilMs: simulation.nowMs + 10 });
    const [check] = world.udp.source.sent.slice(before);
    assert.equal(check?.from, testPort);
  });
});

describe('fresh ports over UDP', () => {
  it('are given back after 30 s, where the session that they are for never begins', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { simulation, source } = world;
    assert.notEqual(await simulation.runUntil(source.port.renew(newSessionId(), stun)), null);
    assert.equal(world.udp.source.open.size, 2);
    await simulation.run({ untilMs: simulation.nowMs + 29_000 });
    assert.equal(world.udp.source.open.size, 2);
    await simulation.run({ untilMs: simulation.nowMs + 1_001 });
    assert.equal(world.udp.source.open.size, 1);
  });

  it('are 64 at most, and there are more again once sessions are over', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { simulation, source } = world;
    const running = startSession(source, newSessionId(), true);
    const made = async () => {
      const all = [];
      for (let i = 0; i < 65; i++) all.push(await renew(source, running));
      return all;
    };
    const ports = await simulation.runUntil(made());
    assert.equal(ports.filter((each) => each === null).length, 1);
    assert.equal(world.udp.source.open.size, 1 + 64);
    source.port.release(running.session);
    assert.equal(world.udp.source.open.size, 1);
    assert.notEqual(await simulation.runUntil(renew(source, running)), null);
  });

  it('are not left behind by a port that is closed while it makes one, nor made after', async () => {
    const world = await twoAgents({ source: {}, target: {} }, 1, 'udp');
    const { simulation, source } = world;
    const { atSource } = bothStart(world);
    await simulation.runUntil(renew(source, atSource));
    const underway = renew(source, atSource);
    await simulation.run({ untilMs: simulation.nowMs + 10 });
    source.port.close();
    assert.equal(await simulation.runUntil(underway), null);
    assert.equal(await simulation.runUntil(renew(source, atSource)), null);
    assert.equal(world.udp.source.open.size, 0);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatBehaviour } from '@pinhole/net/sim';
import { endpoint, type PairingMethod } from '@pinhole/wire';
import {
  newSessionId,
  outside,
  type Running,
  reach,
  startSession,
  testPort,
  twoAgents,
  type World,
} from '../port/scene.ts';
import type { SessionOutcome } from '../session/state.ts';
import { Approach, type Approached } from './approach.ts';
import { type NotMet, notMet, type Start } from './meeting.ts';

const [sourceId, targetId] = ['11', '22'];
const connectLimitMs = 9_700;
const atTarget = endpoint(outside.target, testPort);
const atSource = endpoint(outside.source, testPort);
const nobody = endpoint('198.51.100.99', testPort);
const refused = endpoint(outside.target, 50_000);

/** What the server says, at each attempt, and when it was asked. */
interface Script {
  readonly answer: (attempt: number) => Partial<Start> | NotMet;
  readonly afterMs?: number;
}

const untold: Script = {
  answer: () => notMet('nat-negotiation-failed', 'target', 'Target is not registered'),
};

/** A source's approach, whose target hears of each meeting, and goes where the source is registered. */
function approach(world: World, { answer, afterMs = 20 }: Script) {
  const { source, target, simulation } = world;
  const { clock } = source.host.net;
  const sessionId = newSessionId();
  const asked: { attempt: number; atMs: number }[] = [];
  let atTheTarget: Running | null = null;
  const beganMs = simulation.nowMs;
  const meet = async (attempt: number): Promise<Start | NotMet> => {
    asked.push({ attempt, atMs: simulation.nowMs - beganMs });
    await new Promise<void>((resolve) => clock.after(afterMs, resolve));
    const said = answer(attempt);
    if ('failure' in said) return said;
    atTheTarget ??= startSession(target, sessionId, true);
    reach(target, atTheTarget, { candidates: [atSource] });
    return {
      kind: 'start',
      sessionId,
      peers: [atTarget],
      startInMs: 0,
      method: 'punched',
      openerTtl: null,
      search: null,
      atFault: 'target',
      ...said,
    };
  };
  const begun: Running[] = [];
  const made = new Approach({
    clock,
    port: source.port,
    peerAgentId: targetId,
    connectedByMs: beganMs + connectLimitMs,
    meet,
    begin: (on) => {
      const running = startSession(source, sessionId, true, on);
      begun.push(running);
      return running.session;
    },
  });
  return { made, asked, begun, atTarget: () => atTheTarget };
}

async function outcomeOf(world: World, reached: Promise<Approached | NotMet>): Promise<Approached> {
  const found = await world.simulation.runUntil(reached);
  assert.ok('outcome' in found, JSON.stringify(found));
  return found;
}

function between(behaviour: Partial<NatBehaviour> = {}): Promise<World> {
  return twoAgents({ source: behaviour, target: behaviour }, 1, 'udp');
}

/** A round by the server, of this method. */
async function met(world: World, method: PairingMethod): Promise<void> {
  const { made, atTarget: atTheTarget } = approach(world, { answer: () => ({ method }) });
  const { outcome } = await outcomeOf(world, made.behindNat());
  assert.equal(outcome.kind, 'measured');
  const other = atTheTarget();
  const ofTarget = (await world.simulation.runUntil(other!.outcome)) as SessionOutcome & { kind: 'measured' };
  world.target.port.keep(other!.session, { peerAgentId: sourceId, remote: ofTarget.remote, method });
  await world.simulation.runUntil(other!.gone);
  await world.simulation.run({ untilMs: world.simulation.nowMs + 6_000 });
}

describe('an approach to a target behind a NAT', () => {
  it('asks the server where no way is kept, and tells how long it took from its first word on', async () => {
    const world = await between();
    const { made, asked, begun } = approach(world, { answer: () => ({ atFault: 'source' }), afterMs: 500 });
    const { outcome, method, connectMs, atFault } = await outcomeOf(world, made.behindNat());
    assert.equal(outcome.kind, 'measured');
    assert.deepEqual([method, atFault, asked.length, begun.length], ['punched', 'source', 1, 1]);
    assert.ok(connectMs !== null && connectMs >= 40 && connectMs < 200, `${connectMs} ms`);
  });

  for (const [method, isKept] of [
    ['punched', false],
    ['predicted', true],
    ['searched', true],
  ] as const) {
    it(`${isKept ? 'keeps' : 'does not keep'} a way that was ${method}`, async () => {
      const world = await between();
      await met(world, method);
      assert.deepEqual(world.source.port.kept(targetId), isKept ? { remote: atTarget, method } : null);
    });
  }

  it('goes by the kept way without the server, and says how that was once found', async () => {
    const world = await between();
    await met(world, 'predicted');
    const { made, asked } = approach(world, untold);
    const { outcome, method, connectMs } = await outcomeOf(world, made.behindNat());
    assert.equal(outcome.kind, 'measured');
    assert.deepEqual([method, asked.length], ['predicted', 0]);
    assert.ok(connectMs !== null && connectMs < 200, `${connectMs} ms`);
    assert.notEqual(world.source.port.kept(targetId), null);
  });

  it('forgets a kept way that has not answered for 1.5 s, and asks the server, with the same session', async () => {
    const world = await between();
    await met(world, 'searched');
    world.target.port.forget(sourceId);
    const { simulation, source } = world;
    // What the NATs have open lives for 5 minutes.
    source.port.forget(targetId);
    await simulation.run({ untilMs: simulation.nowMs + 301_000 });
    source.port.keep(source.running[0]!.session, {
      peerAgentId: targetId,
      remote: atTarget,
      method: 'searched',
    });
    const { made, asked, begun } = approach(world, { answer: () => ({}) });
    const { outcome, method, connectMs } = await outcomeOf(world, made.behindNat());
    assert.equal(outcome.kind, 'measured');
    assert.equal(method, 'punched');
    assert.deepEqual(asked.length, 1);
    assert.ok(Math.abs(asked[0]!.atMs - 1_500) < 1, `${asked[0]!.atMs} ms`);
    assert.equal(begun.length, 1);
    assert.ok(connectMs !== null && connectMs < 200, `${connectMs} ms`);
    assert.equal(source.port.kept(targetId), null);
  });

  it('ends with the refusal where the server does not bring them together, and leaves no session', async () => {
    const world = await between();
    const { made, begun } = approach(world, untold);
    assert.deepEqual(await world.simulation.runUntil(made.behindNat()), untold.answer(1));
    assert.equal(begun.length, 0);
    assert.equal(world.source.port.sessions.size, 0);
  });

  it('ends so too where a kept way was tried before', async () => {
    const world = await between();
    await met(world, 'searched');
    const { target, source, simulation } = world;
    target.port.close();
    const { made, begun } = approach(world, untold);
    assert.deepEqual(await simulation.runUntil(made.behindNat()), untold.answer(1));
    assert.equal(begun.length, 1);
    assert.equal(source.port.sessions.size, 0);
    assert.equal(source.port.kept(targetId), null);
  });

  it('asks again 1.8 s after a moment that nothing came of, as long as two seconds are left of its 9.7', async () => {
    const world = await between();
    const { made, asked } = approach(world, { answer: () => ({ peers: [nobody] }) });
    const { outcome, connectMs } = await outcomeOf(world, made.behindNat());
    assert.ok(outcome.kind === 'failed' && outcome.stage === 'connecting');
    assert.equal(connectMs, null);
    assert.deepEqual(
      asked.map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5],
    );
    for (const [i, { atMs }] of asked.entries()) {
      const dueMs = i * (1_800 + 20);
      assert.ok(Math.abs(atMs - dueMs) < 5, `${atMs} instead of ${dueMs} ms`);
    }
    assert.ok(world.simulation.nowMs <= connectLimitMs);
  });

  it('asks no more when less than two seconds are left', async () => {
    const world = await between();
    const { made, asked } = approach(world, { answer: () => ({ peers: [nobody] }), afterMs: 150 });
    await outcomeOf(world, made.behindNat());
    // The fifth would be at 7.8 s.
    assert.equal(asked.length, 4);
  });

  it('asks eight times at most', async () => {
    const refusing = { unsolicited: 'reset' } as const;
    const world = await twoAgents({ source: refusing, target: refusing }, 1, 'tcp');
    const { made, asked } = approach(world, { answer: () => ({ peers: [refused] }) });
    const { outcome } = await outcomeOf(world, made.behindNat());
    assert.ok(outcome.kind === 'failed' && outcome.stage === 'connecting');
    assert.equal(asked.length, 8);
    assert.ok(asked.at(-1)!.atMs < 1_000);
  });

  it('comes to its target by a later attempt, and tells the method of that', async () => {
    const world = await between();
    const { made, asked } = approach(world, {
      answer: (attempt) => (attempt < 3 ? { peers: [nobody] } : { method: 'predicted', atFault: 'source' }),
    });
    const { outcome, method, atFault, connectMs } = await outcomeOf(world, made.behindNat());
    assert.equal(outcome.kind, 'measured');
    assert.deepEqual([method, atFault, asked.length], ['predicted', 'source', 3]);
    assert.ok(connectMs !== null && connectMs > 2 * 1_800);
  });

  it('goes on with what it has where a further meeting is refused', async () => {
    const world = await between();
    const { made, asked } = approach(world, {
      answer: (attempt) => (attempt === 1 ? { peers: [nobody] } : untold.answer(attempt)),
    });
    const { outcome } = await outcomeOf(world, made.behindNat());
    assert.ok(outcome.kind === 'failed' && outcome.stage === 'connecting');
    assert.equal(asked.length, 2);
  });

  it('takes the way that comes about while it asks for another', async () => {
    const world = await between();
    const { made, asked, begun } = approach(world, { answer: () => ({ peers: [nobody] }), afterMs: 400 });
    const reached = made.behindNat();
    await world.simulation.run({ untilMs: 2_250 });
    assert.equal(asked.length, 2);
    begun[0]!.session.addCandidates([atTarget], world.simulation.nowMs);
    const { outcome } = await outcomeOf(world, reached);
    assert.equal(outcome.kind, 'measured');
    assert.equal(asked.length, 2);
  });

  it('waits for no moment that is more than 4 s ahead, whatever the server says', async () => {
    const world = await between();
    const { made } = approach(world, { answer: () => ({ startInMs: 4_000_000 }) });
    const { outcome, connectMs } = await outcomeOf(world, made.behindNat());
    assert.equal(outcome.kind, 'measured');
    assert.ok(connectMs !== null && connectMs < 4_200, `${connectMs} ms`);
  });

  it('leaves nothing behind when the port is closed, wherever it is', async () => {
    for (const atMs of [5, 700, 1_850, 5_000]) {
      const world = await between();
      const { made } = approach(world, { answer: () => ({ peers: [nobody] }) });
      const reached = made.behindNat();
      await world.simulation.run({ untilMs: atMs });
      world.source.port.close();
      await world.simulation.runUntil(reached);
      assert.equal(world.udp.source.open.size, 0, `${atMs} ms`);
    }
  });
});

describe('an approach to a target that lets everybody in', () => {
  it('sends to where it is said to be, and asks nobody', async () => {
    const world = await between({ filtering: 'endpoint-independent' });
    const { target, source } = world;
    // What a target without a NAT has: somebody is there already.
    await met(world, 'punched');
    const { made, asked } = approach(world, untold);
    const { outcome, method } = await outcomeOf(world, made.plainly(atTarget));
    assert.equal(outcome.kind, 'measured');
    assert.deepEqual([method, asked.length], ['direct', 0]);
    assert.equal(source.port.kept(targetId), null);
    assert.equal(target.port.sessions.counters.droppedUnknownSession, 0);
  });

  it('has an outcome where nobody answers', async () => {
    const world = await between();
    const { made } = approach(world, untold);
    const { outcome } = await outcomeOf(world, made.plainly(nobody));
    assert.ok(outcome.kind === 'failed' && outcome.stage === 'connecting');
  });
});

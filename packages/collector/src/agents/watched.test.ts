import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runningSchema } from '@pinhole/contract';
import { ask } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { Watched } from './watched.ts';

const round = { testId: '1', roundId: 600, sourceAgentId: '1', targetAgentId: '2' };

describe('tests that somebody looks at', () => {
  test('are told of now and again, not at each look', () => {
    const watched = new Watched();
    const told = [0, 1000, 59_000, 60_000, 61_000, 125_000].map((nowMs) => watched.look('1', nowMs));
    assert.deepEqual(told, [true, false, false, false, true, true]);
    assert.equal(watched.untilMs('1', 200_000), 245_000);
    assert.equal(watched.untilMs('1', 245_000), null);
  });

  test('are a hundred at most', () => {
    const watched = new Watched();
    const told = Array.from({ length: 150 }, (_, at) => watched.look(String(at), 0));
    assert.equal(told.filter(Boolean).length, 100);
    assert.equal(watched.look('new', 130_000), true);
  });

  test('have rounds in their newest phase, for as long as it can last', () => {
    const watched = new Watched();
    watched.tell(round, 'connecting', 0);
    assert.deepEqual(watched.running('1', 0), []);
    watched.look('1', 0);
    watched.tell(round, 'connecting', 1000);
    watched.tell(round, 'measuring', 2000);
    watched.tell({ ...round, sourceAgentId: '3' }, 'done', 2000);
    const { testId, ...shown } = round;
    assert.deepEqual(watched.running(testId, 3500), [
      { ...shown, phase: 'measuring', sinceMs: 1500 },
      { ...shown, sourceAgentId: '3', phase: 'done', sinceMs: 1500 },
    ]);
    assert.equal(watched.running('1', 8000).length, 1);
    watched.look('1', 100_000);
    assert.equal(watched.running('1', 123_000).length, 0);
  });

  test('keep a thousand rounds at most', () => {
    const watched = new Watched();
    watched.look('1', 0);
    for (let roundId = 0; roundId < 5000; roundId += 1) watched.tell({ ...round, roundId }, 'measuring', 0);
    const running = watched.running('1', 0);
    assert.deepEqual([running.length, running[0]?.roundId], [1000, 4999]);
  });
});

describe('rounds under way', () => {
  test('are told by the source, once somebody has looked, and shown', async (t) => {
    const { world, source, target, testId, key } = await worldWithTest(t, 'bidirectional');
    const url = `${world.collector.url}/agent/v1/progress`;
    const { roundId, targetAgentId } = key(0);
    const tell = (secret: string, change: object = {}) =>
      ask(url, 'POST', secret, { rounds: [{ testId, roundId, targetAgentId, phase: 'tracing', ...change }] });
    const running = async () => {
      const { status, body } = await world.rest('GET', `/page/tests/${testId}/running`);
      assert.equal(status, 200);
      assert.deepEqual(runningSchema.parse(body), body);
      return body;
    };
    const before = await source.checkIn();
    assert.equal(before.config?.watched, undefined);
    assert.equal((await tell(source.agentSecret)).status, 204);

    // The source learns of it at once, by the request that it holds.
    const held = source.changes(before.configVersion);
    const { rounds, nextRoundId } = await running();
    assert.deepEqual(rounds, []);
    const nowS = world.clock.wallMs() / 1000;
    assert.ok(nextRoundId % 60 === 0 && nextRoundId > nowS - 65 && nextRoundId < nowS + 65);
    assert.ok((await held).body.configVersion > before.configVersion);
    const { config } = await source.checkIn();
    const [watched] = config!.watched!;
    assert.equal(watched!.testId, testId);
    assert.ok(watched!.untilMs > world.clock.wallMs() + 60_000);
    assert.equal((await target.checkIn()).config!.watched, undefined);

    assert.equal((await tell(source.agentSecret)).status, 204);
    const [shown] = (await running()).rounds;
    assert.deepEqual(
      { ...shown, sinceMs: 0 },
      { roundId, sourceAgentId: source.agentId, targetAgentId, phase: 'tracing', sinceMs: 0 },
    );
  });

  test('are nobody else’s to tell', async (t) => {
    const { world, source, target, testId, key } = await worldWithTest(t, 'to-target');
    const stranger = await world.enroll('stranger');
    const url = `${world.collector.url}/agent/v1/progress`;
    const running = () => world.rest('GET', `/page/tests/${testId}/running`);
    await running();
    const { roundId, targetAgentId } = key(0);
    const good = { testId, roundId, targetAgentId, phase: 'measuring' };
    for (const secret of [stranger.agentSecret, target.agentSecret])
      assert.equal((await ask(url, 'POST', secret, { rounds: [good] })).status, 204);
    const other = { ...good, targetAgentId: stranger.agentId };
    assert.equal((await ask(url, 'POST', source.agentSecret, { rounds: [other] })).status, 204);
    assert.deepEqual((await running()).body.rounds, []);
    assert.equal((await ask(url, 'POST', 'nobodys', { rounds: [good] })).status, 401);
    for (const wrong of [
      {},
      { rounds: [] },
      { rounds: Array(101).fill(good) },
      { rounds: [{ ...good, phase: 'x' }] },
    ])
      assert.equal((await ask(url, 'POST', source.agentSecret, wrong)).status, 400);
  });

  test('may be told ten times a second by each agent', async (t) => {
    const { world, source, target, testId, key } = await worldWithTest(t, 'to-target');
    const { roundId, targetAgentId } = key(0);
    const body = { rounds: [{ testId, roundId, targetAgentId, phase: 'measuring' }] };
    const tell = (secret: string) => ask(`${world.collector.url}/agent/v1/progress`, 'POST', secret, body);
    const statuses: number[] = [];
    for (let count = 0; count < 610; count += 1) statuses.push((await tell(source.agentSecret)).status);
    assert.equal(statuses.filter((status) => status === 204).length, 600);
    assert.equal(statuses.at(-1), 429);
    assert.equal((await tell(target.agentSecret)).status, 204);
  });
});

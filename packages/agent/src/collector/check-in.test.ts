import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assignment, result } from '../../test/samples.ts';
import { acknowledge, agent, check, config, sentRounds, until } from './scene.ts';

describe('a check-in', { concurrency: true }, () => {
  it('brings the configuration, which is kept, and not again while it holds', async (t) => {
    const { collector, state, link, configs } = await agent(t);
    collector.onCheckIn = ({ configVersion }) => acknowledge(0, 4, configVersion === 4 ? undefined : config);
    await link.start();
    await link.checkIn();
    assert.deepEqual(
      collector.checkIns.map(({ configVersion }) => configVersion),
      [0, 4],
    );
    assert.deepEqual(configs, [config]);
    assert.deepEqual(state.heldConfig(), config);
  });

  it('that fails at the start leaves the agent with what it holds, but for one-off rounds', async (t) => {
    const { collector, state, link, configs } = await agent(t);
    const regular = assignment({
      kind: 'every',
      intervalS: 60,
      offsetMs: 0,
      randomized: false,
      activeSinceMs: 0,
    });
    const oneOff = assignment({ kind: 'once', roundIds: [60] });
    await state.keepConfig({ ...config, assignments: [regular, oneOff] });
    collector.onCheckIn = () => ({ status: 503 });
    await link.start();
    assert.deepEqual(
      configs.map(({ assignments }) => assignments),
      [[regular]],
    );
    assert.equal(collector.checkIns[0]?.configVersion, 0);
  });

  it('carries 200 results at most, and the rest follow at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add(Array.from({ length: 450 }, (_, i) => result(i)));
    await link.start();
    assert.deepEqual(
      sentRounds(collector).map(({ length }) => length),
      [200, 200, 50],
    );
    assert.equal(state.spool.size, 0);
  });

  it('that acknowledges a part keeps the rest, which follows at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1), result(2), result(3)]);
    collector.onCheckIn = () => acknowledge(2);
    await link.start();
    assert.deepEqual(sentRounds(collector), [[1, 2, 3], [3]]);
    assert.equal(state.spool.size, 0);
  });

  it('that acknowledges nothing is not repeated at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1)]);
    collector.onCheckIn = () => acknowledge(0);
    await link.start();
    assert.deepEqual([collector.checkIns.length, state.spool.size], [1, 1]);
  });

  it('gathers what there is to say', async (t) => {
    const { collector, state, link } = await agent(t);
    await link.start();
    for (const round of [1, 2]) {
      state.spool.add([result(round)]);
      link.soon();
    }
    await until(() => collector.checkIns.length === 2);
    assert.deepEqual(sentRounds(collector)[1], [1, 2]);
  });

  it('tells of a compatibility check until the collector has it, and of each new one', async (t) => {
    let checked = check(1);
    const { collector, link } = await agent(t, { checked: () => checked });
    const { onCheckIn } = collector;
    collector.onCheckIn = () => ({ status: 503, body: {} });
    await link.start();
    collector.onCheckIn = onCheckIn;
    await link.checkIn();
    await link.checkIn();
    checked = check(2);
    await link.checkIn();
    await link.checkIn();
    const told = collector.checkIns.map(({ natTraversal }) => natTraversal?.checkedAtMs);
    assert.deepEqual(told.slice(0, 2), [1, 1]);
    // On a slow machine the link has checked in by itself as well, after the 503.
    assert.deepEqual(
      told.filter((each, i) => i === 0 || each !== told[i - 1]),
      [1, undefined, 2, undefined],
    );
  });

  it('leaves no connection behind that would be dead when the next one wants it', async (t) => {
    const { collector, link } = await agent(t);
    await link.start();
    await link.checkIn();
    await until(() => collector.changes.length === 1);
    assert.ok(
      collector.connections.every((each) => each === 'close'),
      String(collector.connections),
    );
  });

  it('that something is to be told during, after failures, is followed by another', async (t) => {
    const { collector, link } = await agent(t);
    await link.start();
    collector.onCheckIn = () => ({ status: 503 });
    await link.checkIn();
    let tell = () => link.soon();
    collector.onCheckIn = ({ results }) => {
      tell();
      tell = () => undefined;
      return acknowledge(results.length);
    };
    const before = collector.checkIns.length;
    await link.checkIn();
    assert.equal(collector.checkIns.length, before + 2);
  });

  it('asked for during another one follows it', async (t) => {
    const { collector, link } = await agent(t);
    await link.start();
    const before = collector.checkIns.length;
    await Promise.all([link.checkIn(), link.checkIn(), link.checkIn()]);
    assert.equal(collector.checkIns.length, before + 2);
  });

  for (const [name, answer] of [
    ['answered with 500', { status: 500, body: { detail: 'no disk' } }],
    ['answered with a page of a proxy', { status: 502, body: '<html>' }],
    ['answered with something else', { status: 200, body: { hello: 'world' } }],
    ['refused for too many requests', { status: 429 }],
  ] as const) {
    it(`${name} keeps results and is tried again`, async (t) => {
      const { collector, state, link, fatal } = await agent(t);
      state.spool.add([result(1)]);
      collector.onCheckIn = ({ results }) =>
        collector.checkIns.length < 3 ? answer : acknowledge(results.length);
      await link.start();
      assert.deepEqual([collector.checkIns.length, state.spool.size], [1, 1]);
      // Nothing to say is so urgent that a collector in trouble is to be pressed.
      link.soon();
      await until(() => state.spool.size === 0);
      assert.deepEqual(sentRounds(collector), [[1], [1], [1]]);
      assert.deepEqual(fatal, []);
    });
  }

  for (const poisons of [[5], [0, 1], [3, 100, 199, 200]]) {
    it(`with results ${poisons} that the collector cannot take loses these alone`, async (t) => {
      const { collector, state, link } = await agent(t);
      state.spool.add(Array.from({ length: 250 }, (_, i) => result(i)));
      const taken = new Set<number>();
      collector.onCheckIn = ({ results }) => {
        if (results.some(({ roundId }) => poisons.includes(roundId))) {
          return { status: 400, body: { detail: 'not understood' } };
        }
        for (const { roundId } of results) taken.add(roundId);
        return acknowledge(results.length);
      };
      await link.start();
      assert.equal(state.spool.size, 0);
      assert.equal(taken.size, 250 - poisons.length);
    });
  }

  it('that is refused without results as well costs none', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1), result(2), result(3)]);
    collector.onCheckIn = () => ({ status: 400, body: { detail: 'facts: too many interfaces' } });
    await link.start();
    assert.equal(state.spool.size, 3);
    assert.deepEqual(
      sentRounds(collector).map(({ length }) => length),
      [3, 2, 1, 0],
    );
    collector.onCheckIn = ({ results }) => acknowledge(results.length);
    await until(() => state.spool.size === 0);
    assert.deepEqual(new Set(sentRounds(collector).slice(4).flat()), new Set([1, 2, 3]));
  });

  it('whose results cannot be read or removed is one that failed, not the end', async (t) => {
    const { collector, state, link, fatal } = await agent(t);
    await link.start();
    state.spool.close();
    await link.checkIn();
    assert.deepEqual([collector.checkIns.length, fatal], [1, []]);
  });
});

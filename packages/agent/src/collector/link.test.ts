import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { result } from '../../test/samples.ts';
import { type Answer, acknowledge, agent, agentSecret, code, config, passed, until } from './scene.ts';

describe('enrolling', { concurrency: true }, () => {
  it('happens once, and what it brings is kept', async (t) => {
    const { collector, state, link } = await agent(t, { enrolled: false });
    await link.start();
    assert.deepEqual(state.identity(), { agentId: '11', agentSecret, collectorUrl: collector.url });
    assert.equal(link.agentId, '11');
    assert.equal(collector.enrollments.length, 1);
    assert.equal(collector.checkIns.length, 1);
  });

  it('is not done again, unless with another collector', async (t) => {
    const known = await agent(t);
    await known.link.start();
    assert.equal(known.collector.enrollments.length, 0);
    const other = await agent(t);
    await other.state.keepIdentity({ agentId: '9', agentSecret, collectorUrl: 'https://other.example' });
    await other.link.start();
    assert.equal(other.link.agentId, '11');
  });

  for (const [name, answer] of [
    ['with a reason', { status: 401, body: { detail: 'not the account group token' } }],
    ['by a page that is no JSON', { status: 404, body: '<html>not the account group token</html>' }],
  ] as const) {
    it(`that is refused ${name} is the end`, async (t) => {
      const { collector, state, link } = await agent(t, { enrolled: false });
      collector.onEnroll = () => answer;
      await assert.rejects(link.start(), code('enrollment-refused'));
      assert.equal(state.identity(), null);
      assert.equal(collector.enrollments.length, 1);
    });
  }

  it('goes on until the collector is there', async (t) => {
    const { collector, link } = await agent(t, { enrolled: false });
    const answers: Answer[] = [
      { status: 503, body: '<html>' },
      { status: 201, body: { agentId: 'x' } },
    ];
    const enrolled = collector.onEnroll;
    collector.onEnroll = () => answers.shift() ?? enrolled();
    await link.start();
    assert.equal(collector.enrollments.length, 3);
  });

  it('ends when the agent is stopped meanwhile', async (t) => {
    const { collector, link, close } = await agent(t, { enrolled: false });
    collector.onEnroll = () => ({ status: 503 });
    const started = link.start();
    await until(() => collector.enrollments.length === 1);
    await close();
    await started;
    assert.equal(collector.checkIns.length, 0);
  });
});

describe('an agent that the collector does not know any more', { concurrency: true }, () => {
  it('does not start', async (t) => {
    const { collector, link, fatal } = await agent(t);
    collector.onCheckIn = () => ({ status: 401, body: { detail: 'no such agent' } });
    await assert.rejects(link.start(), code('agent-deleted'));
    assert.deepEqual(fatal, []);
  });

  it('says so once, and asks no more', async (t) => {
    const { collector, link, fatal } = await agent(t);
    await link.start();
    collector.onCheckIn = () => ({ status: 401 });
    await Promise.all([link.checkIn(), link.checkIn()]);
    const asked = collector.checkIns.length;
    link.soon();
    await link.checkIn();
    await passed(500);
    assert.deepEqual(
      fatal.map((error) => error.code),
      ['agent-deleted'],
    );
    assert.equal(collector.checkIns.length, asked);
  });
});

describe('an agent that the collector refuses for now', { concurrency: true }, () => {
  it('rests, keeps its results, and takes up its work when it is told to', async (t) => {
    const { collector, state, link, configs, fatal, disabled } = await agent(t);
    collector.onCheckIn = () => acknowledge(0, 4, config);
    await link.start();
    state.spool.add([result(1)]);
    collector.onCheckIn = () => ({ status: 403, body: { detail: 'disabled' } });
    await link.checkIn();
    assert.deepEqual([disabled(), state.spool.size, fatal], [1, 1, []]);
    assert.equal(state.heldConfig(), null);
    collector.onCheckIn = ({ results }) => acknowledge(results.length, 4, config);
    await link.checkIn();
    assert.equal(collector.checkIns.at(-1)?.configVersion, 0);
    assert.deepEqual([configs.length, state.spool.size], [2, 0]);
  });

  it('does not press, though it is told of changes', async (t) => {
    const { collector, link, disabled } = await agent(t);
    collector.onCheckIn = () => ({ status: 403 });
    collector.onChanges = () => ({ status: 200, body: { configVersion: 5 } });
    await link.start();
    await passed(2_000);
    assert.ok(disabled() >= 1);
    assert.ok(collector.checkIns.length <= 2, `${collector.checkIns.length} check-ins`);
    assert.ok(collector.changes.length <= 1);
  });
});

describe('a closed link', () => {
  it('has nothing under way, whatever was: a held request, a wait, a check-in', async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const held = await agent(t);
    await held.link.start();
    await until(() => held.collector.changes.length === 1);
    const failing = await agent(t);
    failing.collector.onCheckIn = () => ({ status: 503 });
    failing.collector.onChanges = () => ({ status: 503 });
    await failing.link.start();
    await until(() => failing.collector.changes.length === 1);
    const busy = await agent(t);
    await busy.link.start();
    const checkIn = busy.link.checkIn();
    for (const { close } of [held, failing, busy]) await close();
    await checkIn;
    assert.equal(timers(), before);
    const asked = [held, failing, busy].map(({ collector }) => collector.checkIns.length);
    for (const { link } of [held, failing, busy]) {
      link.soon();
      await link.checkIn();
    }
    await passed(300);
    assert.deepEqual(
      [held, failing, busy].map(({ collector }) => collector.checkIns.length),
      asked,
    );
    assert.equal(timers(), before);
  });
});

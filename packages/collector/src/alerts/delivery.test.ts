import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { type Receiver, startReceiver } from '../../test/receiver.ts';

async function notifying(t: Parameters<typeof worldWithTest>[0], ...targets: string[]) {
  const fixture = await worldWithTest(t, 'to-target');
  const { status } = await fixture.world.rest('PUT', '/v7/alerts/rules/1', {
    ruleName: 'a rule',
    alertType: 'end-to-end-agent',
    expression: '((loss >= 20 %))',
    roundsViolatingOutOf: 1,
    notifications: { webhook: targets.map((target) => ({ target })) },
  });
  assert.equal(status, 200);
  return fixture;
}

const bodies = ({ taken }: Receiver) => taken.map(({ body }) => JSON.parse(String(body)));

/** Puts the clock forward until so many have come: how long the waits are is left to chance. */
async function advanceUntil(
  { world }: Awaited<ReturnType<typeof worldWithTest>>,
  receiver: Receiver,
  count: number,
): Promise<void> {
  for (let tries = 0; receiver.taken.length < count; tries += 1) {
    assert.ok(tries < 1000, `${receiver.taken.length} of ${count} have come`);
    world.clock.advance(5_000);
    await setTimeout(20);
  }
}

test('a webhook is told of an alert and of its end, as docs/operating.md has it', async (t) => {
  const receiver = await startReceiver(t);
  const fixture = await notifying(t, `${receiver.url}/hook?key=secret`);
  const { keep, key, testId, source } = fixture;
  await keep([measured(key(1), 25), measured(key(0), 0)]);
  await receiver.until(2);
  const [{ path, headers }] = receiver.taken as [(typeof receiver.taken)[0]];
  assert.equal(path, '/hook?key=secret');
  assert.equal(headers['content-type'], 'application/json');
  const [began, ended] = bodies(receiver);
  const date = (ago: number) =>
    new Date(key(ago).roundId * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const { eventId, eventType, alert } = began;
  assert.equal(eventType, 'ALERT_NOTIFICATION_TRIGGER');
  assert.deepEqual(alert, {
    alertId: alert.alertId,
    active: 1,
    type: 'end-to-end-agent',
    severity: 'MAJOR',
    dateStart: date(1),
    dateStartZoned: `${date(1)} UTC`,
    ruleId: 1,
    ruleName: 'a rule',
    ruleExpression: '((loss >= 20 %))',
    testId: Number(testId),
    testName: 'a test',
    testTargetsDescription: ['target'],
    violationCount: 1,
    agents: [
      {
        agentId: Number(source.agentId),
        agentName: 'source',
        direction: 'to-target',
        active: 1,
        metricsAtStart: 'Loss: 50 %',
        metricsAtEnd: 'Loss: 50 %',
      },
    ],
  });
  assert.equal(ended.eventType, 'ALERT_NOTIFICATION_CLEAR');
  assert.notEqual(ended.eventId, eventId);
  assert.deepEqual(
    [ended.alert.alertId, ended.alert.active, ended.alert.dateEnd, ended.alert.agents[0].metricsAtEnd],
    [alert.alertId, 0, date(0), 'Loss: 0 %'],
  );
});

test('what is not taken is posted again with the same eventId, also after a restart', async (t) => {
  const receiver = await startReceiver(t);
  receiver.answer = { status: 503 };
  const fixture = await notifying(t, receiver.url);
  const { world, keep, key } = fixture;
  await keep([measured(key(0), 25)]);
  await receiver.until(1);
  await advanceUntil(fixture, receiver, 2);
  await receiver.shut();
  world.clock.advance(60_000);
  await world.restart();
  receiver.answer = { status: 204 };
  await receiver.open();
  await advanceUntil(fixture, receiver, 3);
  assert.equal(new Set(bodies(receiver).map(({ eventId }) => eventId)).size, 1);
  // It was taken: no more comes.
  world.clock.advance(3_600_000);
  await setTimeout(300);
  assert.equal(receiver.taken.length, 3);
});

test('the end is not told before the beginning, and one receiver does not wait for another', async (t) => {
  const [slow, quick] = [await startReceiver(t), await startReceiver(t)];
  slow.answer = { status: 500 };
  const fixture = await notifying(t, slow.url, quick.url);
  const { keep, key } = fixture;
  await keep([measured(key(1), 25), measured(key(0), 0)]);
  await quick.until(2);
  await advanceUntil(fixture, slow, 3);
  assert.deepEqual(
    new Set(bodies(slow).map(({ eventType }) => eventType)),
    new Set(['ALERT_NOTIFICATION_TRIGGER']),
  );
  slow.answer = { status: 200 };
  const before = slow.taken.length;
  await advanceUntil(fixture, slow, before + 2);
  assert.deepEqual(
    bodies(slow)
      .slice(-2)
      .map(({ eventType }) => eventType),
    ['ALERT_NOTIFICATION_TRIGGER', 'ALERT_NOTIFICATION_CLEAR'],
  );
});

test('a redirect is not followed', async (t) => {
  const [first, elsewhere] = [await startReceiver(t), await startReceiver(t)];
  first.answer = { status: 307, headers: { location: elsewhere.url } };
  const fixture = await notifying(t, first.url);
  await fixture.keep([measured(fixture.key(0), 25)]);
  await advanceUntil(fixture, first, 2);
  assert.equal(elsewhere.taken.length, 0);
});

test('an answer that never comes, or never ends, is not waited for', async (t) => {
  const receiver = await startReceiver(t);
  receiver.answer = 'hang';
  const fixture = await notifying(t, receiver.url);
  await fixture.keep([measured(fixture.key(0), 25)]);
  await receiver.until(1);
  await advanceUntil(fixture, receiver, 2);
  receiver.answer = { status: 200, body: Buffer.alloc(1_000_000) };
  await advanceUntil(fixture, receiver, 3);
});

test('it is given up after a day', async (t) => {
  const receiver = await startReceiver(t);
  receiver.answer = { status: 500 };
  const fixture = await notifying(t, receiver.url);
  await fixture.keep([measured(fixture.key(0), 25)]);
  await advanceUntil(fixture, receiver, 3);
  const hours = async (count: number) => {
    for (let hour = 0; hour < count; hour += 1) {
      fixture.world.clock.advance(3_600_000);
      await setTimeout(30);
    }
  };
  await hours(30);
  const after = receiver.taken.length;
  await hours(10);
  assert.equal(receiver.taken.length, after);
});

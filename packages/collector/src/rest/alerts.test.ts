import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failed, measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { startReceiver } from '../../test/receiver.ts';
import { assertPublished } from '../../test/v7/published.ts';

type Fixture = Awaited<ReturnType<typeof worldWithTest>>;

const rule = {
  ruleName: 'a rule',
  alertType: 'end-to-end-agent',
  expression: '((loss >= 20 %))',
  roundsViolatingRequired: 1,
  roundsViolatingOutOf: 1,
  notifyOnClear: true,
  severity: 'critical',
};

/** The default rule makes way for this one. */
async function onlyRule({ world, testId }: Fixture, change: object = {}): Promise<string> {
  await world.rest('DELETE', '/v7/alerts/rules/1');
  const { status, body } = await world.rest('POST', '/v7/alerts/rules', {
    ...rule,
    testIds: [testId],
    ...change,
  });
  assert.equal(status, 201);
  return body.ruleId;
}

/** As v7 describes it. */
async function get({ world }: Pick<Fixture, 'world'>, path: string) {
  const answer = await world.rest('GET', path);
  assertPublished('GET', path, answer);
  return answer.body;
}

const alerts = async (fixture: Fixture, query = '') => (await get(fixture, `/v7/alerts${query}`)).alerts;

describe('an alert', () => {
  test('of the default rule begins with a loss of 20 %, is shown as v7 does, and ends with the loss', async (t) => {
    const fixture = await worldWithTest(t, 'to-target');
    const { world, keep, key, testId, source } = fixture;
    await keep([measured(key(3), 9)]);
    assert.deepEqual(await alerts(fixture), []);
    await keep([measured(key(2), 10)]);
    const [alert, ...others] = await alerts(fixture);
    assert.equal(others.length, 0);
    const startDate = new Date(key(2).roundId * 1000).toISOString().replace('.000Z', 'Z');
    assert.deepEqual(
      [
        alert.alertState,
        alert.state,
        alert.startDate,
        alert.violationCount,
        alert.alertSeverity,
        alert.severity,
      ],
      ['trigger', 'ACTIVE', startDate, 1, 'major', 'MAJOR'],
    );
    assert.deepEqual([alert.testId, alert.alertRuleId, alert.ruleId], [testId, '1', 1]);
    assert.equal(alert.dateStart, startDate.replace('T', ' ').replace('Z', ''));
    assert.equal('endDate' in alert, false);
    assert.equal(alert._links.test.href, `${world.collector.url}/v7/tests/agent-to-agent/${testId}`);
    assert.equal(alert._links.appLink.href, `${world.collector.url}/views/${testId}?round=${key(2).roundId}`);

    const detail = () => get(fixture, `/v7/alerts/${alert.id}`);
    const agent = { id: source.agentId, name: 'source', type: 'cea_agent', direction: 'to-target' };
    const start = { metrics: 'Loss: 20 %' };
    assert.deepEqual((await detail()).details, [{ ...agent, state: 'trigger', start, end: start }]);

    await keep([measured(key(1), 50)]);
    const end = { metrics: 'Loss: 100 %' };
    assert.deepEqual((await detail()).details, [{ ...agent, state: 'trigger', start, end }]);

    await keep([measured(key(0), 0)]);
    assert.deepEqual(await alerts(fixture), []);
    const [cleared] = await alerts(fixture, '?window=1h&state=clear');
    assert.deepEqual([cleared.id, cleared.alertState, cleared.duration], [alert.id, 'clear', 120]);
    assert.deepEqual((await detail()).details, [
      { ...agent, state: 'clear', start, end: { metrics: 'Loss: 0 %' } },
    ]);
  });

  test('of a round in which nothing came through says what went wrong', async (t) => {
    const fixture = await worldWithTest(t, 'to-target');
    await fixture.keep([failed(fixture.key(0))]);
    const [{ id }] = await alerts(fixture);
    const { body } = await fixture.world.rest('GET', `/v7/alerts/${id}`);
    assert.equal(
      body.details[0].start.metrics,
      'Loss: 100 %, Connection to target agent failed: no answer to 12 probes',
    );
  });

  test('is one although both ends report, late and twice', async (t) => {
    const fixture = await worldWithTest(t, 'to-target');
    const { source, target, key } = fixture;
    const lossy = [measured(key(1), 20), measured(key(2), 20)];
    await source.checkIn({ results: [failed(key(1))] });
    await target.checkIn({ results: lossy });
    await target.checkIn({ results: lossy });
    await source.checkIn({ results: lossy });
    const shown = await alerts(fixture, '?window=1d');
    assert.deepEqual(
      shown.map(({ dateStart }: { dateStart: string }) => dateStart),
      [new Date(key(1).roundId * 1000).toISOString().slice(0, 19).replace('T', ' ')],
    );
  });

  test('goes on over a restart, with the rounds that were seen before it', async (t) => {
    const fixture = await worldWithTest(t, 'to-target');
    const { world, keep, key } = fixture;
    await onlyRule(fixture, { roundsViolatingRequired: 3, roundsViolatingOutOf: 3 });
    await keep([measured(key(4), 20), measured(key(3), 20)]);
    await world.restart();
    assert.deepEqual(await alerts(fixture), []);
    await keep([measured(key(2), 20)]);
    const [alert] = await alerts(fixture);
    await world.restart();
    await keep([measured(key(1), 20)]);
    assert.deepEqual(
      (await alerts(fixture)).map(({ id }: { id: string }) => id),
      [alert.id],
    );
  });

  const endings: [string, (fixture: Fixture, ruleId: string) => Promise<unknown>][] = [
    ['its rule is deleted', ({ world }, ruleId) => world.rest('DELETE', `/v7/alerts/rules/${ruleId}`)],
    [
      'its rule is changed',
      ({ world }, ruleId) =>
        world.rest('PUT', `/v7/alerts/rules/${ruleId}`, { ...rule, expression: '((loss >= 90 %))' }),
    ],
    [
      'its rule leaves the test',
      ({ world }, ruleId) => world.rest('PUT', `/v7/alerts/rules/${ruleId}`, { ...rule, testIds: [] }),
    ],
    [
      'its test is deleted',
      ({ world, testId }) => world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`),
    ],
    [
      'its test is disabled',
      ({ world, testId }) => world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { enabled: false }),
    ],
    [
      'its test wants no alerts any more',
      ({ world, testId }) =>
        world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { alertsEnabled: false }),
    ],
  ];
  for (const [when, act] of endings)
    test(`ends when ${when}, and that is told`, async (t) => {
      const fixture = await worldWithTest(t, 'to-target');
      const { world, keep, key } = fixture;
      const receiver = await startReceiver(t);
      const ruleId = await onlyRule(fixture, { notifications: { webhook: [{ target: receiver.url }] } });
      await keep([measured(key(0), 20)]);
      await receiver.until(1);
      await act(fixture, ruleId);
      // At the latest with the next minute's sweep.
      world.clock.advance(61_000);
      await receiver.until(2);
      assert.deepEqual(await alerts(fixture), []);
      assert.deepEqual(
        receiver.taken.map(({ body }) => JSON.parse(String(body)).eventType),
        ['ALERT_NOTIFICATION_TRIGGER', 'ALERT_NOTIFICATION_CLEAR'],
      );
    });

  test('ends with the next round where the test measures that direction no more', async (t) => {
    const fixture = await worldWithTest(t, 'bidirectional');
    const { world, keep, key, testId } = fixture;
    await onlyRule(fixture, { roundsViolatingMode: 'exact' });
    await keep([measured(key(1)), measured(key(1, 'from-target'), 20)]);
    assert.equal((await alerts(fixture)).length, 1);
    await world.rest('PUT', `/v7/tests/agent-to-agent/${testId}`, { direction: 'to-target' });
    await keep([measured(key(0))]);
    assert.equal((await alerts(fixture)).length, 0);
  });

  test('that is edited but judges as before stays', async (t) => {
    const fixture = await worldWithTest(t, 'to-target');
    const { world, keep, key } = fixture;
    const ruleId = await onlyRule(fixture);
    await keep([measured(key(0), 20)]);
    await world.rest('PUT', `/v7/alerts/rules/${ruleId}`, { ...rule, ruleName: 'another name' });
    assert.equal((await alerts(fixture)).length, 1);
  });
});

describe('directions', () => {
  const cases: [direction: string, lossThere: number, lossBack: number, alerts: number][] = [
    ['to-target', 20, 0, 1],
    ['to-target', 0, 20, 0],
    ['from-target', 0, 20, 1],
    ['bidirectional', 0, 20, 1],
    ['bidirectional', 20, 0, 1],
  ];
  for (const [direction, there, back, expected] of cases)
    test(`a rule for ${direction}: ${2 * there} % there, ${2 * back} % back`, async (t) => {
      const fixture = await worldWithTest(t, 'bidirectional');
      await onlyRule(fixture, { direction });
      await fixture.keep([measured(fixture.key(0), there), measured(fixture.key(0, 'from-target'), back)]);
      assert.equal((await alerts(fixture)).length, expected);
    });

  test('metrics of both ways wait for both', async (t) => {
    const fixture = await worldWithTest(t, 'bidirectional');
    const { keep, key } = fixture;
    await onlyRule(fixture, { expression: '((bothWaysLoss >= 30 %) || (bothWaysLatency >= 20 ms))' });
    await keep([measured(key(0), 20)]);
    assert.equal((await alerts(fixture)).length, 0);
    await keep([measured(key(0, 'from-target'), 10)]);
    const [{ id }] = await alerts(fixture);
    const { body } = await fixture.world.rest('GET', `/v7/alerts/${id}`);
    assert.equal(body.details[0].start.metrics, 'Loss: 30 %, Latency: 20 ms');
    assert.equal(body.details[0].direction, 'bidirectional');
  });
});

describe('the list of alerts', () => {
  async function history(t: Parameters<typeof worldWithTest>[0]) {
    const fixture = await worldWithTest(t, 'to-target');
    const { keep, key } = fixture;
    // Two that are over, 50 to 49 and 40 to 39 rounds ago, and one that is active since 10 rounds ago.
    await keep([50, 49, 40, 39, 10].map((ago) => measured(key(ago), [50, 40, 10].includes(ago) ? 25 : 0)));
    const agos = async (query: string) =>
      (await alerts(fixture, query)).map(
        ({ startDate }: { startDate: string }) => (key(0).roundId - Date.parse(startDate) / 1000) / 60,
      );
    const date = (ago: number) => new Date(key(ago).roundId * 1000).toISOString();
    return { ...fixture, agos, date };
  }

  test('has those that are active, or by state, window and dates', async (t) => {
    const { agos, date } = await history(t);
    assert.deepEqual(await agos(''), [10]);
    assert.deepEqual(await agos('?state=trigger'), [10]);
    assert.deepEqual(await agos('?state=clear'), [40, 50]);
    assert.deepEqual(await agos('?window=1d'), [10, 40, 50]);
    // Cleared in the range, or active and begun before its end.
    assert.deepEqual(await agos(`?startDate=${date(45)}`), [10, 40]);
    assert.deepEqual(await agos(`?startDate=${date(5)}`), [10]);
    assert.deepEqual(await agos(`?startDate=${date(60)}&endDate=${date(45)}`), [50]);
    // By their start where only active ones are asked for.
    assert.deepEqual(await agos(`?state=trigger&startDate=${date(5)}`), []);
  });

  test('comes in pages', async (t) => {
    const { world } = await history(t);
    const seen: string[] = [];
    let next: string | undefined = '/v7/alerts?window=1d&max=2';
    const sizes: number[] = [];
    while (next !== undefined) {
      const { body }: { body: { alerts: { id: string }[]; _links: { next?: { href: string } } } } =
        await world.rest('GET', next);
      sizes.push(body.alerts.length);
      seen.push(...body.alerts.map(({ id }) => id));
      next = body._links.next?.href.slice(world.collector.url.length);
    }
    assert.deepEqual(sizes, [2, 1]);
    assert.equal(new Set(seen).size, 3);
  });

  test('refuses what makes no sense', async (t) => {
    const { world } = await history(t);
    for (const query of [
      '?state=maybe',
      '?window=1y',
      '?max=0',
      '?cursor=nonsense',
      '?endDate=2026-01-01T00:00:00Z',
    ])
      assert.equal((await world.rest('GET', `/v7/alerts${query}`)).status, 400, query);
    assert.equal((await world.rest('GET', '/v7/alerts/0f0e0d0c-0b0a-4908-8706-050403020100')).status, 404);
  });
});

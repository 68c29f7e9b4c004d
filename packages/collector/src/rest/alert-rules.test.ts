import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, startWorld } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';

const rules = '/v7/alerts/rules';
const least = {
  ruleName: 'a rule',
  alertType: 'end-to-end-agent',
  expression: '((latency > 100 ms))',
  roundsViolatingOutOf: 1,
};

describe('alert rules', () => {
  test('the default rule is there from the first start', async (t) => {
    const world = await startWorld(t);
    const { body } = await world.rest('GET', rules);
    assert.deepEqual(body.alertRules, [
      {
        ruleId: '1',
        ruleName: 'Default Agent to Agent Alert Rule',
        expression: '((loss >= 20 %))',
        direction: 'bidirectional',
        notifyOnClear: true,
        isDefault: true,
        alertType: 'end-to-end-agent',
        alertGroupType: 'cloud-enterprise',
        minimumSources: 1,
        roundsViolatingMode: 'any',
        roundsViolatingOutOf: 1,
        roundsViolatingRequired: 1,
        severity: 'major',
      },
    ]);
  });

  test('is not made again once it was deleted', async (t) => {
    const world = await startWorld(t);
    assert.equal((await world.rest('DELETE', `${rules}/1`)).status, 204);
    await world.restart();
    assert.deepEqual((await world.rest('GET', rules)).body.alertRules, []);
    assert.equal((await world.rest('GET', `${rules}/1`)).status, 404);
  });

  test('show the addresses of webhooks to those who may change them only: a path may be a secret', async (t) => {
    const world = await startWorld(t);
    const target = 'https://hooks.example/hidden?key=hidden';
    const notifications = { webhook: [{ target }], customWebhook: [{ target }] };
    assert.equal((await world.rest('POST', rules, { ...least, notifications })).status, 201);
    const { body: reader } = await world.rest('POST', '/page/tokens', { name: 'reader', access: 'read' });
    const own = await world.rest('GET', `${rules}/2`);
    const others = await ask(`${world.collector.url}${rules}/2`, 'GET', reader.token);
    const targets = ({ body }: typeof own) =>
      (['webhook', 'customWebhook'] as const).map((kind) => body.notifications[kind][0].target);
    assert.deepEqual(targets(own), [target, target]);
    assert.deepEqual(targets(others), ['https://hooks.example/', 'https://hooks.example/']);
  });

  test('take no webhook with a password in its address', async (t) => {
    const world = await startWorld(t);
    const notifications = { webhook: [{ target: 'https://:secret@hooks.example/' }] };
    assert.equal((await world.rest('POST', rules, { ...least, notifications })).status, 400);
  });

  test('are made with the defaults, read, changed in part and deleted', async (t) => {
    const { world, testId } = await worldWithTest(t, 'to-target');
    const made = await world.rest('POST', rules, { ...least, testIds: [testId] });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get('location'), `${world.collector.url}${rules}/2`);
    const { notifyOnClear, direction, severity, roundsViolatingMode, minimumSources, testIds } = made.body;
    assert.deepEqual(
      [notifyOnClear, direction, severity, roundsViolatingMode, minimumSources, testIds],
      [false, 'bidirectional', 'info', 'any', 1, [testId]],
    );
    const changed = await world.rest('PUT', `${rules}/2`, {
      ...least,
      expression: '((jitter > 5 ms))',
      minimumSourcesPct: 50,
      severity: 'minor',
    });
    assert.equal(changed.status, 200);
    const { body } = await world.rest('GET', `${rules}/2`);
    assert.deepEqual(
      [body.expression, body.minimumSourcesPct, 'minimumSources' in body, body.severity, body.testIds],
      ['((jitter > 5 ms))', 50, false, 'minor', [testId]],
    );
    assert.deepEqual([body.tests[0].testId, body.tests[0].alertsEnabled], [testId, true]);
    assert.equal((await world.rest('DELETE', `${rules}/2`)).status, 204);
    assert.equal((await world.rest('PUT', `${rules}/2`, least)).status, 404);
  });

  test('can be written back as they were read', async (t) => {
    const { world, testId } = await worldWithTest(t, 'to-target');
    await world.rest('POST', rules, {
      ...least,
      testIds: [testId],
      notifications: { webhook: [{ target: 'http://127.0.0.1:9/hook', integrationName: 'mine' }] },
    });
    const { body } = await world.rest('GET', `${rules}/2`);
    const again = await world.rest('PUT', `${rules}/2`, body);
    assert.equal(again.status, 200);
    assert.deepEqual((await world.rest('GET', `${rules}/2`)).body, body);
  });

  test('are at the tests that name them, or as the default at those that name none', async (t) => {
    const { world, testId } = await worldWithTest(t, 'to-target');
    const testIds = async (ruleId: string) => (await world.rest('GET', `${rules}/${ruleId}`)).body.testIds;
    assert.deepEqual(await testIds('1'), [testId]);
    await world.rest('POST', rules, { ...least, isDefault: true });
    assert.deepEqual([await testIds('1'), await testIds('2')], [[], [testId]]);
    // A second rule at the test does not take away the first.
    await world.rest('PUT', `${rules}/1`, { ...least, testIds: [testId] });
    assert.deepEqual([await testIds('1'), await testIds('2')], [[testId], [testId]]);
    await world.rest('DELETE', `${rules}/1`);
    const { body } = await world.rest('GET', `/v7/tests/agent-to-agent/${testId}?expand=alert-rule`);
    assert.deepEqual(
      body.alertRules.map(({ ruleId }: { ruleId: string }) => ruleId),
      ['2'],
    );
  });

  test('notifications that are not sent are kept, and it is said that they are not sent', async (t) => {
    const world = await startWorld(t);
    const notifications = {
      email: { recipients: ['noc@example.com'], message: 'look' },
      thirdParty: [{ integrationId: 'sl-101', integrationType: 'slack' }],
    };
    const { body } = await world.rest('POST', rules, { ...least, notifications });
    assert.deepEqual(body.notifications, notifications);
    assert.equal(body.limitations.length, 2);
    assert.match(body.limitations[0], /^No mail is sent/);
  });

  const refused: [string, object, field: string, message: RegExp][] = [
    ['an expression that is not understood', { expression: '((loss >= 20))' }, 'expression', /character 13/],
    [
      'a metric of other tests',
      { expression: '((responseCode >= 400))' },
      'expression',
      /character 3: responseCode is no metric/,
    ],
    [
      'both ways and one',
      { expression: '((bothWaysLoss >= 1 %) || (loss >= 1 %))' },
      'expression',
      /Make two/,
    ],
    [
      'both ways in one direction',
      { expression: '((bothWaysLoss >= 1 %))', direction: 'to-target' },
      'direction',
      /bidirectional/,
    ],
    ['another kind of test', { alertType: 'http-server' }, 'alertType', /./],
    ['more rounds than there are', { roundsViolatingRequired: 2 }, 'roundsViolatingRequired', /more than/],
    ['too many rounds', { roundsViolatingOutOf: 11 }, 'roundsViolatingOutOf', /./],
    ['baselines', { roundsViolatingMode: 'auto' }, 'roundsViolatingMode', /no baselines/],
    ['two minimums', { minimumSources: 1, minimumSourcesPct: 1 }, 'minimumSourcesPct', /together/],
    ['a test that does not exist', { testIds: ['999'] }, 'testIds.0', /no test 999/],
    [
      'a webhook without an address',
      { notifications: { webhook: [{ integrationId: 'wb-1' }] } },
      'notifications.webhook.0.target',
      /./,
    ],
    [
      'a webhook by another protocol',
      { notifications: { webhook: [{ target: 'file:///etc/passwd' }] } },
      'notifications.webhook.0.target',
      /http/,
    ],
    [
      'a webhook with a password in its address',
      { notifications: { webhook: [{ target: 'https://me:secret@example.com/' }] } },
      'notifications.webhook.0.target',
      /user name/,
    ],
  ];
  for (const [what, change, field, message] of refused)
    test(`refuses ${what}`, async (t) => {
      const world = await startWorld(t);
      const { status, body } = await world.rest('POST', rules, { ...least, ...change });
      assert.equal(status, 400);
      assert.equal(body.errors[0].field, field);
      assert.match(body.errors[0].message, message);
      assert.equal((await world.rest('GET', rules)).body.alertRules.length, 1);
    });
});

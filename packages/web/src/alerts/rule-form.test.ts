import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertRuleDetailSchema } from '@pinhole/contract';
import { emptyRule, type RuleForm, ruleFieldOf, ruleFormOf, ruleRequestOf } from './rule-form.ts';

const stored = alertRuleDetailSchema.parse({
  ruleId: '1',
  ruleName: 'Loss',
  expression: '((loss >= 20 %))',
  alertType: 'end-to-end-agent',
  direction: 'to-target',
  notifyOnClear: true,
  isDefault: true,
  alertGroupType: 'cloud-enterprise',
  minimumSourcesPct: 50,
  roundsViolatingMode: 'any',
  roundsViolatingRequired: 2,
  roundsViolatingOutOf: 3,
  severity: 'major',
  notifications: {
    email: { recipients: ['noc@example.net'] },
    webhook: [{ integrationId: 'a', integrationType: 'webhook', target: 'https://hooks.example.net/1' }],
  },
  testIds: ['7'],
  tests: [],
  limitations: [],
  _links: { self: { href: '' } },
});

const named: RuleForm = { ...emptyRule, ruleName: 'Loss' };

function errorsOf(form: RuleForm) {
  const request = ruleRequestOf(form, null);
  return request.kind === 'errors' ? Object.keys(request.errors) : [];
}

test('a change keeps what the form does not show', () => {
  const request = ruleRequestOf(ruleFormOf(stored), stored);
  assert.equal(request.kind, 'ok');
  const { body } = request as Extract<typeof request, { kind: 'ok' }>;
  assert.equal(body.minimumSourcesPct, 50);
  assert.equal(body.roundsViolatingMode, 'any');
  assert.deepEqual(body.notifications?.email?.recipients, ['noc@example.net']);
  assert.equal(body.notifications?.webhook?.[0]?.integrationId, 'a');
  assert.deepEqual(body.testIds, ['7']);
});

test('each line is a webhook, once', () => {
  const webhooks = 'https://a.example.net/x\n\nhttps://b.example.net/\nhttps://a.example.net/x\n';
  const request = ruleRequestOf({ ...named, webhooks }, null);
  const { body } = request as Extract<typeof request, { kind: 'ok' }>;
  assert.deepEqual(
    body.notifications?.webhook?.map(({ target }) => target),
    ['https://a.example.net/x', 'https://b.example.net/'],
  );
});

test('what cannot be is told at its field', () => {
  assert.deepEqual(errorsOf(named), []);
  assert.deepEqual(errorsOf(emptyRule), ['ruleName']);
  assert.deepEqual(errorsOf({ ...named, expression: ' ' }), ['expression']);
  assert.deepEqual(errorsOf({ ...named, roundsViolatingOutOf: '11' }), ['roundsViolatingOutOf']);
  assert.deepEqual(errorsOf({ ...named, roundsViolatingRequired: '3', roundsViolatingOutOf: '2' }), [
    'roundsViolatingRequired',
  ]);
  assert.deepEqual(errorsOf({ ...named, webhooks: 'ftp://example.net' }), ['webhooks']);
});

test("the collector's words about a webhook stand at the webhooks", () => {
  assert.equal(ruleFieldOf('notifications.webhook.0.target'), 'webhooks');
});

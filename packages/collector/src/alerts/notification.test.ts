import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertRecord } from '../store/alerts.ts';
import { notificationBody } from './notification.ts';

const alert: AlertRecord = {
  alertId: '0f0e0d0c-0b0a-4908-8706-050403020100',
  ruleId: '3',
  testId: '7',
  ruleName: 'a rule',
  expression: '((loss >= 20 %))',
  direction: 'to-target',
  severity: 'minor',
  testName: 'a test',
  startRoundId: 1_600_000_020,
  startedAtMs: 1_600_000_020_000,
  endedAtMs: null,
  sources: [],
};
const names = { agents: new Map<string, string>(), targetAgentId: '2', publicUrl: 'https://pinhole.example' };

test('links lead to the page and to REST where it is known how the collector is reached', () => {
  const { permalink, apiLinks } = notificationBody('an-id', alert, names).alert;
  assert.equal(permalink, 'https://pinhole.example/views/7?round=1600000020');
  assert.deepEqual(apiLinks?.[0], {
    rel: 'self',
    href: 'https://pinhole.example/v7/alerts/0f0e0d0c-0b0a-4908-8706-050403020100',
  });
  assert.equal('permalink' in notificationBody('an-id', alert, { ...names, publicUrl: null }).alert, false);
});

test('agents that are gone are called by their ids', () => {
  assert.deepEqual(notificationBody('an-id', alert, names).alert.testTargetsDescription, ['2']);
});

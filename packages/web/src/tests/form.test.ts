import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Test, testSchema } from '@pinhole/contract';
import {
  copyName,
  creationOf,
  emptyForm,
  formOf,
  instantOf,
  preflightOf,
  requestOf,
  type TestForm,
} from './form.ts';

const filled: TestForm = { ...emptyForm, testName: 'Office', sourceIds: ['1', '2'], targetAgentId: '3' };

const stored: Test = testSchema.parse({
  testId: '9',
  testName: 'Office',
  type: 'agent-to-agent',
  description: 'Between the offices',
  createdDate: '2026-11-01T00:00:00Z',
  modifiedDate: '2026-11-01T00:00:00Z',
  enabled: false,
  interval: 60,
  alertsEnabled: false,
  savedEvent: false,
  liveShare: false,
  direction: 'bidirectional',
  protocol: 'udp',
  targetAgentId: '3',
  port: 49153,
  dscp: 'EF (DSCP 46)',
  dscpId: '46',
  mss: 1200,
  fixedPacketRate: 50,
  numPathTraces: 4,
  pathTraceMode: 'in-session',
  randomizedStartTime: true,
  throughputMeasurements: true,
  throughputDuration: 7500,
  throughputRate: 20,
  agents: [
    {
      agentId: '1',
      agentName: 'Lyon',
      agentType: 'enterprise',
      enabled: true,
      ipAddresses: [],
      publicIpAddresses: [],
    },
  ],
  _links: { self: { href: '' }, testResults: [] },
});

function bodyOf(form: TestForm) {
  const request = requestOf(form);
  assert.equal(request.kind, 'ok', JSON.stringify(request));
  return (request as Extract<typeof request, { kind: 'ok' }>).body;
}

function errorsOf(form: TestForm) {
  const request = requestOf(form);
  return request.kind === 'errors' ? Object.keys(request.errors) : [];
}

test('what was read is written back as it was', () => {
  const body = bodyOf(formOf(stored));
  assert.deepEqual(
    { ...body, agents: body.agents.map(({ agentId }) => agentId) },
    {
      testName: 'Office',
      description: 'Between the offices',
      agents: ['1'],
      targetAgentId: '3',
      direction: 'bidirectional',
      protocol: 'udp',
      interval: 60,
      enabled: false,
      alertsEnabled: false,
      dscpId: '46',
      mss: 1200,
      fixedPacketRate: 50,
      numPathTraces: 4,
      pathTraceMode: 'in-session',
      randomizedStartTime: true,
      throughputMeasurements: true,
      throughputDuration: 7500,
      throughputRate: 20,
    },
  );
});

test('an emptied number is cleared by a change, and not there in a new test', () => {
  const body = bodyOf({ ...formOf(stored), mss: '', throughputRate: ' ' });
  assert.equal(body.mss, null);
  assert.equal(body.throughputRate, null);
  assert.equal('mss' in creationOf(body), false);
});

test('a rate for throughput is of UDP alone', () => {
  assert.equal(bodyOf({ ...filled, protocol: 'tcp', throughputRate: '20' }).throughputRate, null);
});

test('an empty form names what must be chosen', () => {
  assert.deepEqual(errorsOf(emptyForm).sort(), ['sourceIds', 'targetAgentId', 'testName']);
});

test('numbers out of their range, and what is no number, are told at their fields', () => {
  const wrong = {
    mss: ['19', '1401', '1.5', 'x'],
    fixedPacketRate: ['-1', '101'],
    numPathTraces: ['0', '11', ''],
    throughputDuration: ['4.9', '31', ''],
    throughputRate: ['7', '1001'],
  };
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values)
      assert.deepEqual(
        errorsOf({ ...filled, protocol: 'udp', [field]: value }),
        [field],
        `${field} ${value}`,
      );
  }
});

test('the target cannot be a source', () => {
  assert.deepEqual(errorsOf({ ...filled, targetAgentId: '1' }), ['sourceIds']);
});

test('a copy takes the first free name', () => {
  assert.equal(copyName('Office', new Set()), 'Office (copy)');
  assert.equal(copyName('Office (copy)', new Set(['Office (copy)'])), 'Office (copy 2)');
});

test('a single round has the settings of the test, and no schedule', () => {
  const instant = instantOf(stored);
  assert.equal(instant.mss, 1200);
  assert.equal('interval' in instant, false);
  assert.equal('enabled' in instant, false);
});

test('whether a test can work is asked as soon as both ends are chosen', () => {
  assert.equal(preflightOf(emptyForm), null);
  assert.equal(preflightOf({ ...filled, sourceIds: ['3'] }), null);
  assert.deepEqual(preflightOf(filled), {
    protocol: 'tcp',
    direction: 'to-target',
    targetAgentId: '3',
    agents: [{ agentId: '1' }, { agentId: '2' }],
  });
});

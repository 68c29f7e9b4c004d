import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleAgent } from './example.ts';
import { agentProblems } from './problems.ts';

const failed = { status: 'failed', tcp: null, udp: null, detail: 'TCP to 192.0.2.1:9119: timeout' } as const;

test('an agent that is online and needs nothing has no problem', () => {
  assert.deepEqual(agentProblems(exampleAgent()), []);
});

test("the check's verdict is told in the collector's words", () => {
  const agent = exampleAgent({
    errorDetails: [{ code: 'nat-traversal-error', description: 'NAT Issues: NAT traversal not supported' }],
  });
  assert.deepEqual(
    agentProblems(agent).map(({ sentence }) => sentence),
    ['NAT Issues: NAT traversal not supported'],
  );
});

test('a failed registration matters behind a NAT, and says why', () => {
  assert.deepEqual(agentProblems(exampleAgent({ registration: failed })), []);
  const [problem] = agentProblems(exampleAgent({ behindNat: true, registration: failed }));
  assert.match(problem?.sentence ?? '', /^Not registered .*: TCP to 192\.0\.2\.1:9119: timeout$/);
});

test('of an agent that is offline, its last registration is not told', () => {
  const agent = exampleAgent({ behindNat: true, registration: failed, agentState: 'offline' });
  assert.deepEqual(
    agentProblems(agent).map(({ kind }) => kind),
    ['offline'],
  );
});

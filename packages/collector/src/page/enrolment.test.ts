import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolmentSchema } from '@pinhole/contract';
import { ask, facts, startWorld } from '../../test/harness.ts';

test('a new agent’s command line has the collector’s address and a token that works', async (t) => {
  const world = await startWorld(t);
  const { status, body } = await world.rest('GET', '/page/enrolment');
  assert.equal(status, 200);
  assert.deepEqual(enrolmentSchema.parse(body), body);
  const { url } = world.collector;
  assert.equal(body.collectorUrl, url);
  assert.equal(
    body.command,
    `PINHOLE_ACCOUNT_TOKEN=${body.accountToken} bin/pinhole agent --collector ${url}`,
  );
  const request = { accountToken: body.accountToken, agentName: 'x', facts };
  assert.equal((await ask(`${url}/agent/v1/enroll`, 'POST', null, request)).status, 201);
});

test('a token of any characters is one word of the shell', async (t) => {
  const world = await startWorld(t, { accountToken: "it's;$(reboot)" });
  const { body } = await world.rest('GET', '/page/enrolment');
  assert.ok(body.command.startsWith(`PINHOLE_ACCOUNT_TOKEN='it'\\''s;$(reboot)' bin/pinhole `), body.command);
});

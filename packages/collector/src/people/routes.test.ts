import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import {
  newTokenSchema,
  peopleSchema,
  personSchema,
  problemSchema,
  tokensSchema,
  unauthorizedSchema,
} from '@pinhole/contract';
import { ask, startWorld, type World } from '../../test/harness.ts';
import { administrator, type Browser, browser } from '../../test/person.ts';

const password = 'a long enough password';

async function withReader(world: World): Promise<{ admin: Browser; reader: Browser }> {
  const admin = await administrator(world);
  await admin.ask('POST', '/page/people', { name: 'Rea', password, access: 'read' });
  const reader = browser(world);
  assert.equal((await reader.signIn('Rea', password)).status, 200);
  return { admin, reader };
}

describe('people', () => {
  test('are added, listed, changed and removed', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const added = await admin.ask('POST', '/page/people', { name: ' Rea ', password, access: 'read' });
    assert.equal(added.status, 201);
    const { createdDate, ...rest } = personSchema.parse(added.body);
    assert.deepEqual(rest, { personId: '2', name: 'Rea', access: 'read' });
    assert.ok(Math.abs(Date.parse(createdDate) - world.clock.wallMs()) < 60_000);

    const reader = browser(world);
    await reader.signIn('Rea', password);
    const { body } = await admin.ask('GET', '/page/people');
    assert.deepEqual(peopleSchema.parse(body), body);
    assert.deepEqual(
      body.people.map(({ name, lastSignInDate }: { name: string; lastSignInDate?: string }) => [
        name,
        lastSignInDate !== undefined,
      ]),
      [
        ['admin', true],
        ['Rea', true],
      ],
    );
    const raised = await admin.ask('PUT', '/page/people/2', { access: 'write' });
    assert.equal(personSchema.parse(raised.body).access, 'write');
    assert.equal((await reader.ask('GET', '/page/session')).body.access, 'write');
    assert.equal((await admin.ask('DELETE', '/page/people/2')).status, 204);
    assert.equal((await reader.ask('GET', '/page/session')).status, 401);
    assert.equal((await reader.signIn('Rea', password)).status, 401);
    assert.equal((await admin.ask('DELETE', '/page/people/2')).status, 404);
  });

  test('whose password another one sets are signed out, and sign in with that', async (t) => {
    const world = await startWorld(t);
    const { admin, reader } = await withReader(world);
    await admin.ask('PUT', '/page/people/2', { password: 'a new one, long enough' });
    assert.equal((await reader.ask('GET', '/page/session')).status, 401);
    assert.equal((await reader.signIn('Rea', password)).status, 401);
    assert.equal((await reader.signIn('Rea', 'a new one, long enough')).status, 200);
    assert.equal((await admin.ask('GET', '/page/session')).status, 200);
  });

  test('have a name each, whatever the capitals, and a password that is long enough', async (t) => {
    const admin = await administrator(await startWorld(t));
    const taken = await admin.ask('POST', '/page/people', { name: 'ADMIN', password, access: 'read' });
    assert.deepEqual([taken.status, taken.body.errors[0].code], [400, 'name-taken']);
    for (const wrong of [
      { name: '', password, access: 'read' },
      { name: 'Rea\nadmin', password, access: 'read' },
      { name: 'Rea\u009b2J', password, access: 'read' },
      { name: 'x', password: 'elevenchars', access: 'read' },
      { name: 'x', password: 'x'.repeat(201), access: 'read' },
      { name: 'x', password, access: 'owner' },
    ])
      assert.equal((await admin.ask('POST', '/page/people', wrong)).status, 400);
  });

  test('always include somebody who may write', async (t) => {
    const { admin } = await withReader(await startWorld(t));
    assert.equal((await admin.ask('DELETE', '/page/people/1')).status, 409);
    assert.equal((await admin.ask('PUT', '/page/people/1', { access: 'read' })).status, 409);
    await admin.ask('PUT', '/page/people/2', { access: 'write' });
    assert.equal((await admin.ask('PUT', '/page/people/1', { access: 'read' })).status, 200);
    assert.equal((await admin.ask('PUT', '/page/people/1', { access: 'write' })).status, 403);
  });
});

describe('API tokens', () => {
  test('are shown once, and kept as a hash', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const made = await admin.ask('POST', '/page/tokens', { name: 'grafana', access: 'read' });
    assert.equal(made.status, 201);
    const { token, ...rest } = newTokenSchema.parse(made.body);
    assert.match(token, /^[\w-]{43}$/);
    const { body } = await admin.ask('GET', '/page/tokens');
    assert.deepEqual(tokensSchema.parse(body), body);
    assert.deepEqual(body.tokens[1], rest);
    assert.ok(!JSON.stringify(body).includes(token));
    const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { readOnly: true });
    const rows = JSON.stringify(database.prepare('SELECT * FROM api_token').all());
    database.close();
    assert.match(rows, /"token_hash":"[\da-f]{64}"/);
    assert.ok(!rows.includes(token));
  });

  test('that are revoked, and wrong ones, get v7’s 401', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const { body } = await admin.ask('POST', '/page/tokens', { name: 'x', access: 'write' });
    const agents = `${world.collector.url}/v7/agents`;
    assert.equal((await ask(agents, 'GET', body.token)).status, 200);
    assert.equal((await admin.ask('DELETE', `/page/tokens/${body.tokenId}`)).status, 204);
    for (const token of [body.token, 'wrong']) {
      const answer = await ask(agents, 'GET', token);
      assert.equal(answer.status, 401);
      assert.equal(unauthorizedSchema.parse(answer.body).error, 'invalid_token');
    }
    const none = await ask(agents, 'GET', null);
    assert.deepEqual([none.status, none.body.error], [401, 'unauthorized']);
    assert.equal((await admin.ask('DELETE', `/page/tokens/${body.tokenId}`)).status, 404);
  });

  test('tell when they were last used, without a write for each request', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const { body } = await admin.ask('POST', '/page/tokens', { name: 'x', access: 'read' });
    const lastUsed = async () => (await admin.ask('GET', '/page/tokens')).body.tokens[1].lastUsedDate;
    const use = () => ask(`${world.collector.url}/v7/agents`, 'GET', body.token);
    assert.equal(await lastUsed(), undefined);
    await use();
    const first = await lastUsed();
    assert.ok(Math.abs(Date.parse(first) - world.clock.wallMs()) < 60_000);
    world.clock.advance(30_000);
    await use();
    assert.equal(await lastUsed(), first);
    world.clock.advance(31_000);
    await use();
    assert.notEqual(await lastUsed(), first);
  });

  test('include that of the file, which is changed there and nowhere else', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const { tokens } = (await admin.ask('GET', '/page/tokens')).body;
    assert.deepEqual([tokens.length, tokens[0].name, tokens[0].access], [1, 'api-token', 'write']);
    assert.equal((await admin.ask('DELETE', `/page/tokens/${tokens[0].tokenId}`)).status, 409);
    await world.restart();
    assert.deepEqual((await admin.ask('GET', '/page/tokens')).body.tokens[0].tokenId, tokens[0].tokenId);
    assert.equal((await world.rest('GET', '/v7/agents')).status, 200);
  });

  test('open /page as they open /v7', async (t) => {
    const world = await startWorld(t);
    assert.equal((await world.rest('GET', '/page/people')).status, 200);
    assert.equal((await ask(`${world.collector.url}/page/people`, 'GET', 'wrong')).status, 401);
  });

  test('count instead of a cookie where both are sent', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const wrong = { authorization: 'Bearer wrong' };
    assert.equal((await admin.ask('GET', '/v7/agents', undefined, wrong)).status, 401);
    // Of a proxy that asks for a password of its own.
    const basic = { authorization: 'Basic dXNlcjpwYXNz' };
    assert.equal((await admin.ask('GET', '/v7/agents', undefined, basic)).status, 200);
  });
});

describe('who may only read', () => {
  const changes: [string, string, unknown][] = [
    ['POST', '/page/people', { name: 'x', password, access: 'write' }],
    ['PUT', '/page/people/2', { access: 'write' }],
    ['DELETE', '/page/people/1', undefined],
    ['POST', '/page/tokens', { name: 'x', access: 'write' }],
    ['DELETE', '/page/tokens/1', undefined],
    ['POST', '/v7/tests/agent-to-agent', {}],
    ['PUT', '/v7/agents/1', { enabled: false }],
    ['DELETE', '/v7/tests/agent-to-agent/1', undefined],
  ];

  test('as a person changes nothing, sees no secret, and may have another password', async (t) => {
    const world = await startWorld(t);
    const { reader } = await withReader(world);
    await world.enroll('agent');
    for (const [method, path, body] of [...changes, ['GET', '/page/enrolment', undefined] as const]) {
      const answer = await reader.ask(method, path, body);
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(problemSchema.parse(answer.body).status, 403);
    }
    for (const path of ['/v7/agents', '/page/people', '/page/tokens'])
      assert.equal((await reader.ask('GET', path)).status, 200, path);
    const change = { current: password, next: 'another one, long enough' };
    assert.equal((await reader.ask('PUT', '/page/session/password', change)).status, 204);
  });

  test('by a token changes nothing and sees no secret', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const { token } = (await admin.ask('POST', '/page/tokens', { name: 'x', access: 'read' })).body;
    await world.enroll('agent');
    for (const [method, path, body] of [...changes, ['GET', '/page/enrolment', undefined] as const]) {
      const answer = await ask(world.collector.url + path, method, token, body);
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(problemSchema.parse(answer.body).title, 'Forbidden');
    }
    assert.equal((await world.rest('GET', '/v7/agents')).body.agents[0].enabled, true);
    assert.equal((await ask(`${world.collector.url}/v7/agents`, 'GET', token)).status, 200);
  });
});

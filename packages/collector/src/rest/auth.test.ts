import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { pageHeader } from '@pinhole/contract';
import { startWorld, type World } from '../../test/harness.ts';
import { administrator, adminPassword, type Browser, browser } from '../../test/person.ts';

const password = 'a long enough password';
const newPerson = { name: 'intruder', password, access: 'write' };

/** Sends all but the body, and comes back when the server waits for that; what it gives sends it, and has the status. */
async function stalled(
  world: World,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: unknown,
): Promise<() => Promise<number>> {
  const text = JSON.stringify(body);
  const sent = request(world.collector.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      expect: '100-continue',
      ...headers,
    },
  });
  await once(sent, 'continue');
  // The answer to this comes after the first look at who asks.
  await world.rest('GET', '/v7/agents');
  return async () => {
    sent.end(text);
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  };
}

const asPage = ({ cookie }: Browser) => ({ cookie: cookie ?? '', [pageHeader]: '1' });

async function names(admin: Browser): Promise<string[]> {
  const { body } = await admin.ask('GET', '/page/people');
  return body.people.map(({ name }: { name: string }) => name);
}

describe('a request whose body is long in coming', () => {
  test('changes what it asks for where nothing has changed meanwhile', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const finish = await stalled(world, 'POST', '/page/people', asPage(admin), newPerson);
    assert.equal(await finish(), 201);
    assert.deepEqual(await names(admin), ['admin', 'intruder']);
  });

  test('changes nothing with a token that is revoked by then', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    const { body } = await admin.ask('POST', '/page/tokens', { name: 'x', access: 'write' });
    const bearer = { authorization: `Bearer ${body.token}` };
    const finish = [
      await stalled(world, 'POST', '/page/tokens', bearer, { name: 'next', access: 'write' }),
      await stalled(world, 'POST', '/page/people', bearer, newPerson),
      await stalled(world, 'POST', '/v7/tests/agent-to-agent', bearer, {}),
    ];
    assert.equal((await admin.ask('DELETE', `/page/tokens/${body.tokenId}`)).status, 204);
    for (const each of finish) assert.equal(await each(), 401);
    assert.deepEqual(await names(admin), ['admin']);
    assert.equal((await admin.ask('GET', '/page/tokens')).body.tokens.length, 1);
  });

  test('changes nothing in a session that is over by then', async (t) => {
    const world = await startWorld(t);
    const [admin, other] = [await administrator(world), await administrator(world)];
    const finish = await stalled(world, 'POST', '/page/people', asPage(other), newPerson);
    await other.ask('DELETE', '/page/session');
    assert.equal(await finish(), 401);
    assert.deepEqual(await names(admin), ['admin']);
  });

  test('changes nothing for somebody who may only read by then', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    await admin.ask('POST', '/page/people', { name: 'Rea', password, access: 'write' });
    const rea = browser(world);
    await rea.signIn('Rea', password);
    const finish = await stalled(world, 'PUT', '/page/people/2', asPage(rea), { access: 'write' });
    assert.equal((await admin.ask('PUT', '/page/people/2', { access: 'read' })).status, 200);
    assert.equal(await finish(), 403);
    assert.equal((await rea.ask('GET', '/page/session')).body.access, 'read');
  });

  test('does not set back a password that an administrator has set by then', async (t) => {
    const world = await startWorld(t);
    const admin = await administrator(world);
    await admin.ask('POST', '/page/people', { name: 'Rea', password, access: 'write' });
    const rea = browser(world);
    await rea.signIn('Rea', password);
    const change = { current: password, next: 'a password of the thief’s' };
    const finish = await stalled(world, 'PUT', '/page/session/password', asPage(rea), change);
    await admin.ask('PUT', '/page/people/2', { password: 'another, longer password' });
    assert.equal(await finish(), 401);
    assert.equal((await browser(world).signIn('Rea', change.next)).status, 401);
    assert.equal((await browser(world).signIn('Rea', 'another, longer password')).status, 200);
  });
});

test('of two changes of one password at once, one is made', async (t) => {
  const world = await startWorld(t);
  const own = await administrator(world);
  const current = adminPassword(world);
  const nexts = ['the first one of the two', 'the second one of the two'];
  const answers = await Promise.all(
    nexts.map((next) => own.ask('PUT', '/page/session/password', { current, next })),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [204, 400]);
  const kept = nexts.filter((_, at) => answers[at]!.status === 204);
  assert.equal((await browser(world).signIn('admin', kept[0]!)).status, 200);
});

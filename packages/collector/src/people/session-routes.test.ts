import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { pageHeader, sessionSchema, unauthorizedSchema } from '@pinhole/contract';
import { startWorld } from '../../test/harness.ts';
import { administrator, adminPassword, browser } from '../../test/person.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe('signing in', () => {
  test('opens the page and REST', async (t) => {
    const world = await startWorld(t);
    const own = browser(world);
    assert.equal((await own.ask('GET', '/page/session')).status, 401);
    const { status, body, headers } = await own.signIn('admin', adminPassword(world));
    assert.equal(status, 200);
    assert.deepEqual(sessionSchema.parse(body), { personId: '1', name: 'admin', access: 'write' });
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual((await own.ask('GET', '/page/session')).body, body);
    assert.equal((await own.ask('GET', '/v7/agents')).status, 200);
    assert.equal((await own.ask('GET', '/page/people')).status, 200);
  });

  test('gives a cookie that scripts, other sites and the disk do not get', async (t) => {
    const world = await startWorld(t);
    const { headers } = await browser(world).signIn('admin', adminPassword(world));
    const [cookie] = headers.getSetCookie();
    assert.match(cookie!, /^pinhole=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    const secret = cookie!.slice('pinhole='.length, 'pinhole='.length + 43);
    const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { readOnly: true });
    const rows = JSON.stringify(database.prepare('SELECT * FROM session').all());
    database.close();
    assert.match(rows, /"session_hash":"[\da-f]{64}"/);
    assert.ok(!rows.includes(secret));
  });

  test('with a wrong password and with a name that nobody has gets the same answer', async (t) => {
    const world = await startWorld(t);
    const answers = [
      await browser(world).signIn('admin', 'a wrong password'),
      await browser(world).signIn('nobody', 'a wrong password'),
      await browser(world).signIn("admin' OR '1'='1", adminPassword(world)),
      await browser(world).signIn('admin', ''),
    ];
    for (const { status, body, headers } of answers) {
      assert.equal(status, 401);
      assert.deepEqual(unauthorizedSchema.parse(body), answers[0]!.body);
      assert.deepEqual(headers.getSetCookie(), []);
    }
  });

  test('with something else than a name and a password is refused', async (t) => {
    const own = browser(await startWorld(t));
    for (const body of [
      {},
      { name: 'admin' },
      { name: 1, password: 2 },
      { name: 'x'.repeat(201), password: 'x' },
      { name: 'admin\u0000127.0.0.1', password: 'x' },
    ])
      assert.equal((await own.ask('POST', '/page/session', body)).status, 400);
    assert.equal((await own.signIn('admin', 'x'.repeat(9000))).status, 413);
  });

  test('is limited; whoever has the right password waits, and is told how long', async (t) => {
    const world = await startWorld(t);
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      statuses.push((await browser(world).signIn('admin', `guess ${count}`)).status);
    }
    assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429]);
    const waiting = await browser(world).signIn('admin', adminPassword(world));
    assert.equal(waiting.status, 429);
    const waitS = Number(waiting.headers.get('retry-after'));
    assert.ok(waitS >= 1 && waitS <= 12, `${waitS}`);
    world.clock.advance(waitS * 1000);
    assert.equal((await browser(world).signIn('admin', adminPassword(world))).status, 200);
  });

  test('makes a new session each time: one that was planted is worth nothing', async (t) => {
    const world = await startWorld(t);
    const own = browser(world);
    own.cookie = `pinhole=${'A'.repeat(43)}`;
    await own.signIn('admin', adminPassword(world));
    const first = own.cookie;
    assert.ok(!first!.includes('AAAA'));
    await own.signIn('admin', adminPassword(world));
    assert.notEqual(own.cookie, first);
  });
});

describe('a session', () => {
  test('ends at sign-out, for whoever has its cookie', async (t) => {
    const world = await startWorld(t);
    const own = await administrator(world);
    const { cookie } = own;
    const { status, headers } = await own.ask('DELETE', '/page/session');
    assert.equal(status, 204);
    assert.match(headers.getSetCookie()[0]!, /^pinhole=; /);
    assert.equal(own.cookie, null);
    assert.equal((await own.ask('GET', '/page/session', undefined, { cookie })).status, 401);
  });

  test('ends after twelve hours without a request, and after thirty days with', async (t) => {
    const world = await startWorld(t);
    const [used, unused] = [await administrator(world), await administrator(world)];
    world.clock.advance(11 * hourMs);
    assert.equal((await used.ask('GET', '/page/session')).status, 200);
    world.clock.advance(11 * hourMs);
    assert.equal((await used.ask('GET', '/page/session')).status, 200);
    assert.equal((await unused.ask('GET', '/page/session')).status, 401);
    world.clock.advance(13 * hourMs);
    assert.equal((await used.ask('GET', '/page/session')).status, 401);

    const long = await administrator(world);
    for (let days = 0; days < 29.5; days += 0.5) {
      world.clock.advance(dayMs / 2 - 60_000);
      assert.equal((await long.ask('GET', '/page/session')).status, 200, `after ${days} days`);
    }
    world.clock.advance(dayMs);
    assert.equal((await long.ask('GET', '/page/session')).status, 401);
  });

  test('outlives the collector', async (t) => {
    const world = await startWorld(t);
    const own = await administrator(world);
    await world.restart();
    assert.equal((await own.ask('GET', '/page/session')).status, 200);
  });
});

describe('what other sites’ pages make a browser send', () => {
  // A browser sends no SameSite=Strict cookie with any of these; here it does, as if it did not know that.
  const attacks: [string, Record<string, string | null>][] = [
    ['a form', { [pageHeader]: null, 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }],
    ['a form, of a browser that does not tell', { [pageHeader]: null, 'sec-fetch-site': null }],
    ['a script of another origin of the same site', { 'sec-fetch-site': 'same-site' }],
    ['a script that sets the header', { 'sec-fetch-site': 'cross-site' }],
    ['a link that was typed', { 'sec-fetch-site': 'none' }],
  ];
  for (const [what, headers] of attacks) {
    test(`changes nothing: ${what}`, async (t) => {
      const world = await startWorld(t);
      const own = await administrator(world);
      const person = { name: 'intruder', password: 'a long enough password', access: 'write' };
      const requests: [string, string, unknown][] = [
        ['POST', '/page/people', person],
        ['POST', '/page/tokens', { name: 'x', access: 'write' }],
        ['PUT', '/page/session/password', { current: adminPassword(world), next: 'a long enough password' }],
        ['POST', '/v7/tests/agent-to-agent', {}],
        ['DELETE', '/page/session', undefined],
      ];
      for (const [method, path, body] of requests) {
        const { status } = await own.ask(method, path, body, headers);
        assert.ok(status === 403, `${method} ${path}: ${status}`);
      }
      assert.equal((await own.ask('GET', '/page/people')).body.people.length, 1);
      assert.equal((await own.ask('GET', '/page/tokens')).body.tokens.length, 1);
    });
  }

  test('reads nothing', async (t) => {
    const own = await administrator(await startWorld(t));
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site, [pageHeader]: null };
      for (const path of ['/page/enrolment', '/v7/agents', '/page/session'])
        assert.equal((await own.ask('GET', path, undefined, headers)).status, 403, path);
    }
    const typed = { 'sec-fetch-site': 'none', [pageHeader]: null };
    assert.equal((await own.ask('GET', '/v7/agents', undefined, typed)).status, 200);
  });

  test('signs nobody in to an account of the attacker’s', async (t) => {
    const world = await startWorld(t);
    const body = { name: 'admin', password: adminPassword(world) };
    const own = browser(world);
    const foreign: Record<string, string | null>[] = [
      { [pageHeader]: null, 'sec-fetch-site': null },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      assert.equal((await own.ask('POST', '/page/session', body, headers)).status, 403);
      assert.equal(own.cookie, null);
    }
  });

  test('is never allowed by CORS', async (t) => {
    const own = await administrator(await startWorld(t));
    const { headers } = await own.ask('GET', '/v7/agents', undefined, { origin: 'https://evil.example' });
    for (const name of headers.keys()) assert.ok(!name.startsWith('access-control-'), name);
  });
});

describe('another password', () => {
  test('ends the other sessions, takes the place of the old one, and its file is gone', async (t) => {
    const world = await startWorld(t);
    const first = adminPassword(world);
    const [own, other] = [await administrator(world), await administrator(world)];
    const next = 'another, longer password';
    const change = (current: string, wanted = next) =>
      own.ask('PUT', '/page/session/password', { current, next: wanted });
    const wrong = await change('not the password');
    assert.deepEqual([wrong.status, wrong.body.errors[0].field], [400, 'current']);
    assert.equal((await change(first, 'too short')).status, 400);
    assert.equal((await own.ask('GET', '/page/session')).status, 200);
    assert.equal((await other.ask('GET', '/page/session')).status, 200);

    assert.equal((await change(first)).status, 204);
    assert.equal((await own.ask('GET', '/page/session')).status, 200);
    assert.equal((await other.ask('GET', '/page/session')).status, 401);
    assert.equal((await browser(world).signIn('admin', first)).status, 401);
    assert.equal((await browser(world).signIn('admin', next)).status, 200);
    assert.equal(existsSync(join(world.dataDir, 'admin-password')), false);
    await world.restart();
    assert.equal(existsSync(join(world.dataDir, 'admin-password')), false);
    assert.equal(world.collector.adminPasswordFile, null);
  });

  test('cannot be guessed at by way of a session that was left open', async (t) => {
    const own = await administrator(await startWorld(t));
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      const body = { current: `guess ${count}`, next: 'a long enough password' };
      statuses.push((await own.ask('PUT', '/page/session/password', body)).status);
    }
    assert.deepEqual(statuses.slice(-2), [429, 429]);
  });

  test('is none of an API token’s business, and neither is a session', async (t) => {
    const world = await startWorld(t);
    assert.equal((await world.rest('GET', '/page/session')).status, 404);
    const body = { current: adminPassword(world), next: 'a long enough password' };
    assert.equal((await world.rest('PUT', '/page/session/password', body)).status, 404);
  });
});

describe('the administrator', () => {
  test('gets a password at the first start, in a file for this user only', async (t) => {
    const world = await startWorld(t);
    assert.equal(world.collector.adminPasswordFile, join(world.dataDir, 'admin-password'));
    assert.match(
      readFileSync(world.collector.adminPasswordFile!, 'utf8'),
      /^([a-km-z2-9]{5}-){3}[a-km-z2-9]{5}\n$/,
    );
  });

  test('has the password of the environment instead, which is in no file, and is a way back in', async (t) => {
    const given = 'chosen by the operator';
    const world = await startWorld(t, { adminPassword: given });
    assert.equal(world.collector.adminPasswordFile, null);
    assert.equal(existsSync(join(world.dataDir, 'admin-password')), false);
    const own = browser(world);
    assert.equal((await own.signIn('admin', given)).status, 200);
    await world.restart();
    assert.equal((await own.ask('GET', '/page/session')).status, 200);
    await world.collector.close();
    const later = await startWorld(t, { dataDir: world.dataDir, adminPassword: 'chosen anew later' });
    const back = browser(later);
    assert.equal((await back.ask('GET', '/page/session', undefined, { cookie: own.cookie })).status, 401);
    assert.equal((await back.signIn('admin', given)).status, 401);
    assert.equal((await back.signIn('admin', 'chosen anew later')).status, 200);
  });

  test('is not made again where others are there', async (t) => {
    const world = await startWorld(t);
    const own = await administrator(world);
    const other = { name: 'Ines', password: 'a long enough password', access: 'write' };
    await own.ask('POST', '/page/people', other);
    const ines = browser(world);
    await ines.signIn('ines', other.password);
    assert.equal((await ines.ask('DELETE', '/page/people/1')).status, 204);
    assert.equal((await own.ask('GET', '/page/session')).status, 401);
    await world.restart();
    const { body } = await ines.ask('GET', '/page/people');
    assert.deepEqual(
      body.people.map((each: { name: string }) => each.name),
      ['Ines'],
    );
  });

  test('with a password of less than twelve characters keeps the collector from starting', async (t) => {
    await assert.rejects(startWorld(t, { adminPassword: 'short' }), { code: 'password-not-usable' });
  });
});

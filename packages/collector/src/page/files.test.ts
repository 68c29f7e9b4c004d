import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pageHeader, problemSchema } from '@pinhole/contract';
import { startWorld, temporaryFolder } from '../../test/harness.ts';
import { adminPassword } from '../../test/person.ts';

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function worldWithPage(t: Parameters<typeof startWorld>[0]) {
  const pageDir = join(temporaryFolder(t), 'dist');
  mkdirSync(join(pageDir, 'assets'), { recursive: true });
  writeFileSync(
    join(pageDir, 'index.html'),
    '<!doctype html><script type="module" src="/assets/main-1a2b.js"></script>',
  );
  writeFileSync(join(pageDir, 'assets', 'main-1a2b.js'), 'document.title = 1;');
  writeFileSync(join(pageDir, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(pageDir, '..', 'secret'), 'not for everybody');
  writeFileSync(join(pageDir, '.env'), 'not for everybody');
  const world = await startWorld(t, { pageDir });
  const get = async (path: string, headers: Record<string, string> = html) => {
    const response = await fetch(world.collector.url + path, { headers, redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { world, get };
}

describe('the page', () => {
  test('is what a person gets at all of its places, asked for each time', async (t) => {
    const { get } = await worldWithPage(t);
    for (const path of [
      '/',
      '/agents',
      '/agents/7?tab=advanced',
      '/views/12?round=1700000000',
      '/settings/people',
      '/?x=1',
    ]) {
      const { status, headers, text } = await get(path);
      assert.equal(status, 200, path);
      assert.match(text, /^<!doctype html>/);
      assert.match(headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(headers.get('cache-control'), 'public, max-age=0');
    }
  });

  test('has files with a name for each content, which are kept for a year', async (t) => {
    const { get } = await worldWithPage(t);
    const { status, headers } = await get('/assets/main-1a2b.js', { accept: '*/*' });
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.match(headers.get('content-type') ?? '', /^(text|application)\/javascript/);
    assert.equal((await get('/icon.svg', { accept: 'image/svg+xml' })).status, 200);
  });

  test('does not stand where programs ask, nor for what is not there', async (t) => {
    const { get } = await worldWithPage(t);
    assert.equal((await get('/v7/agents')).status, 401);
    for (const path of [
      '/v7/nonsense',
      '/agent/v1/nonsense',
      '/page/nonsense',
      '/assets/gone-9z.js',
      '/nonsense.png',
    ])
      assert.notEqual((await get(path)).status, 200, path);
    assert.equal((await get('/nonsense', { accept: '*/*' })).status, 404);
    // It may be there tomorrow.
    assert.equal((await get('/assets/gone-9z.js')).headers.get('cache-control'), null);
  });

  test('is the only thing in its folder that is shown', async (t) => {
    const { get } = await worldWithPage(t);
    for (const path of [
      '/../secret',
      '/assets/../../secret',
      '/assets/..%2f..%2fsecret',
      '/%2e%2e/secret',
      '/.env',
      '/assets/%2e%2e/.env',
    ])
      for (const headers of [html, { accept: '*/*' }])
        assert.ok(!(await get(path, headers)).text.includes('not for everybody'), path);
  });

  test('runs nothing but its own scripts, sends to nobody else, and stands in nobody’s frame', async (t) => {
    const { get } = await worldWithPage(t);
    const { headers } = await get('/agents');
    const policy = new Map(
      headers
        .get('content-security-policy')!
        .split('; ')
        .map((each) => [each.split(' ')[0]!, each.split(' ').slice(1).join(' ')]),
    );
    assert.equal(policy.get('default-src'), "'self'");
    assert.equal(policy.get('script-src'), "'self'");
    assert.equal(policy.get('style-src'), "'self'");
    assert.equal(policy.get('img-src'), "'self' data: blob:");
    assert.equal(policy.get('connect-src'), "'self'");
    assert.equal(policy.get('frame-ancestors'), "'none'");
    assert.equal(policy.get('base-uri'), "'none'");
    assert.equal(policy.get('form-action'), "'self'");
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.match(headers.get('permissions-policy') ?? '', /camera=\(\)/);
    // Without TLS they would be ignored, and must not be sent, or are complained of.
    assert.equal(headers.get('strict-transport-security'), null);
    assert.equal(headers.get('cross-origin-opener-policy'), null);
  });

  test('that is not built says what to do', async (t) => {
    const world = await startWorld(t, { pageDir: join(temporaryFolder(t), 'dist') });
    const response = await fetch(`${world.collector.url}/agents`, { headers: html });
    assert.equal(response.status, 503);
    assert.match(await response.text(), /npm run setup/);
    assert.equal((await world.rest('GET', '/v7/agents')).status, 200);
  });
});

test('data is run, framed and guessed at by no browser', async (t) => {
  const world = await startWorld(t);
  const { headers } = await world.rest('GET', '/v7/agents');
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('a path that is none gets a problem body, and what browsers are told about each answer', async (t) => {
  const { get } = await worldWithPage(t);
  for (const path of ['/%ff', '/assets/%', '/v7/agents/%c0?x=1']) {
    const { status, headers, text } = await get(path);
    assert.equal(status, 400, path);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    const problem = problemSchema.parse(JSON.parse(text));
    assert.deepEqual([problem.status, problem.instance], [400, path.split('?')[0]]);
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
});

test('behind a proxy that speaks HTTPS, the cookie is never sent without it', async (t) => {
  const world = await startWorld(t, { trustedProxies: ['127.0.0.1'] });
  const signIn = (headers: Record<string, string>) =>
    fetch(`${world.collector.url}/page/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [pageHeader]: '1', ...headers },
      body: JSON.stringify({ name: 'admin', password: adminPassword(world) }),
    });
  const { headers } = await signIn({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' });
  assert.match(headers.getSetCookie()[0]!, /^__Host-pinhole=.*; HttpOnly; Secure; SameSite=Strict$/);
  assert.match(headers.get('strict-transport-security') ?? '', /max-age/);
  assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
});

test('nobody but a trusted proxy says whom he speaks for, or by what scheme', async (t) => {
  const world = await startWorld(t);
  const response = await fetch(`${world.collector.url}/page/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [pageHeader]: '1', 'x-forwarded-proto': 'https' },
    body: JSON.stringify({ name: 'admin', password: adminPassword(world) }),
  });
  assert.match(response.headers.getSetCookie()[0]!, /^pinhole=/);
  // Else each attempt could come from an address of its own.
  const statuses: number[] = [];
  for (let count = 0; count < 22; count += 1) {
    const attempt = await fetch(`${world.collector.url}/page/session`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [pageHeader]: '1',
        'x-forwarded-for': `198.51.100.${count}`,
      },
      body: JSON.stringify({ name: `name ${count}`, password: 'x' }),
    });
    statuses.push(attempt.status);
  }
  assert.equal(statuses.at(-1), 429);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { ask, facts, startWorld } from '../test/harness.ts';

test('REST needs the API token', async (t) => {
  const { collector } = await startWorld(t);
  for (const token of [null, 'wrong']) {
    const { status, body, headers } = await ask(`${collector.url}/v7/agents`, 'GET', token);
    assert.equal(status, 401);
    assert.deepEqual(Object.keys(body), ['error', 'error_description']);
    assert.equal(headers.get('www-authenticate'), 'Bearer');
  }
});

test('an account token is no API token, and an API token no agent secret', async (t) => {
  const { collector } = await startWorld(t, { apiToken: 'the-api-token', accountToken: 'the-account-token' });
  assert.equal((await ask(`${collector.url}/v7/agents`, 'GET', 'the-account-token')).status, 401);
  assert.equal(
    (await ask(`${collector.url}/agent/v1/changes?version=0`, 'GET', 'the-api-token')).status,
    401,
  );
});

test('failed logins are limited for each address, and a right token still gets in', async (t) => {
  const { collector, rest } = await startWorld(t, { limits: { failedLoginsPerMinute: 2 } });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    statuses.push((await ask(`${collector.url}/v7/agents`, 'GET', 'wrong')).status);
  }
  assert.deepEqual(statuses, [401, 401, 429, 429]);
  assert.equal((await rest('GET', '/v7/agents')).status, 200);
});

test("REST tells its rate limit in v7's headers, and keeps it", async (t) => {
  const { rest, clock } = await startWorld(t, { limits: { restPerMinute: 2 } });
  const first = await rest('GET', '/v7/agents');
  assert.equal(first.headers.get('x-organization-rate-limit-limit'), '2');
  assert.equal(first.headers.get('x-organization-rate-limit-remaining'), '1');
  const resetS = Number(first.headers.get('x-organization-rate-limit-reset'));
  assert.ok(resetS > clock.wallMs() / 1000 - 5 && resetS < clock.wallMs() / 1000 + 120);
  await rest('GET', '/v7/agents');
  const third = await rest('GET', '/v7/agents');
  assert.equal(third.status, 429);
  assert.match(third.headers.get('content-type') ?? '', /^application\/problem\+json/);
});

test('health is told to everybody', async (t) => {
  const { collector } = await startWorld(t);
  assert.deepEqual((await ask(`${collector.url}/healthz`, 'GET', null)).body, { status: 'ok' });
});

test('whatever is wrong with a request, the answer is a problem body', async (t) => {
  const { rest } = await startWorld(t);
  const tests = '/v7/tests/agent-to-agent';
  const cases: [string, string, unknown, number][] = [
    ['GET', '/v7/nonsense', undefined, 404],
    ['GET', '/nonsense', undefined, 404],
    ['GET', `${tests}/999`, undefined, 404],
    ['GET', `${tests}/007`, undefined, 404],
    ['GET', `${tests}/9223372036854775808`, undefined, 404],
    ['GET', '/v7/agents/x', undefined, 404],
    ['GET', '/v7/test-results/1/network', undefined, 404],
    ['DELETE', '/v7/agents', undefined, 405],
    ['GET', `${tests}/instant`, undefined, 405],
    ['PATCH', `${tests}/1`, {}, 405],
    ['POST', tests, '{"testName":', 400],
    ['POST', tests, '[]', 400],
    ['POST', tests, '"text"', 400],
    ['POST', tests, 'null', 400],
    ['POST', tests, `{"testName":"${'x'.repeat(1_100_000)}"}`, 413],
    ['GET', '/v7/agents?expand=nonsense', undefined, 400],
  ];
  for (const [method, path, body, expected] of cases) {
    const answer = await rest(method, path, body);
    const what = `${method} ${path}`;
    assert.equal(answer.status, expected, what);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, what);
    assert.equal(answer.body.status, expected, what);
    assert.equal(answer.body.instance, path.split('?')[0], what);
    if (expected === 405) assert.ok(answer.headers.get('allow'), what);
  }
});

test('of a method that is not possible no body is read', async (t) => {
  const { collector, rest } = await startWorld(t);
  assert.equal((await rest('PATCH', '/v7/agents', '['.repeat(2_000_000))).status, 405);
  // Nor of anybody, where no token is asked for.
  const { status, headers } = await ask(`${collector.url}/healthz`, 'POST', null, '{"not":');
  assert.deepEqual([status, headers.get('allow')], [405, 'GET']);
});

test('a connection on which nothing is said, or half of a request’s headers, ends', async (t) => {
  const { collector } = await startWorld(t);
  const { hostname, port } = new URL(collector.url);
  const begunMs = performance.now();
  const ends = ['', 'GET /healthz HTTP/1.1\r\nhost: x\r\n'].map(async (said) => {
    const socket = connect(Number(port), hostname);
    t.after(() => socket.destroy());
    socket.write(said);
    socket.resume();
    await once(socket, 'close');
    return performance.now() - begunMs;
  });
  // 10 s and what lies between two looks. As Node has it by itself, it takes a minute at least.
  for (const tookMs of await Promise.all(ends)) assert.ok(tookMs > 9000 && tookMs < 45_000, `${tookMs} ms`);
});

test('a body that is no JSON is refused', async (t) => {
  const { collector } = await startWorld(t, { apiToken: 'the-api-token' });
  const response = await fetch(`${collector.url}/v7/tests/agent-to-agent`, {
    method: 'POST',
    headers: { authorization: 'Bearer the-api-token', 'content-type': 'application/xml' },
    body: '<test/>',
  });
  assert.equal(response.status, 415);
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  await response.arrayBuffer();
});

for (const [publicUrl, expected] of [
  [undefined, '127.0.0.1'],
  ['https://pinhole.example/', '203.0.113.7'],
] as const) {
  test(`X-Forwarded-For from this machine counts ${publicUrl === undefined ? 'nothing' : 'when a public URL is set'}`, async (t) => {
    const port = await freePort();
    const world = await startWorld(t, {
      listen: { host: '127.0.0.1', port },
      apiToken: 'the-api-token',
      accountToken: 'the-account-token',
      ...(publicUrl === undefined ? {} : { publicUrl }),
    });
    const url = `http://127.0.0.1:${port}`;
    await fetch(`${url}/agent/v1/enroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' },
      body: JSON.stringify({ accountToken: 'the-account-token', agentName: 'x', facts }),
    }).then((response) => response.arrayBuffer());
    const { body } = await ask(`${url}/v7/agents`, 'GET', 'the-api-token');
    assert.deepEqual(body.agents[0].publicIpAddresses, [expected]);
    const base = publicUrl === undefined ? url : 'https://pinhole.example';
    assert.equal(world.collector.url, base);
    assert.equal(body._links.self.href, `${base}/v7/agents`);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

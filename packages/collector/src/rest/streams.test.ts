import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, startWorld, type World } from '../../test/harness.ts';
import { startReceiver } from '../../test/receiver.ts';

const streams = '/v7/streams';
const least = { endpointType: 'http', streamEndpointUrl: 'http://127.0.0.1:9/v1/metrics' };

async function make(world: World, change: object = {}) {
  const answer = await world.rest('POST', streams, { ...least, ...change });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer;
}

describe('streams', () => {
  test('are made, listed, changed in part and deleted', async (t) => {
    const world = await startWorld(t);
    assert.deepEqual((await world.rest('GET', streams)).body, []);
    const { body, headers } = await make(world, { testMatch: [{ id: '7', domain: 'cea' }] });
    const url = `${streams}/${body.id}`;
    assert.equal(headers.get('location'), world.collector.url + url);
    assert.deepEqual(
      [body.type, body.signal, body.endpointType, body.dataModelVersion, body.enabled, body.streamStatus],
      [
        'opentelemetry',
        'metric',
        'http',
        'v2',
        true,
        { lastSuccess: null, lastFailure: null, status: 'pending', waiting: 0, lost: 0 },
      ],
    );
    assert.equal('updatedDate' in body.auditOperation, false);
    const changed = await world.rest('PUT', url, { enabled: false });
    assert.equal(changed.status, 200);
    const { body: read } = await world.rest('GET', url);
    assert.deepEqual([read.enabled, read.testMatch], [false, [{ id: '7', domain: 'cea' }]]);
    assert.equal(typeof read.auditOperation.updatedDate, 'number');
    assert.deepEqual((await world.rest('GET', streams)).body, [read]);
    assert.deepEqual((await world.rest('GET', `${streams}?type=splunk-hec`)).body, []);
    assert.equal((await world.rest('DELETE', url)).status, 204);
    for (const method of ['GET', 'PUT', 'DELETE'])
      assert.equal((await world.rest(method, url, method === 'PUT' ? {} : undefined)).status, 404);
  });

  test('never tell the values of their headers, and keep them when they are written back', async (t) => {
    const world = await startWorld(t);
    const { body } = await make(world, {
      customHeaders: { Authorization: 'Bearer secret', 'X-Scope': 'me' },
    });
    const url = `${streams}/${body.id}`;
    const masked = { Authorization: '*****', 'X-Scope': '*****' };
    const again = await world.rest('PUT', url, {
      customHeaders: { ...body.customHeaders, 'X-Scope': 'you' },
    });
    const shown = [
      body,
      again.body,
      (await world.rest('GET', url)).body,
      (await world.rest('GET', streams)).body[0],
    ];
    for (const each of shown) assert.deepEqual(each.customHeaders, masked);
    assert.doesNotMatch(JSON.stringify(shown), /secret|you/);
    // Masks are for values that are there.
    const { status, body: problem } = await world.rest('PUT', url, { customHeaders: { New: '*****' } });
    assert.equal(status, 400);
    assert.match(problem.errors[0], /^customHeaders.New: /);
  });

  test('show their whole address to those who may change it only: its path may be a secret', async (t) => {
    const world = await startWorld(t);
    const streamEndpointUrl = 'http://127.0.0.1:9/v1/metrics?token=hidden';
    const { body } = await make(world, { streamEndpointUrl, enabled: false });
    const { body: reader } = await world.rest('POST', '/page/tokens', { name: 'reader', access: 'read' });
    for (const url of [streams, `${streams}/${body.id}`]) {
      const own = await world.rest('GET', url);
      const others = await ask(world.collector.url + url, 'GET', reader.token);
      assert.deepEqual(
        [own, others].map((answer) => [answer.body].flat()[0].streamEndpointUrl),
        [streamEndpointUrl, 'http://127.0.0.1:9/'],
      );
    }
  });

  test('take no address with a password in it, and no header that belongs to the connection', async (t) => {
    const world = await startWorld(t);
    for (const wrong of [
      { streamEndpointUrl: 'http://:secret@127.0.0.1:9/' },
      { customHeaders: { 'Content-Length': '3' } },
      { customHeaders: { 'transfer-encoding': 'chunked' } },
      { customHeaders: { Host: 'elsewhere' } },
    ])
      assert.equal((await world.rest('POST', streams, { ...least, ...wrong })).status, 400);
  });

  test('are ten at most', async (t) => {
    const world = await startWorld(t);
    for (let count = 0; count < 10; count += 1) await make(world);
    const { status, body } = await world.rest('POST', streams, least);
    assert.equal(status, 412);
    assert.deepEqual([body.httpStatus, body.errors.length], ['PRECONDITION_FAILED', 1]);
  });

  test('a wrong request gets the form of error that v7 has for them', async (t) => {
    const world = await startWorld(t);
    const { status, headers, body } = await world.rest('POST', streams, '{"endpointType":');
    assert.equal(status, 400);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.equal(body.httpStatus, 'BAD_REQUEST');
    assert.equal(body.path, `${world.collector.url}/v7/streams`);
    assert.equal(typeof body.errors[0], 'string');
    assert.equal((await ask(world.collector.url + streams, 'GET', 'wrong')).status, 401);
  });

  const refused: [string, object, RegExp][] = [
    ['gRPC', { endpointType: 'grpc' }, /^endpointType: only http .* say "endpointType": "http"/],
    ['gRPC, which is the default', { endpointType: undefined }, /^endpointType: only http/],
    ['traces', { signal: 'trace' }, /^signal: only metric/],
    ['Splunk', { type: 'splunk-hec' }, /^type: only opentelemetry/],
    ['the old data model', { dataModelVersion: 'v1' }, /^dataModelVersion: only v2/],
    ['tags', { tagMatch: [{ key: 'a', value: 'b' }] }, /^tagMatch: there are no tags here/],
    ['OAuth', { exporterConfig: { authorization: { oAuth2: {} } } }, /customHeaders/],
    [
      'an address without a protocol',
      { streamEndpointUrl: 'example.com' },
      /^streamEndpointUrl: must be an http/,
    ],
    ['another protocol', { streamEndpointUrl: 'file:///etc/passwd' }, /^streamEndpointUrl: must be an http/],
    ['a password in the address', { streamEndpointUrl: 'https://me:it@example.com/' }, /customHeaders/],
    [
      'headers that break the request',
      { customHeaders: { 'X-A': 'b\r\nX-C: d' } },
      /no value of an HTTP header/,
    ],
    ['names that are none', { customHeaders: { 'X A': 'b' } }, /no name of an HTTP header/],
  ];
  for (const [what, change, message] of refused)
    test(`refuses ${what}`, async (t) => {
      const world = await startWorld(t);
      const { status, body } = await world.rest('POST', streams, { ...least, ...change });
      assert.equal(status, 400);
      assert.match(body.errors[0], message);
    });
});

test('the receiver of a new stream is not asked for anything before there is a result', async (t) => {
  const world = await startWorld(t);
  const receiver = await startReceiver(t);
  await make(world, { streamEndpointUrl: `${receiver.url}/v1/metrics` });
  await world.restart();
  assert.equal(receiver.taken.length, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { type Receiver, startReceiver } from '../../test/receiver.ts';

async function streaming(t: Parameters<typeof worldWithTest>[0], change: object = {}) {
  const receiver = await startReceiver(t);
  const fixture = await worldWithTest(t, 'to-target');
  const { world } = fixture;
  const { status, body } = await world.rest('POST', '/v7/streams', {
    endpointType: 'http',
    streamEndpointUrl: `${receiver.url}/v1/metrics`,
    ...change,
  });
  assert.equal(status, 201);
  const url = `/v7/streams/${body.id}`;
  return {
    ...fixture,
    receiver,
    url,
    state: async () => (await world.rest('GET', url)).body.streamStatus,
  };
}

type Fixture = Awaited<ReturnType<typeof streaming>>;

/** Within a time that only a broken program needs. */
async function until(what: () => Promise<boolean> | boolean, step = () => {}): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    assert.ok(tries < 600, 'it has not come about');
    step();
    await setTimeout(50);
  }
}

const settled = ({ state }: Fixture) => until(async () => (await state()).waiting === 0);
/** Protobuf has texts as they are. */
const has = ({ taken }: Receiver, text: string) => taken.filter(({ body }) => body.includes(text)).length;

test('results are sent as they come in, with the headers of the stream', async (t) => {
  const fixture = await streaming(t, { customHeaders: { Authorization: 'Bearer secret' } });
  const { receiver, keep, key, state } = fixture;
  await keep([measured(key(0))]);
  await receiver.until(1);
  const [{ path, headers, body }] = receiver.taken as [(typeof receiver.taken)[0]];
  assert.equal(path, '/v1/metrics');
  assert.equal(headers['content-type'], 'application/x-protobuf');
  assert.equal(headers.authorization, 'Bearer secret');
  for (const text of ['network.latency', 'network.loss', 'network.jitter', 'thousandeyes.test.id', 'a test'])
    assert.ok(body.includes(text), text);
  await settled(fixture);
  const { status, lastSuccess, lastFailure, lost } = await state();
  assert.deepEqual([status, typeof lastSuccess, lastFailure, lost], ['connected', 'number', null, 0]);
});

test('what comes twice is sent once', async (t) => {
  const fixture = await streaming(t);
  const { receiver, keep, key, source, target } = fixture;
  await keep([measured(key(1))]);
  await receiver.until(1);
  await settled(fixture);
  await target.checkIn({ results: [measured(key(1))] });
  await source.checkIn({ results: [measured(key(0))] });
  await receiver.until(2);
  await settled(fixture);
  assert.equal(receiver.taken.length, 2);
});

test('while the receiver is away results wait, also over a restart, and then come all', async (t) => {
  const fixture = await streaming(t);
  const { world, receiver, keep, key, state } = fixture;
  // Not to be repeated, so the exporter does not wait by itself.
  receiver.answer = { status: 404 };
  await keep([measured(key(3)), measured(key(2))]);
  await receiver.until(1);
  await until(async () => (await state()).status === 'failing');
  const failing = await state();
  assert.deepEqual(
    [failing.waiting, failing.lost, failing.lastError, failing.lastSuccess],
    [2, 0, 'answered with status 404', null],
  );
  await world.restart();
  receiver.answer = { status: 200 };
  await keep([measured(key(1))]);
  await until(
    async () => (await state()).waiting === 0,
    () => world.clock.advance(5_000),
  );
  const { status, lost } = await state();
  assert.deepEqual([status, lost], ['connected', 0]);
});

test('a stream that is mended goes on at once', async (t) => {
  const fixture = await streaming(t);
  const { world, receiver, keep, key, state, url } = fixture;
  receiver.answer = { status: 401 };
  await keep([measured(key(0))]);
  await until(async () => (await state()).status === 'failing');
  receiver.answer = { status: 200 };
  await world.rest('PUT', url, { customHeaders: { Authorization: 'Bearer right' } });
  await settled(fixture);
  assert.equal(receiver.taken.at(-1)?.headers.authorization, 'Bearer right');
});

test('what the receiver cannot understand is given up, counted, and does not hold up the rest', async (t) => {
  const fixture = await streaming(t);
  const { receiver, keep, key, state } = fixture;
  receiver.answer = { status: 400 };
  await keep([measured(key(1))]);
  await until(async () => (await state()).lost === 1);
  receiver.answer = { status: 200 };
  await keep([measured(key(0))]);
  await settled(fixture);
  const { status, lost, lastError } = await state();
  assert.deepEqual([status, lost, lastError], ['connected', 1, 'answered with status 400']);
});

test('only the tests that the stream names are in it, and none while it is off', async (t) => {
  const fixture = await streaming(t, { testMatch: [{ id: '999', domain: 'cea' }] });
  const { world, receiver, keep, key, url, testId, state } = fixture;
  await keep([measured(key(3))]);
  assert.equal((await state()).waiting, 0);
  await world.rest('PUT', url, { testMatch: [{ id: testId, domain: 'cea' }], enabled: false });
  await keep([measured(key(2))]);
  assert.equal((await state()).waiting, 0);
  await world.rest('PUT', url, { enabled: true });
  await keep([measured(key(1))]);
  await receiver.until(1);
  await settled(fixture);
  assert.equal(receiver.taken.length, 1);
});

test('a test that was deleted while its results waited does not hold up the others', async (t) => {
  const fixture = await streaming(t);
  const { world, receiver, keep, key, testId, state } = fixture;
  receiver.answer = { status: 404 };
  await keep([measured(key(0))]);
  await until(async () => (await state()).status === 'failing');
  await world.rest('DELETE', `/v7/tests/agent-to-agent/${testId}`);
  await until(
    async () => (await state()).waiting === 0,
    () => world.clock.advance(5_000),
  );
  assert.equal(has(receiver, 'network.loss'), 1);
});

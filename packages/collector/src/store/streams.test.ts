import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measured, temporaryFolder } from '../../test/harness.ts';
import { openStore } from './open.ts';
import { addStream, countQueued, dequeue, enqueue, readQueue, trimQueue } from './streams.ts';

const settings = {
  enabled: true,
  streamEndpointUrl: 'http://127.0.0.1:9/',
  customHeaders: {},
  testMatch: [],
  testTypes: null,
};

test("a queue that is trimmed keeps its newest, and leaves other streams' alone", async (t) => {
  const store = await openStore(temporaryFolder(t));
  t.after(() => store.close());
  const { db } = store;
  const key = { testId: '1', sourceAgentId: '1', targetAgentId: '2', direction: 'to-target' } as const;
  const results = [1, 2, 3, 4, 5].map((roundId) => measured({ ...key, roundId }));
  for (const streamId of ['one', 'other']) {
    await addStream(db, streamId, settings, 0);
    await enqueue(db, streamId, results);
  }
  const before = await readQueue(db, 'one', 10);
  assert.equal(await trimQueue(db, 'one', 5), 0);
  assert.equal(await trimQueue(db, 'one', 2), 3);
  assert.deepEqual(
    (await readQueue(db, 'one', 10)).map(({ queueId }) => queueId),
    before.slice(-2).map(({ queueId }) => queueId),
  );
  await dequeue(db, 'one', before.at(-2)!.queueId);
  assert.deepEqual(
    await countQueued(db),
    new Map([
      ['one', 1],
      ['other', 5],
    ]),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/harness.ts';
import { openStore } from './open.ts';
import {
  addPerson,
  addSession,
  endOldSessions,
  findSession,
  findTokenBySecret,
  listTokens,
  setFileToken,
  touchSession,
} from './people.ts';

async function storeWithPerson(t: Parameters<typeof temporaryFolder>[0]) {
  const store = await openStore(temporaryFolder(t));
  t.after(() => store.close());
  const { personId } = await addPerson(store.db, { name: 'Rea', passwordHash: '', access: 'read' }, 0);
  return { db: store.db, personId };
}

test('somebody has fifty sessions at most: the oldest gives way', async (t) => {
  const { db, personId } = await storeWithPerson(t);
  for (let at = 0; at < 51; at += 1) await addSession(db, personId, `secret ${at}`, at);
  assert.equal(await findSession(db, 'secret 0'), null);
  assert.equal((await findSession(db, 'secret 1'))?.person.name, 'Rea');
});

test('sessions that began, or were used, too long ago are swept', async (t) => {
  const { db, personId } = await storeWithPerson(t);
  for (const [secret, begunMs] of [
    ['old', 0],
    ['unused', 500],
    ['used', 500],
  ] as const)
    await addSession(db, personId, secret, begunMs);
  for (const secret of ['old', 'used'])
    await touchSession(db, (await findSession(db, secret))!.sessionHash, 1000);
  await endOldSessions(db, { begunBeforeMs: 100, seenBeforeMs: 900 });
  const left = await Promise.all(['old', 'unused', 'used'].map((secret) => findSession(db, secret)));
  assert.deepEqual(
    left.map((session) => session !== null),
    [false, false, true],
  );
});

test('the token of the file is one: another takes its place, the same one keeps its', async (t) => {
  const { db } = await storeWithPerson(t);
  await setFileToken(db, 'api-token', 'first', 0);
  await setFileToken(db, 'api-token', 'first', 5);
  assert.deepEqual(
    (await listTokens(db)).map(({ createdAtMs }) => createdAtMs),
    [0],
  );
  await setFileToken(db, 'api-token', 'second', 9);
  assert.equal(await findTokenBySecret(db, 'first'), null);
  assert.deepEqual(
    (await listTokens(db)).map(({ createdAtMs, origin }) => [createdAtMs, origin]),
    [[9, 'file']],
  );
});

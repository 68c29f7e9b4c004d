import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { temporaryFolder } from '../../test/harness.ts';
import { openStore } from '../store/open.ts';
import { setFileToken, touchToken } from '../store/people.ts';
import { written } from './last-use.ts';

test('a database that cannot be written to keeps nobody from reading; any other fault is told', async (t) => {
  const store = await openStore(temporaryFolder(t));
  t.after(() => store.close());
  await setFileToken(store.db, 'api-token', 'secret', 0);
  await sql`PRAGMA query_only = ON`.execute(store.db);
  await assert.rejects(touchToken(store.db, '1', 5), { code: 'ERR_SQLITE_ERROR' });
  await written(touchToken(store.db, '1', 5));
  await assert.rejects(written(Promise.reject(new TypeError('a fault'))), TypeError);
});

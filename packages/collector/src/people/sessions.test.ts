import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../../test/harness.ts';
import { administrator, adminPassword, browser } from '../../test/person.ts';

test('nobody is signed in by a password that is replaced while it is looked at', async (t) => {
  const world = await startWorld(t);
  const password = adminPassword(world);
  const admin = await administrator(world);
  const late = Array.from({ length: 8 }, () => browser(world));
  // The change is at work while these wait for their turn, each behind the one before.
  const change = admin.ask('PUT', '/page/session/password', {
    current: password,
    next: 'another, longer password',
  });
  const answers = await Promise.all(late.map((own) => own.signIn('admin', password)));
  assert.equal((await change).status, 204);
  for (const [index, { status }] of answers.entries()) {
    assert.ok(status === 200 || status === 401, `${status}`);
    // Whoever came in before the change was put out by it.
    assert.equal((await late[index]!.ask('GET', '/page/session')).status, 401);
  }
});

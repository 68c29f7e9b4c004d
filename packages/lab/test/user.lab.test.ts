import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinaryUserId } from '../src/ordinary-user.ts';
import { asNobody, packageFile, watchEntered, withoutNobody } from './process.ts';

const users = [
  { user: 'this user', wrapper: [], skip: false },
  { user: 'an ordinary user', wrapper: asNobody, skip: withoutNobody },
] as const;

for (const { user, wrapper, skip } of users) {
  test(`in a lab of ${user}, somebody without rights has no capability and cannot configure a place`, {
    skip,
  }, async () => {
    const watched = watchEntered([process.execPath, packageFile('test/as-user.ts')], wrapper);
    await watched.exit;
    const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
    const none = sets.map((set) => `${set}:\t${'0'.repeat(16)}\n`).join('');
    assert.ok(watched.output().startsWith(`${ordinaryUserId}\n${none}`), watched.output());
    assert.match(watched.output(), /\nup\n$/);
  });
}

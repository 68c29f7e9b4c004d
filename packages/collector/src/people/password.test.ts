import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../test/harness.ts';
import { createPasswords, TooManyPasswords } from './password.ts';

const passwords = createPasswords(systemRandom);

test('a password is known again by its hash, which is another one each time', async () => {
  const [hash, other] = [
    await passwords.hash('correct horse battery'),
    await passwords.hash('correct horse battery'),
  ];
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(hash, other);
  assert.equal(await passwords.verify('correct horse battery', hash), true);
  assert.equal(await passwords.verify('correct horse batterz', hash), false);
  assert.equal(await passwords.verify('', hash), false);
});

test('hashes of other costs are understood, so that these can be raised one day', async () => {
  // By the reference implementation's argon2 command: "password", salt "somesalt", -id -t 2 -m 16 -p 1 -l 32.
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await passwords.verify('password', hash), true);
  assert.equal(await passwords.verify('differentpassword', hash), false);
});

test('the same characters in another composition are the same password', async () => {
  const hash = await passwords.hash('caf\u00e9 au lait!');
  assert.equal(await passwords.verify('cafe\u0301 au lait!', hash), true);
});

test('what is no hash fits no password, and neither does nobody; both take as long as a wrong one', async () => {
  const hash = await passwords.hash('correct horse battery');
  const timed = async (against: string | null) => {
    const begun = performance.now();
    for (let count = 0; count < 4; count += 1) assert.equal(await passwords.verify('wrong', against), false);
    return performance.now() - begun;
  };
  const known = await timed(hash);
  for (const against of [null, 'plain text', '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$x'])
    assert.ok((await timed(against)) > known / 4, String(against));
});

test('two are worked on at once, twenty wait, and the next is turned away', async () => {
  const busy = createPasswords(systemRandom);
  const all = Array.from({ length: 30 }, () => busy.verify('x', null).catch((error: unknown) => error));
  const ends = await Promise.all(all);
  assert.equal(ends.filter((end) => end === false).length, 22);
  assert.equal(ends.filter((end) => end instanceof TooManyPasswords).length, 8);
  assert.equal(await busy.verify('x', null), false);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Attempts } from './attempts.ts';

const limits = {
  perName: { attempts: 3, refillMs: 10_000 },
  perAddress: { attempts: 5, refillMs: 20_000 },
};
const home = '192.0.2.1';

/** How many of so many attempts are allowed. */
function allowed(
  attempts: Attempts,
  count: number,
  name: (at: number) => string,
  address: (at: number) => string,
) {
  const each = Array.from({ length: count }, (_, at) => attempts.begin(name(at), address(at), 0).allowed);
  return each.filter(Boolean).length;
}

describe('attempts to sign in', () => {
  test('against one name are few, from however many addresses, and however it is written', () => {
    const attempts = new Attempts(limits);
    const names = ['admin', 'Admin', 'ADMIN'];
    assert.equal(
      allowed(
        attempts,
        50,
        (at) => names[at % 3]!,
        (at) => `198.51.100.${at}`,
      ),
      3,
    );
  });

  test('from one address are few, against however many names', () => {
    assert.equal(
      allowed(
        new Attempts(limits),
        50,
        (at) => `name ${at}`,
        () => home,
      ),
      5,
    );
  });

  test('from one network of IPv6 are one address’s, however it is written', () => {
    const inside = (at: number) => (at % 2 === 0 ? `2001:db8::${at}` : `2001:db8:0:0:${at}::1`);
    assert.equal(
      allowed(new Attempts(limits), 50, (at) => `name ${at}`, inside),
      5,
    );
    const elsewhere = (at: number) => `2001:db8:0:${at}::1`;
    assert.equal(
      allowed(new Attempts(limits), 50, (at) => `name ${at}`, elsewhere),
      50,
    );
  });

  test('are allowed again after a while, and the answer says when', () => {
    const attempts = new Attempts(limits);
    for (let count = 0; count < 3; count += 1) assert.ok(attempts.begin('admin', home, 0).allowed);
    assert.deepEqual(attempts.begin('admin', home, 4000), { allowed: false, retryAfterMs: 6000 });
    assert.equal(attempts.begin('admin', home, 10_000).allowed, true);
    assert.equal(attempts.begin('admin', home, 10_000).allowed, false);
  });

  test('that are right do not count', () => {
    const attempts = new Attempts(limits);
    for (let count = 0; count < 100; count += 1) {
      assert.ok(attempts.begin('admin', home, 0).allowed);
      attempts.succeeded('admin', home, 0);
    }
  });

  test('of others lock nobody out where that person has signed in before', () => {
    const attempts = new Attempts(limits);
    attempts.begin('admin', home, 0);
    attempts.succeeded('admin', home, 0);
    const attacker = () => attempts.begin('admin', '203.0.113.66', 0);
    while (attacker().allowed);
    assert.equal(attempts.begin('admin', home, 0).allowed, true);
    assert.equal(attempts.begin('admin', '198.51.100.1', 0).allowed, false);
  });

  test('at a place of the person’s are used up by no name that is made up of both', () => {
    const attempts = new Attempts(limits);
    attempts.begin('admin', home, 0);
    attempts.succeeded('admin', home, 0);
    for (const made of [`admin\0${home}`, `admin","${home}`, JSON.stringify(['admin', home])])
      for (let count = 0; count < 3; count += 1) attempts.begin(made, `203.0.113.${made.length}`, 0);
    assert.equal(attempts.begin('admin', home, 0).allowed, true);
  });

  test('that are refused for the address leave nothing behind for the name', () => {
    const attempts = new Attempts(limits);
    for (let at = 0; at < 50_000; at += 1) attempts.begin(`name ${at}`, '203.0.113.66', 0);
    assert.equal(attempts.begin('name 49999', home, 0).allowed, true);
    assert.equal(
      allowed(
        attempts,
        30_000,
        (at) => `another ${at}`,
        (at) => `10.0.${at >> 8}.${at & 255}`,
      ),
      20_000 - 6,
    );
  });

  test('against a name are not forgotten, however many others are tried; new names wait then', () => {
    const attempts = new Attempts({ ...limits, perAddress: { attempts: 1e9, refillMs: 1 } });
    const first = (nowMs: number) => attempts.begin('first', home, nowMs).allowed;
    while (first(0));
    for (let at = 0; at < 50_000; at += 1) attempts.begin(`name ${at}`, home, 0);
    assert.equal(first(0), false);
    assert.deepEqual(attempts.begin('a new name', home, 400), { allowed: false, retryAfterMs: 600 });
    // By then those who tried once have their allowance whole again, and make room.
    assert.equal(attempts.begin('a new name', home, 10_000).allowed, true);
    assert.deepEqual([first(10_000), first(10_000)], [true, false]);
  });
});

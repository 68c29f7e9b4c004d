import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip } from '@pinhole/wire';
import { Bucket, Budget, sourceOf } from './budget.ts';

describe('a bucket of 2 a second, 3 saved up', () => {
  it('is emptied, and fills with time', () => {
    const bucket = new Bucket({ perSecond: 2, burst: 3 }, 0);
    assert.deepEqual(
      [0, 0, 0, 0, 400, 500, 600, 5000].map((nowMs) => bucket.take(nowMs)),
      [true, true, true, false, false, true, false, true],
    );
  });
});

describe('a budget of 2 a second, 3 saved up, for 2 sources', () => {
  const options = { perSecond: 2, burst: 3, maxSources: 2 };

  it('is each source its own', () => {
    const budget = new Budget(options);
    for (let i = 0; i < 3; i++) assert.equal(budget.take('a', 0), true);
    assert.equal(budget.take('a', 0), false);
    assert.equal(budget.take('b', 0), true);
  });

  it('forgets the source not heard of for longest', () => {
    const budget = new Budget(options);
    for (let i = 0; i < 3; i++) budget.take('a', 0);
    budget.take('b', 0);
    assert.equal(budget.take('a', 0), false);
    budget.take('c', 0);
    assert.equal(budget.size, 2);
    assert.equal(budget.take('a', 0), false);
  });
});

describe('the source that an address stands for', () => {
  it('is itself with IPv4, its /64 with IPv6', () => {
    assert.notEqual(sourceOf(ip('192.0.2.1')), sourceOf(ip('192.0.2.2')));
    assert.equal(sourceOf(ip('2001:db8::1')), sourceOf(ip('2001:db8::ffff:2')));
    assert.notEqual(sourceOf(ip('2001:db8::1')), sourceOf(ip('2001:db8:0:1::1')));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip } from '@pinhole/wire';
import { Budget } from './budget.ts';

describe('a budget of 2 a second, 3 saved up', () => {
  const a = ip('192.0.2.1');
  const b = ip('192.0.2.2');
  const options = { perSecond: 2, burst: 3, maxSources: 2 };

  it('is spent, and comes back with time', () => {
    const budget = new Budget(options);
    assert.deepEqual(
      [0, 0, 0, 0, 400, 500, 600, 5000].map((nowMs) => budget.take(a, nowMs)),
      [true, true, true, false, false, true, false, true],
    );
  });

  it('is each source its own', () => {
    const budget = new Budget(options);
    for (let i = 0; i < 5; i++) budget.take(a, 0);
    assert.equal(budget.take(b, 0), true);
  });

  it('forgets the source not heard of for longest', () => {
    const budget = new Budget(options);
    for (const source of [a, b, ip('192.0.2.3'), ip('2001:db8::1')]) budget.take(source, 0);
    assert.equal(budget.size, 2);
  });
});

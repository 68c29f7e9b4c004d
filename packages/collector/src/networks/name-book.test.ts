import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IpAddress, ip } from '@pinhole/wire';
import { NameBook, type NameBookLimits } from './name-book.ts';

const limits: NameBookLimits = { maxKnown: 100, maxWaiting: 100, maxUnderWay: 100, perSecond: 100 };
const [a, b, c] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(ip) as [IpAddress, IpAddress, IpAddress];
const named = (name: string) => ({ outcome: 'named', name }) as const;

const hourMs = 3_600_000;

test('what is not known is due once, and known when it was answered', () => {
  const book = new NameBook(limits);
  book.ask(a, true, 0);
  book.ask(a, true, 0);
  assert.deepEqual(book.due(0), [a]);
  assert.equal(book.name(a), undefined);
  assert.equal(book.isPending(a), true);
  book.ask(a, true, 0);
  assert.deepEqual(book.due(0), []);
  book.answered(a, named('router.example'), 10);
  assert.deepEqual([book.name(a), book.isPending(a)], ['router.example', false]);
});

for (const [what, lookUp, freshMs] of [
  ['a name', named('router.example'), hourMs],
  ['that there is none', { outcome: 'nameless' }, 600_000],
  ['that nobody has answered', { outcome: 'failed' }, 60_000],
] as const) {
  test(`${what} counts for ${freshMs / 60_000} min, and is looked up again when it is asked for then`, () => {
    const book = new NameBook(limits);
    book.ask(a, true, 0);
    book.due(0);
    book.answered(a, lookUp, 0);
    book.ask(a, true, freshMs - 1);
    assert.deepEqual(book.due(freshMs - 1), []);
    book.ask(a, true, freshMs);
    assert.equal(book.name(a), lookUp.outcome === 'named' ? lookUp.name : null);
    assert.deepEqual(book.due(freshMs), [a]);
  });
}

test('a server that is silent takes no name away; one that knows better does', () => {
  const book = new NameBook(limits);
  for (const [lookUp, name] of [
    [named('old.example'), 'old.example'],
    [{ outcome: 'failed' }, 'old.example'],
    [named('new.example'), 'new.example'],
    [{ outcome: 'nameless' }, null],
  ] as const) {
    book.answered(a, lookUp, 0);
    assert.equal(book.name(a), name);
  }
});

test('what somebody waits for goes first, also when it had been waiting patiently', () => {
  const book = new NameBook(limits);
  book.ask(a, false, 0);
  book.ask(b, false, 0);
  book.ask(c, true, 0);
  book.ask(b, true, 0);
  assert.deepEqual(book.due(0), [c, b, a]);
});

test('no more are under way than may be', () => {
  const book = new NameBook({ ...limits, maxUnderWay: 2 });
  for (const address of [a, b, c]) book.ask(address, true, 0);
  assert.deepEqual(book.due(0), [a, b]);
  assert.equal(book.dueAtMs(), null);
  book.answered(b, { outcome: 'failed' }, 5);
  assert.deepEqual(book.due(5), [c]);
});

test('no more begin in a second than may, and the book says when the next one may', () => {
  const book = new NameBook({ ...limits, perSecond: 2 });
  for (const address of [a, b, c]) book.ask(address, true, 1000);
  assert.deepEqual(book.due(1000), [a, b]);
  assert.equal(book.dueAtMs(), 1500);
  assert.deepEqual(book.due(1250), []);
  assert.equal(book.dueAtMs(), 1500);
  assert.deepEqual(book.due(1500), [c]);
  assert.equal(book.dueAtMs(), null);
});

test('any second sees the limit at most twice over, whatever is asked', () => {
  const book = new NameBook({ ...limits, maxWaiting: 10_000, maxUnderWay: 10_000, perSecond: 50 });
  for (let host = 0; host < 5000; host++) book.ask(ip(`10.0.${host >> 8}.${host & 255}`), true, 0);
  const began: number[] = [];
  for (let nowMs = 0; nowMs < 10_000; nowMs += 7) began.push(...book.due(nowMs).map(() => nowMs));
  for (const from of began) {
    assert.ok(began.filter((at) => at >= from && at < from + 1000).length <= 100);
  }
  assert.ok(began.length <= 550 && began.length >= 540, `${began.length}`);
});

test('those that wait are bounded, and forgotten beyond that', () => {
  const book = new NameBook({ ...limits, maxWaiting: 1 });
  book.ask(a, false, 0);
  book.ask(b, false, 0);
  assert.deepEqual([book.isPending(a), book.isPending(b)], [true, false]);
});

test('what is known is bounded: what was asked for longest ago is forgotten', () => {
  const book = new NameBook({ ...limits, maxKnown: 2 });
  book.answered(a, named('a.example'), 0);
  book.answered(b, named('b.example'), 0);
  book.ask(a, false, 1);
  book.answered(c, named('c.example'), 2);
  assert.deepEqual([book.name(a), book.name(b), book.name(c)], ['a.example', undefined, 'c.example']);
});

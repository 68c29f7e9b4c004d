import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askedRange, decodeCursor, encodeCursor } from './time-range.ts';

const nowMs = 1_700_000_000_000;
const nowS = nowMs / 1000;

for (const [window, lengthS] of [
  ['90', 90],
  ['90s', 90],
  ['2m', 120],
  ['12h', 43_200],
  ['1d', 86_400],
  ['1w', 604_800],
] as const) {
  test(`the window ${window} is ${lengthS} s`, () => {
    assert.deepEqual(askedRange({ window }, nowMs), { fromS: nowS - lengthS, toS: nowS });
  });
}

test('a window longer than all time begins with it', () => {
  assert.equal(askedRange({ window: '999999999w' }, nowMs)?.fromS, 0);
});

test('an end that is not given is now', () => {
  assert.deepEqual(askedRange({ startDate: '2023-11-14T00:00:00Z' }, nowMs), {
    fromS: 1_699_920_000,
    toS: nowS,
  });
});

test('a cursor comes back as it went', () => {
  const id = fc.bigInt(0n, 2n ** 63n - 1n).map(String);
  const roundId = fc.nat();
  fc.assert(
    fc.property(
      roundId,
      roundId,
      roundId,
      fc.boolean(),
      id,
      id,
      (fromS, toS, at, isAsked, source, target) => {
        const cursor = {
          range: { fromS, toS },
          isAsked,
          after: { roundId: at, sourceAgentId: source, targetAgentId: target },
        };
        assert.deepEqual(decodeCursor(encodeCursor(cursor)), cursor);
      },
    ),
  );
});

test('anything else is no cursor, and does no harm', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeCursor(text) === null));
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  assert.equal(decodeCursor(forged([0, 0, true, -1, '1', '1'])), null);
  assert.equal(decodeCursor(forged([0, 0, true, 1, '1 OR 1', '1'])), null);
  // A number that is no date.
  assert.equal(decodeCursor(forged([0, 9e15, true, 0, '1', '1'])), null);
  assert.equal(decodeCursor(forged(null)), null);
});

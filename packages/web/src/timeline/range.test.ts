import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clampRange, moveRange, overviewRange, overviewS, spanRange, zoomRange } from './range.ts';

const nowS = 1_790_000_000;
const hour = 3600;

test('a span ends now', () => {
  assert.deepEqual(spanRange('24h', nowS), { fromS: nowS - 24 * hour, toS: nowS });
});

describe('zooming', () => {
  const range = { fromS: nowS - 10 * hour, toS: nowS - 2 * hour };

  test('keeps what is under the pointer where it is', () => {
    const about = nowS - 4 * hour;
    const zoomed = zoomRange(range, 0.5, about, nowS);
    assert.deepEqual(zoomed, { fromS: nowS - 7 * hour, toS: nowS - 3 * hour });
  });

  test('stops at ten minutes and at fourteen days', () => {
    const near = zoomRange(range, 0.0001, nowS - 5 * hour, nowS);
    assert.equal(near.toS - near.fromS, 600);
    const far = zoomRange(range, 1e6, nowS - 5 * hour, nowS);
    assert.equal(far.toS - far.fromS, overviewS);
    assert.ok(far.toS <= nowS);
  });
});

test('moving stops now', () => {
  const range = { fromS: nowS - 3 * hour, toS: nowS - hour };
  assert.deepEqual(moveRange(range, -hour, nowS), { fromS: nowS - 4 * hour, toS: nowS - 2 * hour });
  assert.deepEqual(moveRange(range, 9 * hour, nowS), { fromS: nowS - 2 * hour, toS: nowS });
});

test('a range of no width, or the wrong way round, becomes the least', () => {
  const { fromS, toS } = clampRange({ fromS: nowS - 100, toS: nowS - 5000 }, nowS);
  assert.equal(toS - fromS, 600);
});

describe('the overview', () => {
  test('is the last fourteen days', () => {
    assert.deepEqual(overviewRange(spanRange('24h', nowS), nowS), { fromS: nowS - overviewS, toS: nowS });
  });

  test('goes back to what is in view where that is older', () => {
    const inView = { fromS: nowS - 3 * overviewS, toS: nowS - 3 * overviewS + hour };
    const { fromS, toS } = overviewRange(inView, nowS);
    assert.ok(fromS <= inView.fromS && toS >= inView.toS);
    assert.equal(toS - fromS, overviewS);
  });
});

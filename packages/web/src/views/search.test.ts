import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinIds, shownDirections, shownSearch, splitIds, viewsSearchSchema } from './search.ts';

describe('the search of a view', () => {
  test('has nothing in it that holds anyhow', () => {
    assert.deepEqual(shownSearch(viewsSearchSchema.parse({ metric: 'latency', span: '24h' })), {});
  });

  test('is text in the address bar, and comes back as it was', () => {
    const search = viewsSearchSchema.parse({
      metric: 'loss',
      from: '1790000000',
      to: '1790003600',
      round: '1790000060',
      agents: '1234567890123456789,2',
      collapse: 'true',
      hopLoss: '2.5',
    });
    assert.deepEqual(shownSearch(search), {
      metric: 'loss',
      from: 1790000000,
      to: 1790003600,
      round: 1790000060,
      agents: ['1234567890123456789', '2'],
      collapse: true,
      hopLoss: 2.5,
    });
    assert.deepEqual(viewsSearchSchema.parse(search), search);
  });

  test('that is wrong is left out', () => {
    const search = viewsSearchSchema.parse({
      test: 'x',
      metric: 'weather',
      round: 'x',
      direction: 'up',
      span: '9y',
      hopLoss: '-1',
      collapse: 'perhaps',
    });
    assert.deepEqual(shownSearch(search), {});
  });
});

test('ids with commas and spaces survive', () => {
  const ids = ['location Cape Town, South Africa', 'silent 1 of 2 between 10.0.0.1 at 7 and agent 9'];
  assert.deepEqual(splitIds(joinIds(ids)), ids);
  assert.deepEqual(splitIds(joinIds([])), []);
});

test('a direction that the test does not measure is not in view', () => {
  assert.deepEqual(shownDirections(['to-target', 'from-target'], undefined), ['to-target', 'from-target']);
  assert.deepEqual(shownDirections(['to-target', 'from-target'], 'from-target'), ['from-target']);
  assert.deepEqual(shownDirections(['to-target'], 'from-target'), ['to-target']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkPath, linkWidth } from './draw.ts';

test('a link leaves and arrives level, to the right and to the left', () => {
  assert.equal(
    linkPath([
      { x: 0, y: 0 },
      { x: 100, y: 40 },
    ]),
    'M0 0C50 0 50 40 100 40',
  );
  assert.equal(
    linkPath([
      { x: 100, y: 40 },
      { x: 0, y: 0 },
    ]),
    'M100 40C50 40 50 0 0 0',
  );
});

test('a link in one column is a bow', () => {
  assert.equal(
    linkPath([
      { x: 10, y: 0 },
      { x: 10, y: 40 },
    ]),
    'M10 0C50 0 50 40 10 40',
  );
});

test('the more traces the wider, within bounds', () => {
  assert.equal(linkWidth(1, 1), 2.5);
  assert.equal(linkWidth(100, 100), 6);
  assert.ok(linkWidth(1, 100) >= 1.5 && linkWidth(1, 100) < linkWidth(25, 100));
});

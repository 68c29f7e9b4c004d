import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitView, revealView, windowHeight, zoomView } from './viewport.ts';

describe('the view to begin with', () => {
  test('is the whole drawing in the middle, not enlarged', () => {
    assert.deepEqual(fitView({ width: 400, height: 200 }, { width: 1000, height: 300 }, 10), {
      x: 300,
      y: 50,
      scale: 1,
    });
    assert.equal(fitView({ width: 1250, height: 200 }, { width: 1000, height: 300 }, 10).scale, 0.8);
  });

  test('is the left of it where it could not be read otherwise', () => {
    const view = fitView({ width: 2000, height: 300 }, { width: 400, height: 300 }, 20);
    assert.equal(view.scale, 0.62);
    assert.equal(view.x, 0);
  });

  test('is the whole of a very large one', () => {
    assert.equal(fitView({ width: 4000, height: 3000 }, { width: 1000, height: 600 }, 700).scale, 0.2);
  });

  test('has a window as high as the drawing, within bounds', () => {
    assert.equal(windowHeight({ width: 500, height: 400 }, 1000, 10), 400);
    assert.equal(windowHeight({ width: 500, height: 4000 }, 1000, 10), 720);
    assert.equal(windowHeight({ width: 500, height: 100 }, 1000, 10), 280);
  });
});

test('zooming keeps what is under the pointer where it is, within bounds', () => {
  const view = { x: 10, y: 20, scale: 1 };
  const zoomed = zoomView(view, 2, { x: 110, y: 70 });
  assert.deepEqual(zoomed, { x: -90, y: -30, scale: 2 });
  assert.deepEqual(zoomView(zoomed, 0.5, { x: 110, y: 70 }), view);
  assert.equal(zoomView(view, 100, { x: 0, y: 0 }).scale, 4);
});

test('what comes into focus comes into sight, and no further', () => {
  const window = { width: 600, height: 400 };
  const view = { x: 0, y: 0, scale: 1 };
  assert.deepEqual(revealView(view, { x: 300, y: 200 }, window), view);
  assert.deepEqual(revealView(view, { x: 800, y: 10 }, window), { x: -260, y: 50, scale: 1 });
});

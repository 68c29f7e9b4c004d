import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natKindNames } from '../nat/kinds.ts';
import { cellsOf, matrixCells } from './cells.ts';

const pairs = (cells: ReturnType<typeof matrixCells>) =>
  cells.map(({ source, target }) => `${source} ${target}`);

test('each kind meets itself and each other, once where it does not matter who asks', () => {
  assert.deepEqual(pairs(matrixCells(['eim-eif', 'eim-apdf', 'apdm-apdf'], ['udp'])).sort(), [
    'apdm-apdf apdm-apdf',
    'eim-apdf apdm-apdf',
    'eim-apdf eim-apdf',
    'eim-eif apdm-apdf',
    'eim-eif eim-apdf',
    'eim-eif eim-eif',
  ]);
});

test('both ways round where the one that is asked is reached otherwise', () => {
  assert.deepEqual(pairs(matrixCells(['none', 'eim-apdf'], ['tcp'])).sort(), [
    'eim-apdf eim-apdf',
    'eim-apdf none',
    'none eim-apdf',
    'none none',
  ]);
});

test('each pair of all kinds is there in each protocol, and no pair twice', () => {
  const cells = matrixCells(natKindNames, ['udp', 'tcp']);
  const keys = new Set(cells.map(({ source, target, protocol }) => `${protocol} ${source} ${target}`));
  assert.equal(keys.size, cells.length);
  for (const protocol of ['udp', 'tcp']) {
    for (const a of natKindNames) {
      for (const b of natKindNames)
        assert.ok(
          keys.has(`${protocol} ${a} ${b}`) || keys.has(`${protocol} ${b} ${a}`),
          `${protocol} ${a} ${b}`,
        );
    }
  }
});

test('cells that run side by side are mostly of different agents', () => {
  const cells = matrixCells(natKindNames, ['udp']).slice(0, natKindNames.length);
  assert.equal(new Set(cells.map(({ source }) => source)).size, natKindNames.length);
});

test('pairs as they are given, over each protocol', () => {
  const cells = cellsOf([['eim-apdf', 'none']], ['udp', 'tcp']);
  assert.deepEqual(
    cells.map(({ source, target, protocol }) => [source, target, protocol]),
    [
      ['eim-apdf', 'none', 'udp'],
      ['eim-apdf', 'none', 'tcp'],
    ],
  );
});

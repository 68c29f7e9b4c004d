import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { measured, traced } from '../test/harness.ts';
import { worldWithTest } from '../test/measured-test.ts';

const day = 1440;

/** Waits until `condition` holds, while the clock runs ahead so that pauses are over at once. */
async function until(world: { clock: { advance(byMs: number): void } }, condition: () => boolean) {
  for (let count = 0; count < 2000 && !condition(); count += 1) {
    world.clock.advance(100);
    await setTimeout(5);
  }
  assert.ok(condition());
}

describe('results and paths', () => {
  test('older than so many days are deleted in the background, all others stay', async (t) => {
    const { world, key, keep } = await worldWithTest(t, 'bidirectional', { keepDays: 2 });
    const rounds = Array.from({ length: 400 }, (_, at) => 3 * day + at);
    await keep(rounds.flatMap((ago) => [measured(key(ago)), measured(key(ago, 'from-target'))]));
    await keep(rounds.map((ago) => traced(key(ago), [['203.0.113.2']])));
    const recent = [0, 1, day, 2 * day - 5];
    await keep(recent.flatMap((ago) => [measured(key(ago)), traced(key(ago), [['203.0.113.2']])]));

    const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), {
      readOnly: true,
      timeout: 5000,
    });
    t.after(() => database.close());
    const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n);
    assert.deepEqual([count('result'), count('figure'), count('path')], [804, 804, 404]);
    world.clock.advance(60_000);
    await until(world, () => count('path') <= 4 && count('figure') <= 4 && count('result') <= 4);
    const kept = database.prepare('SELECT round_id FROM result ORDER BY round_id DESC').all();
    assert.deepEqual(
      kept.map((row) => row.round_id),
      recent.map((ago) => key(ago).roundId),
    );
    assert.deepEqual([count('figure'), count('path')], [4, 4]);
  });

  test('are kept for ninety days unless something else is said', async (t) => {
    const { world, key, keep, network } = await worldWithTest(t, 'to-target');
    await keep([measured(key(89 * day)), measured(key(91 * day))]);
    const rows = async () => (await network('?window=200d')).body.results.length;
    assert.equal(await rows(), 2);
    world.clock.advance(60_000);
    for (let tries = 0; tries < 2000 && (await rows()) > 1; tries += 1) world.clock.advance(100);
    assert.equal(await rows(), 1);
    world.clock.advance(10 * 60_000);
    assert.equal(await rows(), 1);
  });

  test('that are being deleted do not keep the collector from ending', async (t) => {
    const { world, key, keep } = await worldWithTest(t, 'to-target', { keepDays: 1 });
    await keep(Array.from({ length: 600 }, (_, at) => measured(key(2 * day + at))));
    world.clock.advance(60_000);
    await world.collector.close();
  });
});

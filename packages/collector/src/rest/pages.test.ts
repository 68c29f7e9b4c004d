import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { NetworkResult, RoundResult } from '@pinhole/contract';
import { Kysely } from 'kysely';
import { measured } from '../../test/harness.ts';
import { worldWithTest } from '../../test/measured-test.ts';
import { keepResults } from '../store/results.ts';
import type { Tables } from '../store/schema.ts';
import { nodeSqliteDialect } from '../store/sqlite.ts';

const directions = ['to-target', 'from-target'] as const;
const sources = 4;
const rounds = 12_500;
/** Each so many-th round is missing at first, and comes late. */
const lateEvery = 250;

test('100,000 results are read page by page while others arrive, none twice and none left out', async (t) => {
  const { key, network, world, keep } = await worldWithTest(t, 'bidirectional');
  const round = (ago: number): RoundResult[] =>
    Array.from({ length: sources }, (_, at) =>
      directions.map((direction) => ({
        ...measured(key(ago, direction)),
        sourceAgentId: String(1 + 2 * at),
      })),
    ).flat();
  const isLate = (ago: number) => ago % lateEvery === lateEvery - 1;
  const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { timeout: 5000 });
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  const put = (part: readonly number[]) =>
    db.transaction().execute(async (tx) => await keepResults(tx, part.flatMap(round)));
  const all = Array.from({ length: rounds + rounds / lateEvery }, (_, ago) => ago);
  const early = all.filter((ago) => !isLate(ago));
  const late = all.filter(isLate);
  await put([0]);
  // As many as these, in one go.
  database
    .prepare(
      `WITH RECURSIVE earlier (ago) AS (SELECT 1 UNION ALL SELECT ago + 1 FROM earlier WHERE ago < ?)
       INSERT INTO result (test_id, round_id, source_agent_id, target_agent_id, direction, outcome, result_json)
       SELECT test_id, round_id - 60 * ago, source_agent_id, target_agent_id, direction, outcome,
         json_set(result_json, '$.roundId', round_id - 60 * ago)
       FROM earlier, result WHERE round_id = ? AND ago % ? <> ?`,
    )
    .run(all.at(-1)!, key(0).roundId, lateEvery, lateEvery - 1);

  const earlyRounds = new Set(early.map((ago) => key(ago).roundId));
  // In the order in which they are to come: newest round first, then by source, there before back.
  const place = ({ roundId, agent, direction }: NetworkResult) =>
    -roundId * 100 + Number(agent.agentId) * 10 + (direction === 'to-target' ? 0 : 1);
  let last = Number.NEGATIVE_INFINITY;
  let count = 0;
  let pages = 0;
  let { body } = await network('?window=40d');
  const { startDate, endDate } = body;
  for (;;) {
    for (const row of body.results as NetworkResult[]) {
      assert.ok(place(row) > last, `${row.roundId} comes out of its order, or twice`);
      last = place(row);
      if (earlyRounds.has(row.roundId)) count += 1;
    }
    assert.deepEqual([body.startDate, body.endDate], [startDate, endDate]);
    if (body._links.next === undefined) break;
    // A round that is over now, and one that was missing: behind what was read, or before it.
    pages += 1;
    await keep([measured(key(-1 - pages))].map((result) => ({ ...result, roundId: key(0).roundId + pages })));
    const arriving = late.splice(Math.floor(late.length * ((pages * 0.618) % 1)), 1);
    if (arriving.length > 0) await put(arriving);
    body = (await world.rest('GET', body._links.next.href.slice(world.collector.url.length))).body;
  }
  await db.destroy();
  assert.equal(count, rounds * sources * directions.length);
  assert.ok(pages >= 200, `${pages} pages`);
});

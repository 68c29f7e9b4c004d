// How fast a timeline answers: 14 days of one-minute rounds in both directions of 20 tests, by a collector on a real file.
//
//     npm run bench:timeline [-- DAYS TESTS]

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { MeasuredResult } from '@pinhole/contract';
import { Kysely } from 'kysely';
import { timelineQuery } from '../src/store/figures.ts';
import { keepResults } from '../src/store/results.ts';
import type { Tables } from '../src/store/schema.ts';
import { nodeSqliteDialect } from '../src/store/sqlite.ts';
import { type Answer, failed, measured, startWorld } from '../test/harness.ts';

const [days = 14, tests = 20] = process.argv.slice(2).map(Number);
const repeats = 20;
const points = 1000;
const minuteS = 60;
const batch = 1000;

const ends: (() => unknown)[] = [];
const world = await startWorld({ after: (end: unknown) => ends.unshift(end as () => unknown) } as never, {
  limits: { restPerMinute: 1e9 },
});
try {
  await run();
} finally {
  for (const end of ends) await end();
}

async function run(): Promise<void> {
  const [source, target] = [await world.enroll('source'), await world.enroll('target')];
  const testIds: string[] = [];
  for (let count = 0; count < tests; count += 1) {
    const { body } = await world.rest('POST', '/v7/tests/agent-to-agent', {
      testName: `test ${count}`,
      interval: minuteS,
      protocol: 'udp',
      direction: 'bidirectional',
      targetAgentId: target.agentId,
      agents: [{ agentId: source.agentId }],
    });
    testIds.push(body.testId);
  }
  const nowS = Math.floor(world.clock.wallMs() / 1000);
  const lastRoundId = nowS - (nowS % minuteS);
  const rounds = days * 1440;
  await fill(testIds, source.agentId, target.agentId, lastRoundId, rounds);
  // The connections have been left alone for so long that they are closed.
  await world.restart();
  console.log(
    `${testIds.length} tests · ${rounds} rounds · 2 directions = ${testIds.length * rounds * 2} results`,
  );

  const fromS = lastRoundId - (rounds - 1) * minuteS;
  const timeline = (testId: string) =>
    world.rest('GET', `/page/tests/${testId}/timeline?from=${fromS}&to=${lastRoundId}&points=${points}`);
  await timeline(testIds[0]!);
  const timesMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  for (let count = 0; count < repeats; count += 1)
    timesMs.push(await timed(() => timeline(testIds[count % testIds.length]!)));
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000 / repeats;
  timesMs.sort((a, b) => a - b);
  const median = timesMs[Math.floor(timesMs.length / 2)]!;
  console.log(
    `timeline, ${points} points a direction: median ${ms(median)}, slowest ${ms(timesMs.at(-1)!)}; of a processor, asking included, ${ms(cpuMs)}`,
  );

  // As a client reads the same without it.
  const window = { startDate: dateOf(fromS), endDate: dateOf(lastRoundId) };
  let next: string | undefined = `/v7/test-results/${testIds[0]}/network?${new URLSearchParams(window)}`;
  let rows = 0;
  const pagesMs = await timed(async () => {
    while (next !== undefined) {
      const { body }: Answer = await world.rest('GET', next);
      rows += body.results.length;
      next = body._links.next?.href.slice(world.collector.url.length);
    }
  });
  console.log(
    `the same ${rows} results, page by page: ${ms(pagesMs)}, ${(pagesMs / median).toFixed(0)} times as long`,
  );
  explain(testIds[0]!, fromS, lastRoundId);
}

async function fill(
  testIds: readonly string[],
  sourceAgentId: string,
  targetAgentId: string,
  lastRoundId: number,
  rounds: number,
): Promise<void> {
  const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { timeout: 60_000 });
  database.exec('PRAGMA synchronous = OFF');
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  for (const testId of testIds) {
    for (let first = 0; first < rounds; first += batch) {
      const results = Array.from({ length: Math.min(batch, rounds - first) }, (_, at) => first + at).flatMap(
        (ago) =>
          (['to-target', 'from-target'] as const).map((direction) => {
            const key = {
              testId,
              roundId: lastRoundId - ago * minuteS,
              sourceAgentId,
              targetAgentId,
              direction,
            };
            return ago % 97 === 0 ? failed(key) : varied(measured(key, ago % 3), ago);
          }),
      );
      await db.transaction().execute((tx) => keepResults(tx, results));
    }
  }
  await db.destroy();
}

/** No two rounds alike. */
function varied(result: MeasuredResult, ago: number): MeasuredResult {
  const delay = {
    ...result.measurement.delay!,
    meanMs: 10 + Math.sin(ago / 100),
    jitterMs: 0.5 + (ago % 13) / 10,
  };
  return { ...result, measurement: { ...result.measurement, delay } };
}

/** SQLite's own account of how it finds the rows. */
function explain(testId: string, fromS: number, toS: number): void {
  const database = new DatabaseSync(join(world.dataDir, 'pinhole.sqlite'), { timeout: 60_000 });
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  const range = { testId, direction: 'to-target', fromS, toS, bucketS: 1260, sourceAgentId: null } as const;
  const { sql, parameters } = timelineQuery(range).compile(db);
  for (const row of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(parameters as (string | number)[])))
    console.log(`  ${row.detail}`);
  database.close();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function dateOf(epochS: number): string {
  return new Date(epochS * 1000).toISOString();
}

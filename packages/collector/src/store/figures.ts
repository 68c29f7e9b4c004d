// The few figures of each result that a timeline shows: what it would take to read the results themselves is 30 times as
// much.

import type { OneDirection, RoundResult, TimelineSeries } from '@pinhole/contract';
import { sql } from 'kysely';
import { idNumber } from './ids.ts';
import { keyColumns, keyOf } from './rounds.ts';
import type { FigureTable, Store } from './schema.ts';

const figureColumns = [
  'failed',
  'loss_percent',
  'latency_min_ms',
  'latency_mean_ms',
  'latency_max_ms',
  'latency_bound_ms',
  'round_trip_mean_ms',
  'jitter_ms',
  'throughput_bps',
] as const satisfies readonly (keyof FigureTable)[];

/** Beside the results, in their transaction; takes the same ones twice, as they do. */
export async function keepFigures(db: Store, results: readonly RoundResult[]): Promise<void> {
  if (results.length === 0) return;
  await db
    .insertInto('figure')
    .values(results.map(figuresOf))
    .onConflict((conflict) =>
      conflict
        .columns(keyColumns)
        .doUpdateSet((update) =>
          Object.fromEntries(figureColumns.map((name) => [name, update.ref(`excluded.${name}`)])),
        )
        .where('figure.failed', '=', 1)
        .where(sql.ref('excluded.failed'), '=', 0),
    )
    .execute();
}

function figuresOf(result: RoundResult): FigureTable {
  const measurement = result.outcome === 'measured' ? result.measurement : null;
  const throughput = result.outcome === 'measured' ? result.throughput : undefined;
  const delay = measurement?.delay ?? null;
  return {
    ...keyOf(result),
    failed: Number(result.outcome === 'failed'),
    loss_percent: measurement?.lossPercent ?? null,
    latency_min_ms: delay?.minMs ?? null,
    latency_mean_ms: delay?.meanMs ?? null,
    latency_max_ms: delay?.maxMs ?? null,
    latency_bound_ms: delay?.errorBoundMs ?? null,
    round_trip_mean_ms: measurement?.roundTrip?.meanMs ?? null,
    jitter_ms: delay?.jitterMs ?? null,
    throughput_bps: throughput?.outcome === 'measured' ? throughput.bitsPerSecond : null,
  };
}

export interface TimelineRange {
  readonly testId: string;
  readonly direction: OneDirection;
  /** Epoch seconds, both included. */
  readonly fromS: number;
  readonly toS: number;
  readonly bucketS: number;
  /** Null: all. */
  readonly sourceAgentId: string | null;
}

/**
 * By time; buckets without a result are left out. Of a test with many sources it is more than should be read in one go: it
 * is read in stretches of whole buckets, `stretchS` or one bucket long, with a `pause` in which others have their turn.
 */
export async function readTimeline(
  db: Store,
  range: TimelineRange,
  stretchS: number,
  pause: () => Promise<void>,
): Promise<TimelineSeries> {
  const { fromS, toS, bucketS } = range;
  const bucketsAtOnce = Math.max(1, Math.floor(stretchS / bucketS));
  const rows: Bucket[] = [];
  let at = fromS;
  while (at <= toS) {
    const next = (Math.floor(at / bucketS) + bucketsAtOnce) * bucketS;
    const stretch = { ...range, fromS: at, toS: Math.min(toS, next - 1) };
    rows.push(...(await timelineQuery(stretch).execute(db)).rows);
    at = next;
    if (at <= toS) await pause();
  }
  const column = <K extends keyof Bucket>(name: K) => rows.map((row) => row[name]);
  return {
    startS: column('startS'),
    results: column('results'),
    failed: column('failed'),
    lossMean: column('lossMean'),
    lossMax: column('lossMax'),
    latencyMin: column('latencyMin'),
    latencyMean: column('latencyMean'),
    latencyMax: column('latencyMax'),
    latencyBound: column('latencyBound'),
    roundTripMean: column('roundTripMean'),
    jitterMean: column('jitterMean'),
    jitterMax: column('jitterMax'),
    throughputMin: column('throughputMin'),
    throughputMean: column('throughputMean'),
  };
}

type Bucket = { readonly [K in keyof TimelineSeries]: TimelineSeries[K][number] };

export function timelineQuery({ testId, direction, fromS, toS, bucketS, sourceAgentId }: TimelineRange) {
  // Bound as a parameter it would be a floating-point number, and the division one as well.
  const bucket = sql`round_id / ${sql.lit(bucketS)}`;
  const ofSource = sourceAgentId === null ? sql`` : sql`AND source_agent_id = ${idNumber(sourceAgentId)}`;
  return sql<Bucket>`
    SELECT
      iif(min(round_id) = max(round_id), min(round_id), ${bucket} * ${sql.lit(bucketS)}) AS startS,
      count(*) AS results,
      sum(failed) AS failed,
      avg(loss_percent) AS lossMean,
      max(loss_percent) AS lossMax,
      min(latency_min_ms) AS latencyMin,
      avg(latency_mean_ms) AS latencyMean,
      max(latency_max_ms) AS latencyMax,
      max(latency_bound_ms) AS latencyBound,
      avg(round_trip_mean_ms) AS roundTripMean,
      avg(jitter_ms) AS jitterMean,
      max(jitter_ms) AS jitterMax,
      min(throughput_bps) / 1e6 AS throughputMin,
      avg(throughput_bps) / 1e6 AS throughputMean
    FROM figure
    WHERE test_id = ${idNumber(testId)} AND direction = ${direction}
      AND round_id BETWEEN ${fromS} AND ${toS} ${ofSource}
    GROUP BY ${bucket}
    ORDER BY ${bucket}`;
}

/** The first and the last round that has a result, of all time; null where none has. */
export async function roundBounds(
  db: Store,
  testId: string,
  directions: readonly OneDirection[],
): Promise<{ firstRoundId: number | null; lastRoundId: number | null }> {
  // Each is one look into the table's order; min and max in one question would go through all of it.
  const endOf = async (direction: OneDirection, order: 'asc' | 'desc') => {
    const row = await db
      .selectFrom('figure')
      .select('round_id')
      .where('test_id', '=', idNumber(testId))
      .where('direction', '=', direction)
      .orderBy('round_id', order)
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? [] : [row.round_id];
  };
  const firsts: number[] = [];
  const lasts: number[] = [];
  for (const direction of directions) {
    firsts.push(...(await endOf(direction, 'asc')));
    lasts.push(...(await endOf(direction, 'desc')));
  }
  return {
    firstRoundId: firsts.length === 0 ? null : Math.min(...firsts),
    lastRoundId: lasts.length === 0 ? null : Math.max(...lasts),
  };
}

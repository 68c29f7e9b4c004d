// Keeps results, and paths, for so many days. Works beside everything else: a step is some rows of one table, and between
// two steps others have their turn.

import type { Clock, Timer } from '@pinhole/net';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { type AgingTable, agingTables, deleteOld, testNumbers } from './store/retention.ts';
import type { Tables } from './store/schema.ts';

const dayMs = 86_400_000;
/** A start has other things to do. */
const firstAfterMs = 60_000;
/** What grows old in an hour is a thousandth of what 90 days keep. */
const everyMs = 3_600_000;
/** A step's rows, some 100 kB: a few milliseconds, of which others wait for the next ten times as long. */
const stepRows = 100;
const pauseMs = 50;

export interface RetentionOptions {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly keepDays: number;
}

interface Task {
  readonly testId: number;
  readonly table: AgingTable;
}

/** The first time a minute from now, then each hour, until it is closed; close() waits for the step that is under way. */
export function startRetention({ db, clock, log, keepDays }: RetentionOptions): { close(): Promise<void> } {
  let closed = false;
  let underWay: Promise<void> = Promise.resolve();
  let timer: Timer = clock.after(firstAfterMs, begin);

  function begin(): void {
    underWay = run(async () => {
      const beforeRoundId = Math.floor((clock.wallMs() - keepDays * dayMs) / 1000);
      const testIds = await testNumbers(db);
      const tasks = testIds.flatMap((testId) => agingTables.map((table) => ({ testId, table })));
      await step(tasks, beforeRoundId, 0);
    });
  }

  async function step(tasks: readonly Task[], beforeRoundId: number, deleted: number): Promise<void> {
    const [task, ...rest] = tasks;
    if (task === undefined) {
      if (deleted > 0) log.info({ rows: deleted, keepDays }, 'what was too old was deleted');
      later(everyMs, begin);
      return;
    }
    const { testId, table } = task;
    const count = await deleteOld(db, table, { testId, beforeRoundId, limit: stepRows });
    const left = count < stepRows ? rest : tasks;
    later(pauseMs, () => {
      underWay = run(() => step(left, beforeRoundId, deleted + count));
    });
  }

  /** A disk that is full, say, is no reason to end; the next hour it is tried again. */
  async function run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error({ err: error }, 'what is too old could not be deleted');
      later(everyMs, begin);
    }
  }

  function later(delayMs: number, next: () => void): void {
    if (!closed) timer = clock.after(delayMs, next);
  }

  return {
    async close() {
      closed = true;
      timer.cancel();
      await underWay;
    },
  };
}

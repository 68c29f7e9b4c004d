// What the collector sends of its own accord: notifications of alerts, and streams.

import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { RoundResult } from '@pinhole/contract';
import type { Timer } from '@pinhole/net';
import { Deliveries, type DeliveryOptions } from '../alerts/delivery.ts';
import { type Judging, judgeResults, sweepAlerts } from '../alerts/judge.ts';
import type { Store } from '../store/schema.ts';
import type { TestRecord } from '../store/tests.ts';
import { enqueueResults } from './queue.ts';
import { RoundCounts } from './round-counts.ts';
import { Streams } from './streams.ts';

const sweepMs = 60_000;

export class Outgoing {
  readonly counts = new RoundCounts();
  readonly #options: DeliveryOptions & Judging;
  readonly #deliveries: Deliveries;
  readonly #streams: Streams;
  #timer: Timer | null = null;
  #closed = false;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: DeliveryOptions & Judging) {
    this.#options = options;
    this.#deliveries = new Deliveries(options);
    this.#streams = new Streams(options);
  }

  /** Goes on with what waits since the last time. */
  start(): void {
    // The exporters say nowhere else that a receiver took only some of what it was sent.
    const { log } = this.#options;
    const say = (message: string, ...details: unknown[]) => log.warn({ details }, message);
    const unsaid = () => undefined;
    const logger = { error: say, warn: say, info: unsaid, debug: unsaid, verbose: unsaid };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    this.wake();
    this.sweep();
    this.#sweepLater();
  }

  /** In the transaction that keeps the results. `fresh`: those that were not had before. */
  async take(
    db: Store,
    fresh: readonly RoundResult[],
    tests: ReadonlyMap<string, TestRecord>,
    nowMs: number,
  ): Promise<void> {
    await judgeResults(this.#options, db, fresh, tests, nowMs);
    await enqueueResults(db, fresh);
  }

  /** That transaction has ended well. */
  taken(fresh: readonly RoundResult[]): void {
    this.counts.add(fresh);
    this.wake();
  }

  /** There may be something to send. */
  wake(): void {
    this.#deliveries.wake();
    this.#streams.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all([this.#deliveries.close(), this.#streams.close(), this.#sweeping]);
  }

  /** Tests may have been changed or deleted: ends the alerts that belong to nothing any more. It is done each minute anyway. */
  sweep(): void {
    if (this.#closed) return;
    const { db, clock, log } = this.#options;
    this.#sweeping = this.#sweeping
      .then(() => db.transaction().execute((tx) => sweepAlerts(this.#options, tx, clock.wallMs())))
      .then(() => this.#deliveries.wake())
      .catch((error) => log.error({ err: error }, 'alerts cannot be swept'));
  }

  #sweepLater(): void {
    this.#timer = this.#options.clock.after(sweepMs, () => {
      this.#sweepLater();
      this.sweep();
    });
  }
}

// Posts notifications until each is taken or given up. They wait in the database, so a restart loses none; one that was
// taken while the collector died is posted again, with the same eventId.

import type { Clock, Random, Timer } from '@pinhole/net';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Tables } from '../store/schema.ts';
import {
  type Delivery,
  dueDeliveries,
  endDelivery,
  nextDeliveryAtMs,
  postponeDelivery,
} from '../store/webhooks.ts';
import { postJson } from './post.ts';
import { retryDelayMs } from './retry.ts';

export interface DeliveryOptions {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const timeoutMs = 10_000;
const atOnce = 8;
const retries = { firstMs: 5_000, maxMs: 3_600_000 };
/** Whoever has not heard of an alert by then looks it up. */
const givenUpAfterMs = 24 * 3_600_000;
/** The wall clock may step while a timer runs. */
const longestSleepMs = 60_000;

export class Deliveries {
  readonly #options: DeliveryOptions;
  readonly #closing = new AbortController();
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** There may be something to post. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#running = this.#run()
      .catch((error) => {
        this.#options.log.error({ err: error }, 'notifications cannot be read');
        this.#sleep(longestSleepMs);
      })
      .finally(() => {
        this.#running = null;
        if (!this.#again) return;
        this.#again = false;
        this.wake();
      });
  }

  /** What is under way is broken off, and posted again after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { db, clock } = this.#options;
    while (!this.#closing.signal.aborted) {
      const due = await dueDeliveries(db, clock.wallMs(), atOnce);
      if (due.length === 0) break;
      await Promise.all(due.map((delivery) => this.#deliver(delivery)));
    }
    const nextAtMs = await nextDeliveryAtMs(db);
    if (nextAtMs !== null) this.#sleep(Math.max(0, nextAtMs - clock.wallMs()));
  }

  async #deliver({ deliveryId, alertId, target, body, createdAtMs, attempts }: Delivery): Promise<void> {
    const { db, clock, random, log } = this.#options;
    const { signal } = this.#closing;
    const posted = await postJson(target, body, { clock, timeoutMs, signal });
    if (signal.aborted) return;
    // The path and query of an address may be its secret.
    const about = { alertId, host: new URL(target).host, attempt: attempts + 1 };
    if (posted.ok) {
      log.info(about, 'notification delivered');
      await endDelivery(db, deliveryId);
      return;
    }
    const delayMs = retryDelayMs(retries, attempts, random);
    const nowMs = clock.wallMs();
    if (nowMs + delayMs - createdAtMs > givenUpAfterMs) {
      log.error({ ...about, reason: posted.reason }, 'notification given up');
      await endDelivery(db, deliveryId);
    } else {
      log.warn({ ...about, reason: posted.reason, retryInMs: delayMs }, 'notification not delivered');
      await postponeDelivery(db, deliveryId, nowMs + delayMs);
    }
  }

  #sleep(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#options.clock.after(Math.min(delayMs, longestSleepMs), () => this.wake());
  }
}

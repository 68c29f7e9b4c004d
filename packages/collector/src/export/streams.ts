// Sends the results that wait for each stream, a batch at a time, the oldest first. What cannot be sent stays in the queue
// until it can; a queue that grows beyond its bound loses its oldest, and the stream says how many.

import type { Timer } from '@pinhole/net';
import type { DeliveryOptions } from '../alerts/delivery.ts';
import { retryDelayMs } from '../alerts/retry.ts';
import { agentNames } from '../store/agents.ts';
import {
  dequeue,
  findStream,
  keepFailure,
  keepSuccess,
  listStreams,
  readQueue,
  type StreamRecord,
  trimQueue,
} from '../store/streams.ts';
import { findTests } from '../store/tests.ts';
import { createExporter, type Exported, type Exporter } from './otlp/exporter.ts';
import { resourceMetrics } from './otlp/metric-data.ts';

/** Some 100 kB of protobuf. */
const batchResults = 200;
/** Twenty tests of one minute and both directions fill it in a day and three quarters. */
const maxQueued = 100_000;
const retries = { firstMs: 5_000, maxMs: 300_000 };

/** All streams. */
export class Streams {
  readonly #options: DeliveryOptions;
  readonly #senders = new Map<string, Sender>();
  #looking: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** There may be something to send, or a stream may have been changed. */
  wake(): void {
    if (this.#closed) return;
    if (this.#looking !== null) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error) => this.#options.log.error({ err: error }, 'streams cannot be read'))
      .finally(() => {
        this.#looking = null;
        if (!this.#again) return;
        this.#again = false;
        this.wake();
      });
  }

  /** Does not wait for what is under way: it is sent again after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }

  async #look(): Promise<void> {
    const streams = await listStreams(this.#options.db);
    if (this.#closed) return;
    for (const stream of streams) {
      let sender = this.#senders.get(stream.streamId);
      if (sender === undefined) {
        sender = new Sender(this.#options, stream.streamId);
        this.#senders.set(stream.streamId, sender);
      }
      sender.wake(stream);
    }
    const known = new Set(streams.map(({ streamId }) => streamId));
    for (const [streamId, sender] of this.#senders)
      if (!known.has(streamId)) {
        this.#senders.delete(streamId);
        await sender.close();
      }
  }
}

class Sender {
  readonly #options: DeliveryOptions;
  readonly #streamId: string;
  readonly #closing = Promise.withResolvers<null>();
  #closed = false;
  #running: Promise<void> | null = null;
  #again = false;
  #failures = 0;
  #timer: Timer | null = null;
  /** Of these settings. */
  #exporter: { readonly settings: string; readonly exporter: Exporter } | null = null;

  constructor(options: DeliveryOptions, streamId: string) {
    this.#options = options;
    this.#streamId = streamId;
  }

  /** While the receiver is away it waits for its time, unless the settings are others. */
  wake({ settings }: Pick<StreamRecord, 'settings'>): void {
    if (this.#closed) return;
    const isAsBefore = this.#exporter?.settings === JSON.stringify(settings);
    if (this.#timer !== null && isAsBefore) return;
    this.#goOn();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#closing.resolve(null);
    await this.#running;
  }

  #goOn(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#closed) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run()
      .catch((error) => {
        this.#options.log.error({ err: error, streamId: this.#streamId }, 'a stream cannot be read');
        this.#later();
      })
      .finally(() => {
        this.#running = null;
        if (!this.#again) return;
        this.#again = false;
        this.#goOn();
      });
  }

  async #run(): Promise<void> {
    const { db } = this.#options;
    while (!this.#closed) {
      const stream = await findStream(db, this.#streamId);
      if (stream === null || !stream.settings.enabled) return;
      const queued = await readQueue(db, stream.streamId, batchResults);
      const last = queued.at(-1);
      if (last === undefined) return;
      const results = queued.flatMap(({ result }) => result ?? []);
      const exported = await Promise.race([this.#export(stream, results), this.#closing.promise]);
      if (exported === null) return;
      if (!(await this.#settle(exported, last.queueId, results.length))) return;
    }
  }

  async #export(
    { settings }: StreamRecord,
    results: Parameters<typeof resourceMetrics>[0],
  ): Promise<Exported> {
    const text = JSON.stringify(settings);
    if (this.#exporter?.settings !== text) {
      const exporter = createExporter(settings.streamEndpointUrl, settings.customHeaders);
      this.#exporter = { settings: text, exporter };
    }
    // What has waited may be gone: its test was deleted.
    if (results.length === 0) return { outcome: 'sent' };
    const { db } = this.#options;
    const tests = await findTests(db, [...new Set(results.map(({ testId }) => testId))]);
    const names = {
      agents: await agentNames(db),
      tests: new Map(tests.map((test) => [test.testId, test])),
    };
    return await this.#exporter.exporter.export(resourceMetrics(results, names));
  }

  /** Whether to go on at once. */
  async #settle(exported: Exported, lastQueueId: number, count: number): Promise<boolean> {
    const { db, clock, log } = this.#options;
    const streamId = this.#streamId;
    const nowMs = clock.wallMs();
    if (exported.outcome === 'failed') {
      const lost = await db.transaction().execute(async (tx) => {
        const trimmed = await trimQueue(tx, streamId, maxQueued);
        await keepFailure(tx, streamId, { error: exported.reason, lost: trimmed, nowMs });
        return trimmed;
      });
      log.warn({ streamId, reason: exported.reason, lost }, 'a stream could not send');
      this.#later();
      return false;
    }
    this.#failures = 0;
    await db.transaction().execute(async (tx) => {
      await dequeue(tx, streamId, lastQueueId);
      if (exported.outcome === 'sent') await keepSuccess(tx, streamId, nowMs);
      else await keepFailure(tx, streamId, { error: exported.reason, lost: count, nowMs });
    });
    if (exported.outcome === 'refused')
      log.error({ streamId, reason: exported.reason, lost: count }, "a stream's receiver refuses results");
    return true;
  }

  #later(): void {
    if (this.#closed) return;
    const { clock, random } = this.#options;
    this.#timer = clock.after(retryDelayMs(retries, this.#failures, random), () => this.#goOn());
    this.#failures += 1;
  }
}

// The throughput of rounds: one session of this agent's at a time, whichever its transport, so that no two share the line.

import { type Assignment, measuredDirections, type Throughput } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { Transport } from '@pinhole/wire';
import type { Logger } from 'pino';
import type { AgentPort } from '../port/port.ts';
import type { Session } from '../session/session.ts';
import { Exchange } from './exchange.ts';
import { notMeasured } from './receiver.ts';

export interface RoundThroughputsOptions {
  readonly net: Net;
  readonly log: Logger;
  readonly port: (transport: Transport) => AgentPort;
}

export class RoundThroughputs {
  readonly #options: RoundThroughputsOptions;
  readonly #ending = new AbortController();
  readonly #stops = new Set<() => void>();
  #measuring: Session | null = null;

  constructor(options: RoundThroughputsOptions) {
    this.#options = options;
  }

  /** Ends what is under way; whoever waits for a figure has been told by the time this returns. */
  close(): void {
    for (const stop of this.#stops) stop();
    this.#ending.abort();
  }

  /**
   * Measures a session's throughput, where its test asks for that; the session stays until it is done. `onReceived` is
   * called once, as soon as this end knows what it has received: null where it was to receive nothing. Resolves when
   * the line is free again; never rejects.
   */
  async measure(
    session: Session,
    assignment: Assignment,
    onReceived: (throughput: Throughput | null) => void,
  ): Promise<void> {
    const { net, log, port } = this.#options;
    const { remote } = session;
    let isTold = false;
    const tell = (throughput: Throughput | null) => {
      if (!isTold) onReceived(throughput);
      isTold = true;
    };
    const own = assignment.role === 'source' ? 'from-target' : 'to-target';
    const isAsked = assignment.throughput !== null && remote !== null;
    if (!isAsked || !measuredDirections(assignment.direction).includes(own)) tell(null);
    if (remote === null || this.#ending.signal.aborted) {
      tell(notMeasured);
      return;
    }
    const place = {
      take: () => {
        this.#measuring ??= session;
        return this.#measuring === session;
      },
      give: () => {
        if (this.#measuring === session) this.#measuring = null;
      },
    };
    const exchange = new Exchange({
      net,
      port: port(assignment.protocol),
      session,
      remote,
      assignment,
      signal: this.#ending.signal,
      place,
      onReceived: tell,
    });
    const stop = () => {
      exchange.stop();
      tell(notMeasured);
    };
    if (!isAsked) return;
    this.#stops.add(stop);
    session.setThroughput(true);
    await exchange.run().catch((error: unknown) => {
      log.error({ err: error, testId: assignment.testId }, 'throughput');
    });
    tell(notMeasured);
    this.#stops.delete(stop);
    place.give();
    session.setThroughput(false);
  }
}

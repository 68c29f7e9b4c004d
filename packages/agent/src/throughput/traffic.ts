// The driver of a session's bulk packets: between the machines of sender and receiver, the port and the clock.

import type { Throughput } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import {
  bulkDatagramBytes,
  type Endpoint,
  type SessionBody,
  sameEndpoint,
  type ThroughputPlan,
} from '@pinhole/wire';
import type { AgentPort } from '../port/port.ts';
import { sameOctets } from '../session/request.ts';
import type { Session } from '../session/session.ts';
import type { ThroughputMessage } from '../session/throughput.ts';
import { drive } from '../timing/drive.ts';
import { countArrival, notMeasured, type ReceiverEvent, startReceiver, stepReceiver } from './receiver.ts';
import { packetsWithin, type SenderEvent, startSender, stepSender } from './sender.ts';

export interface TrafficOptions {
  readonly net: Net;
  readonly port: AgentPort;
  readonly session: Session;
  readonly remote: Endpoint;
  readonly dscp: number;
  readonly signal: AbortSignal;
}

type Granted = Pick<ThroughputPlan, 'durationMs' | 'rateKbps' | 'tag'>;

export class BulkTraffic {
  readonly #options: TrafficOptions;
  #sender: ((event: SenderEvent) => void) | null = null;
  #receiver: ((event: ReceiverEvent) => void) | null = null;
  /** Of our Finish, and of the peer's. */
  readonly #ownFinish: Uint8Array;
  #peerFinish: Uint8Array | null = null;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#ownFinish = options.net.random.bytes(12);
  }

  /** Resolves when nothing more is sent, for whichever reason. */
  async send({ durationMs, rateKbps, tag }: Granted): Promise<void> {
    const { net, port, session, remote, dscp, signal } = this.#options;
    const line = port.bulkLine(session, { to: remote, dscp, tag });
    const state = startSender({ durationMs, rateKbps, packetBytes: bulkDatagramBytes }, this.#nowMs());
    const step = (event: SenderEvent): number | null => {
      const { effects, wakeAtMs } = stepSender(state, event, this.#nowMs());
      let nextMs = wakeAtMs;
      for (const effect of effects) {
        if (effect.kind === 'send') {
          const { first, count: asked } = effect;
          nextMs = step({ kind: 'taken', asked, taken: line.send(first, asked) });
        } else if (effect.kind === 'finish') {
          this.say({ kind: 'finish', packets: effect.packets }, this.#ownFinish);
        }
      }
      return nextMs;
    };
    await drive<SenderEvent>(net.clock, signal, (feed) => {
      this.#sender = feed;
      return step;
    });
    this.#sender = null;
  }

  /** Listens at once. Resolves when nothing more is to come, with what has. */
  async receive({ durationMs, rateKbps, tag }: Granted): Promise<Throughput> {
    const { net, port, remote, signal } = this.#options;
    const packetLimit =
      rateKbps === null ? null : packetsWithin({ durationMs, rateKbps, packetBytes: bulkDatagramBytes });
    const state = startReceiver({ durationMs, packetLimit }, this.#nowMs());
    let throughput: Throughput = notMeasured;
    port.sessions.bulk = {
      tag,
      take: (from, sequence, octets, atNs) => {
        if (sameEndpoint(from, remote)) countArrival(state, sequence, octets, atNs);
      },
    };
    await drive<ReceiverEvent>(net.clock, signal, (feed) => {
      this.#receiver = feed;
      return (event) => {
        const { effects, wakeAtMs } = stepReceiver(state, event, this.#nowMs());
        for (const effect of effects) {
          if (effect.kind === 'report') this.say({ kind: 'arrived', report: effect });
          else if (effect.kind === 'done') throughput = effect.throughput;
          else if (this.#peerFinish !== null) this.say({ kind: 'finished' }, this.#peerFinish);
        }
        return wakeAtMs;
      };
    });
    this.#receiver = null;
    port.sessions.bulk = null;
    return throughput;
  }

  /** Receives no more, and tells the peer. */
  stop(): void {
    this.#receiver?.({ kind: 'stop' });
  }

  take({ transactionId, body }: ThroughputMessage): void {
    switch (body.kind) {
      case 'arrived':
        this.#sender?.({ kind: 'arrived', ...body.report });
        return;
      case 'finished':
        if (sameOctets(transactionId, this.#ownFinish)) this.#sender?.({ kind: 'finished' });
        return;
      case 'finish':
        this.#takeFinish(transactionId, body.packets);
    }
  }

  say(body: SessionBody, transactionId = this.#options.net.random.bytes(12)): void {
    const { port, session, remote } = this.#options;
    port.send({ session, data: session.throughputMessage(transactionId, body), to: remote });
  }

  #takeFinish(transactionId: Uint8Array, packets: number): void {
    this.#peerFinish ??= transactionId;
    if (!sameOctets(transactionId, this.#peerFinish)) return;
    if (this.#receiver !== null) this.#receiver({ kind: 'finish', packets });
    // The answer was lost.
    else this.say({ kind: 'finished' }, transactionId);
  }

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
  }
}

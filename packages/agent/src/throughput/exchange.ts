// How the two ends of a session measure throughput: one direction after the other, each at the source's request.
//
//   to target     Throughput(plan) → the target draws a tag, listens and grants → the source sends
//   from target   the source draws a tag, listens → Throughput(plan, tag) → the target grants and sends
//
// Each end does so for its own assignment only, at the lesser of both ends' rates and durations, and one session at a time.

import { type Assignment, measuredDirections, type OneDirection, type Throughput } from '@pinhole/contract';
import type { Timer } from '@pinhole/net';
import { bulkTagBytes, type SessionBody, type ThroughputPlan } from '@pinhole/wire';
import { drive } from '../path/drive.ts';
import { openRequest, sameOctets, stepRequest } from '../session/request.ts';
import type { ThroughputMessage } from '../session/throughput.ts';
import { notMeasured } from './receiver.ts';
import { BulkTraffic, type TrafficOptions } from './traffic.ts';

export interface ExchangeOptions extends Omit<TrafficOptions, 'dscp'> {
  readonly assignment: Assignment;
  /** Takes this agent's one place, if it is not another session's. */
  readonly occupy: () => boolean;
  /** What this end has received, or why not; the first call counts. */
  readonly onReceived: (throughput: Throughput) => void;
}

/** HTTP's codes, as far as STUN has none of its own; 486 as in RFC 8656 §18.13: its quota is used up. */
const refusals = { forbidden: 403, busy: 486 } as const;
/** Longer than all repetitions of the source's request: it may be done with the probes before this side, or after. */
const requestWaitMs = 8_000;
/** Where the test names no rate: a tenth of Fast Ethernet. */
const usualRateKbps = 10_000;

/** To different requests: an honest source has one for each direction. */
const maxAnswers = 4;

const busy: Throughput = { outcome: 'refused', reason: 'busy' };
const noTag = new Uint8Array(bulkTagBytes);

type Answer = { readonly granted: ThroughputPlan } | { readonly refusal: Throughput };

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #traffic: BulkTraffic;
  readonly #left: Set<OneDirection>;
  /** By which the peer answers what is being asked. */
  #asking: { readonly transactionId: Uint8Array; readonly onAnswer: (answer: Answer) => void } | null = null;
  /** What was answered to the peer's requests. */
  readonly #answers: { readonly transactionId: Uint8Array; readonly body: SessionBody }[] = [];
  #underWay: Promise<unknown> | null = null;
  #onRequest: () => void = () => undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { assignment, session } = options;
    this.#traffic = new BulkTraffic({ ...options, dscp: assignment.dscp });
    this.#left = new Set(assignment.throughput === null ? [] : measuredDirections(assignment.direction));
    session.onThroughput = (message) => this.#take(message);
  }

  /** Resolves when nothing of it is on the line any more. */
  run(): Promise<void> {
    return this.#options.assignment.role === 'source' ? this.#askForAll() : this.#serve();
  }

  /** Receives no more. */
  stop(): void {
    this.#left.clear();
    this.#traffic.stop();
  }

  // ---- the source ----------------------------------------------------------------------------------------------

  async #askForAll(): Promise<void> {
    const { net, occupy, onReceived } = this.#options;
    if (this.#left.size === 0) return;
    if (!occupy()) {
      onReceived(busy);
      // So that the target need not wait.
      await this.#ask({ direction: null, durationMs: 0, rateKbps: null, tag: noTag });
      return;
    }
    for (const direction of this.#left) {
      const tag = direction === 'to-target' ? noTag : net.random.bytes(bulkTagBytes);
      const plan = { ...this.#own(), direction, tag };
      const received = direction === 'from-target' ? this.#traffic.receive(plan) : null;
      const answer = await this.#ask(plan);
      if ('refusal' in answer) {
        this.#traffic.stop();
        onReceived(answer.refusal);
        return;
      }
      if (received === null) await this.#traffic.send({ ...answer.granted, ...this.#least(answer.granted) });
      else onReceived(await received);
    }
  }

  async #ask(plan: ThroughputPlan): Promise<Answer> {
    const { net, signal } = this.#options;
    const nowMs = () => net.clock.monotonicNs() / 1e6;
    let request = openRequest({ kind: 'throughput', plan }, net.random.bytes(12), 0, nowMs());
    let answer: Answer = { refusal: notMeasured };
    await drive<{ kind: 'answer'; answer: Answer }>(net.clock, signal, (feed) => {
      const onAnswer = (given: Answer) => feed({ kind: 'answer', answer: given });
      this.#asking = { transactionId: request.transactionId, onAnswer };
      return (event) => {
        if (event.kind === 'answer') {
          answer = event.answer;
          return null;
        }
        const step = stepRequest(request, nowMs());
        if (step.action === 'give-up') return null;
        if (step.action === 'send') this.#traffic.say(request.body, request.transactionId);
        request = step.request;
        return request.nextAtMs;
      };
    });
    this.#asking = null;
    return answer;
  }

  // ---- the target ----------------------------------------------------------------------------------------------

  async #serve(): Promise<void> {
    while (this.#left.size > 0 && (await this.#requested())) await this.#underWay;
    this.#left.clear();
    this.#options.onReceived(notMeasured);
  }

  /** False where nothing is asked for in time. */
  #requested(): Promise<boolean> {
    const { net, signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer: Timer = net.clock.after(requestWaitMs, () => resolve(false));
    const onAbort = () => resolve(false);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#onRequest = () => resolve(true);
    return promise.finally(() => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    });
  }

  #answerTo(asked: ThroughputPlan): SessionBody {
    const { net, assignment, occupy, onReceived } = this.#options;
    const { direction } = asked;
    if (direction === null) {
      this.#end(busy);
      return { kind: 'granted', plan: asked };
    }
    if (assignment.role === 'source' || !this.#left.has(direction) || this.#underWay !== null)
      return refused(refusals.forbidden, 'Not what this agent is to measure');
    if (!occupy()) {
      this.#end(busy);
      return refused(refusals.busy, 'This agent measures another throughput');
    }
    this.#left.delete(direction);
    const least = this.#least(asked);
    const tag = direction === 'to-target' ? net.random.bytes(bulkTagBytes) : asked.tag;
    const plan = { direction, ...least, tag };
    const underWay =
      direction === 'to-target' ? this.#traffic.receive(plan).then(onReceived) : this.#traffic.send(plan);
    this.#underWay = underWay.finally(() => {
      this.#underWay = null;
    });
    this.#onRequest();
    return { kind: 'granted', plan };
  }

  /** There is nothing to be measured. */
  #end(received: Throughput): void {
    this.#left.clear();
    this.#options.onReceived(received);
    this.#onRequest();
  }

  // ---- both ----------------------------------------------------------------------------------------------------

  #take(message: ThroughputMessage): void {
    const { transactionId, body } = message;
    switch (body.kind) {
      case 'throughput': {
        const given = this.#answers.find((each) => sameOctets(each.transactionId, transactionId));
        if (given === undefined && this.#answers.length >= maxAnswers) return;
        const answer = given?.body ?? this.#answerTo(body.plan);
        if (given === undefined) this.#answers.push({ transactionId, body: answer });
        this.#traffic.say(answer, transactionId);
        return;
      }
      case 'granted':
      case 'refused':
        if (this.#asking === null || !sameOctets(transactionId, this.#asking.transactionId)) return;
        this.#asking.onAnswer(
          body.kind === 'granted'
            ? { granted: body.plan }
            : { refusal: body.code === refusals.busy ? busy : notMeasured },
        );
        return;
      default:
        this.#traffic.take(message);
    }
  }

  /** What this end's own assignment asks for. */
  #own(): Pick<ThroughputPlan, 'durationMs' | 'rateKbps'> {
    const { protocol, throughput } = this.#options.assignment;
    const rateKbps = throughput?.rateMbps == null ? usualRateKbps : Math.round(throughput.rateMbps * 1000);
    return { durationMs: throughput?.durationMs ?? 0, rateKbps: protocol === 'udp' ? rateKbps : null };
  }

  #least(peers: ThroughputPlan): Pick<ThroughputPlan, 'durationMs' | 'rateKbps'> {
    const own = this.#own();
    return {
      durationMs: Math.min(own.durationMs, peers.durationMs),
      rateKbps: own.rateKbps === null ? null : Math.min(own.rateKbps, peers.rateKbps ?? own.rateKbps),
    };
  }
}

function refused(code: number, reason: string): SessionBody {
  return { kind: 'refused', method: 'throughput', code, reason };
}

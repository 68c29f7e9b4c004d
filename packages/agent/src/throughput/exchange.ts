// How the two ends of a session measure throughput: one direction after the other, each at the source's request.
//
//   to target     Throughput(plan) → the target draws a tag, listens and grants → the source sends
//   from target   the source draws a tag, listens → Throughput(plan, tag) → the target grants and sends
//
// Each end does so for its own assignment only, at the lesser of both ends' rates and durations, and one session at a time.
// A source waits for its turn, at its own end and at the target's, and holds neither place while it does: so two agents that
// ask each other do not wait for each other.

import { type Assignment, measuredDirections, type OneDirection, type Throughput } from '@pinhole/contract';
import { bulkTagBytes, type SessionBody, type ThroughputPlan } from '@pinhole/wire';
import { openRequest, sameOctets, stepRequest } from '../session/request.ts';
import type { ThroughputMessage } from '../session/throughput.ts';
import { drive } from '../timing/drive.ts';
import { pause } from '../timing/pause.ts';
import { notMeasured } from './receiver.ts';
import { BulkTraffic, type TrafficOptions } from './traffic.ts';

export interface ExchangeOptions extends Omit<TrafficOptions, 'dscp'> {
  readonly assignment: Assignment;
  /** This agent's one place: taken if it is not another session's, and given back. */
  readonly place: { readonly take: () => boolean; readonly give: () => void };
  /** What this end has received, or why not; the first call counts. */
  readonly onReceived: (throughput: Throughput) => void;
}

/** HTTP's codes, as far as STUN has none of its own; 486 as in RFC 8656 §18.13: its quota is used up. */
const refusals = { forbidden: 403, busy: 486 } as const;
/** Longer than all repetitions of the source's request: it may be done with the probes before this side, or after. */
const requestWaitMs = 8_000;
/** Where the test names no rate: a tenth of Fast Ethernet. */
const usualRateKbps = 10_000;

/** For its turn: as long as one direction may take. The round's results wait meanwhile. */
const turnLimitMs = 30_000;
/** Drawn anew each time, or two that were refused by each other would ask at the same moment again. */
const [leastTurnGapMs, mostTurnGapMs] = [500, 1_000] as const;
/** To different requests: an honest source has one for each direction, and as many as that for its turn. */
const maxAnswers = 64;

const busy: Throughput = { outcome: 'refused', reason: 'busy' };
const noTag = new Uint8Array(bulkTagBytes);
/** The source measures another throughput; with a duration: for so long at most, and then it asks. */
const nothing: ThroughputPlan = { direction: null, durationMs: 0, rateKbps: null, tag: noTag };

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
  /** What is not asked for by then is not measured. */
  #requestedByMs = 0;
  #turnLimitAtMs: number | null = null;
  /** As far as the target knows: the source has been refused, or waits at its own end. */
  #isBusy = false;

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
    const { net, place, signal, onReceived } = this.#options;
    const untilMs = this.#nowMs() + turnLimitMs;
    let isToldToWait = false;
    while (this.#left.size > 0 && !signal.aborted) {
      if (place.take()) {
        if ((await this.#askForEach()) === 'over') return;
        place.give();
      } else if (!isToldToWait) {
        isToldToWait = true;
        await this.#ask({ ...nothing, durationMs: turnLimitMs });
      }
      if (this.#nowMs() >= untilMs) break;
      const gapMs = leastTurnGapMs + net.random.below(mostTurnGapMs - leastTurnGapMs);
      await pause(net.clock, gapMs, signal);
    }
    if (this.#left.size === 0 || signal.aborted) return;
    onReceived(busy);
    // So that the target need not wait.
    await this.#ask(nothing);
  }

  /** `busy`: nothing has been measured, for the target measures another's. */
  async #askForEach(): Promise<'over' | 'busy'> {
    const { net, onReceived } = this.#options;
    for (const direction of this.#left) {
      const tag = direction === 'to-target' ? noTag : net.random.bytes(bulkTagBytes);
      const plan = { ...this.#own(), direction, tag };
      const received = direction === 'from-target' ? this.#traffic.receive(plan) : null;
      const answer = await this.#ask(plan);
      if ('refusal' in answer) {
        this.#traffic.stop();
        const isBusy = answer.refusal === busy;
        if (!isBusy) onReceived(answer.refusal);
        return isBusy ? 'busy' : 'over';
      }
      if (received === null) await this.#traffic.send({ ...answer.granted, ...this.#least(answer.granted) });
      else onReceived(await received);
      this.#left.delete(direction);
    }
    return 'over';
  }

  async #ask(plan: ThroughputPlan): Promise<Answer> {
    const { net, signal } = this.#options;
    let request = openRequest({ kind: 'throughput', plan }, net.random.bytes(12), 0, this.#nowMs());
    let answer: Answer = { refusal: notMeasured };
    await drive<{ kind: 'answer'; answer: Answer }>(net.clock, signal, (feed) => {
      const onAnswer = (given: Answer) => feed({ kind: 'answer', answer: given });
      this.#asking = { transactionId: request.transactionId, onAnswer };
      return (event) => {
        if (event.kind === 'answer') {
          answer = event.answer;
          return null;
        }
        const step = stepRequest(request, this.#nowMs());
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
    this.#options.onReceived(this.#isBusy ? busy : notMeasured);
  }

  /** False where nothing is asked for in time. */
  async #requested(): Promise<boolean> {
    const { net, signal } = this.#options;
    const request = new AbortController();
    this.#onRequest = () => request.abort();
    this.#requestedByMs = this.#nowMs() + requestWaitMs;
    const either = AbortSignal.any([signal, request.signal]);
    for (let leftMs = requestWaitMs; leftMs > 0 && !either.aborted; ) {
      await pause(net.clock, leftMs, either);
      leftMs = this.#requestedByMs - this.#nowMs();
    }
    return request.signal.aborted;
  }

  /** The source comes again; but not for ever. */
  #awaitTurn(withinMs: number): void {
    this.#turnLimitAtMs ??= this.#nowMs() + turnLimitMs + requestWaitMs;
    const byMs = Math.min(this.#turnLimitAtMs, this.#nowMs() + withinMs + requestWaitMs);
    this.#requestedByMs = Math.max(this.#requestedByMs, byMs);
    this.#isBusy = true;
  }

  #answerTo(asked: ThroughputPlan): SessionBody {
    const { net, assignment, place, onReceived } = this.#options;
    const { direction } = asked;
    if (direction === null) {
      if (asked.durationMs > 0) this.#awaitTurn(asked.durationMs);
      else this.#end(busy);
      return { kind: 'granted', plan: asked };
    }
    if (assignment.role === 'source' || !this.#left.has(direction) || this.#underWay !== null)
      return refused(refusals.forbidden, 'Not what this agent is to measure');
    if (!place.take()) {
      this.#awaitTurn(mostTurnGapMs);
      return refused(refusals.busy, 'This agent measures another throughput');
    }
    this.#left.delete(direction);
    this.#isBusy = false;
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

  #nowMs(): number {
    return this.#options.net.clock.monotonicNs() / 1e6;
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

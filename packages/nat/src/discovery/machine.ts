// Finding out how the NATs and firewalls in front of an agent behave, with the NAT traversal server's help.
//
// RFC 5780 does it for UDP's mapping and filtering; the same questions over TCP, and those that it leaves out, are asked
// here as well (plan.ts). One question at a time has no place in it: all of a phase are under way at once, each with its
// own retransmissions and end. What was not answered is an outcome like any other.

import type { Random } from '@pinhole/net';
import { type IpAddress, sameEndpoint, type Transport } from '@pinhole/wire';
import { reportOf } from './facts.ts';
import { listening, phases, type Results } from './plan.ts';
import type { DiscoveryReport } from './report.ts';
import type {
  AnswerBody,
  DiscoveryEffect,
  DiscoveryEvent,
  DiscoveryInput,
  Outcome,
  Question,
  Settled,
  Slot,
} from './state.ts';

export interface DiscoveryState {
  readonly input: DiscoveryInput;
  /** Index into the plan's phases; -1 before the first. */
  readonly phase: number;
  readonly open: readonly OpenQuestion[];
  readonly results: Results;
  /** By port, the router at which its datagram's TTL was at an end. */
  readonly expired: ReadonlyMap<Slot, IpAddress>;
  /** Null until all is asked. */
  readonly report: DiscoveryReport | null;
}

interface OpenQuestion {
  readonly question: Question;
  readonly tries: number;
  readonly firstAtMs: number;
  /** When to ask, or to give up. */
  readonly nextAtMs: number;
  /** In hex, of all tries. */
  readonly transactionIds: readonly string[];
  readonly nonce: string | null;
}

/** RFC 8489 §6.2.1: an RTO of 500 ms that doubles. Fewer tries than there: that nothing comes is often the answer here. */
const udpWaitsMs = [500, 1000, 1000] as const;
/** Longer than the first two retransmissions of a SYN (RFC 6298 §2: after 1 and 3 s) and than any probe of the server's. */
const tcpWaitMs = 4_000;

export function startDiscovery(input: DiscoveryInput): DiscoveryState {
  return { input, phase: -1, open: [], results: new Map(), expired: new Map(), report: null };
}

/** Begins with the first tick. `wakeAtMs` is null once there is a report. */
export function stepDiscovery(
  state: DiscoveryState,
  event: DiscoveryEvent,
  nowMs: number,
  random: Random,
): { state: DiscoveryState; effects: DiscoveryEffect[]; wakeAtMs: number | null } {
  if (state.report !== null) return { state, effects: [], wakeAtMs: null };
  const effects: DiscoveryEffect[] = [];
  let next = take(state, event, nowMs);
  next = keep(next, nowMs, random, effects);
  const wakeAtMs = next.report === null ? Math.min(...next.open.map((each) => each.nextAtMs)) : null;
  return { state: next, effects, wakeAtMs };
}

function take(state: DiscoveryState, event: DiscoveryEvent, nowMs: number): DiscoveryState {
  switch (event.kind) {
    case 'tick':
      return state;
    case 'answer': {
      const asked = find(state, event.transactionId);
      if (asked?.question.transport !== event.transport || asked.question.slot !== event.slot) return state;
      if (mayRenew(asked, event.body)) return renew(state, asked, event.body.nonce, nowMs);
      return settle(state, asked, outcomeOf(asked, event, nowMs));
    }
    case 'request': {
      const { slot, from } = event;
      const asked = find(state, event.transactionId);
      return asked === undefined ? state : settle(state, asked, { kind: 'heard', slot, from });
    }
    case 'expired':
      return state.expired.has(event.slot)
        ? state
        : { ...state, expired: new Map(state.expired).set(event.slot, event.by) };
    case 'connected':
      return settleAll(
        state,
        ({ slot, to, ask }) => ask.kind === 'connect' && slot === event.slot && sameEndpoint(to, event.to),
        { kind: 'connected' },
      );
    case 'failed': {
      const { transport, slot, detail } = event;
      return settleAll(
        state,
        (each) => each.transport === transport && each.slot === slot && sameEndpoint(each.to, event.to),
        { kind: 'failed', detail },
      );
    }
  }
}

function find({ open }: DiscoveryState, transactionId: Uint8Array): OpenQuestion | undefined {
  const id = hex(transactionId);
  return open.find(({ transactionIds }) => transactionIds.includes(id));
}

/** RFC 8489 §9.2.5: a request that was refused for want of a nonce is sent again with it; once, or it would go on for ever. */
function mayRenew(
  { question, nonce }: OpenQuestion,
  body: AnswerBody,
): body is AnswerBody & { kind: 'refused'; nonce: string } {
  return question.ask.kind === 'probe' && nonce === null && body.kind === 'refused' && body.nonce !== null;
}

function renew(state: DiscoveryState, asked: OpenQuestion, nonce: string, nowMs: number): DiscoveryState {
  const renewed: OpenQuestion = { ...asked, nonce, tries: 0, nextAtMs: nowMs };
  return { ...state, open: state.open.map((each) => (each === asked ? renewed : each)) };
}

function outcomeOf(
  { firstAtMs, tries }: OpenQuestion,
  { from, local, body }: Extract<DiscoveryEvent, { kind: 'answer' }>,
  nowMs: number,
): Outcome {
  switch (body.kind) {
    case 'bound':
      return {
        ...body,
        from,
        local,
        askedAtMs: firstAtMs,
        roundTripMs: nowMs - firstAtMs,
        repeated: tries > 1,
      };
    case 'probed':
      return body;
    case 'refused':
      return { kind: 'failed', detail: `refused: ${body.code} ${body.reason}` };
  }
}

function settleAll(
  state: DiscoveryState,
  concerns: (question: Question) => boolean,
  outcome: Outcome,
): DiscoveryState {
  return state.open
    .filter(({ question, tries }) => tries > 0 && concerns(question))
    .reduce((next, asked) => settle(next, asked, outcome), state);
}

function settle(state: DiscoveryState, asked: OpenQuestion, outcome: Outcome): DiscoveryState {
  const settled: Settled = { question: asked.question, outcome };
  return {
    ...state,
    open: state.open.filter((each) => each !== asked),
    results: new Map(state.results).set(asked.question.id, settled),
  };
}

/** Asks what is due, gives up what has waited long enough, and goes on to the next phase when nothing is left of this. */
function keep(
  state: DiscoveryState,
  nowMs: number,
  random: Random,
  effects: DiscoveryEffect[],
): DiscoveryState {
  let next = state;
  for (;;) {
    for (const each of next.open) {
      if (each.nextAtMs > nowMs) continue;
      next = isOver(each)
        ? settle(next, each, { kind: 'failed', detail: 'no answer' })
        : { ...next, open: next.open.map((one) => (one === each ? ask(each, nowMs, random, effects) : one)) };
    }
    if (next.open.some(({ question }) => question.aside !== true)) return next;
    const phase = next.phase + 1;
    const questions = phases[phase];
    if (questions === undefined) return { ...next, report: reportOf(next.input, next.results, next.expired) };
    if (phase === 2) effects.push(...listen(next.results));
    next = { ...next, phase, ...begin(next, questions(next.input, next.results), nowMs) };
  }
}

function listen(results: Results): DiscoveryEffect[] {
  return listening
    .filter((slot) => results.get(`tcp.${slot}`)?.outcome.kind === 'bound')
    .map((slot) => ({ kind: 'listen', slot }));
}

/** What the registration has answered already is not asked again: its 4-tuple is taken. */
function begin(
  { input: { registered }, results }: DiscoveryState,
  questions: readonly Question[],
  nowMs: number,
): Pick<DiscoveryState, 'open' | 'results'> {
  const known = new Map(results);
  const open: OpenQuestion[] = [];
  for (const question of questions) {
    const nextAtMs = nowMs + question.delayMs;
    if (
      registered !== null &&
      question.transport === 'tcp' &&
      question.slot === 'test' &&
      sameEndpoint(question.to, registered.server)
    ) {
      const { server, mapped, local } = registered;
      const timing = { askedAtMs: nowMs, roundTripMs: 0, repeated: false };
      const outcome: Outcome = { kind: 'bound', from: server, local, mapped, other: null, ...timing };
      known.set(question.id, { question, outcome });
    } else {
      open.push({ question, tries: 0, firstAtMs: nextAtMs, nextAtMs, transactionIds: [], nonce: null });
    }
  }
  return { open, results: known };
}

function isOver({ question, tries }: OpenQuestion): boolean {
  return tries >= waitsMs(question.transport).length;
}

function waitsMs(transport: Transport): readonly number[] {
  return transport === 'udp' ? udpWaitsMs : [tcpWaitMs];
}

function ask(each: OpenQuestion, nowMs: number, random: Random, effects: DiscoveryEffect[]): OpenQuestion {
  const { question, tries, nonce } = each;
  const { transport, slot, to } = question;
  const asked = {
    ...each,
    tries: tries + 1,
    firstAtMs: each.transactionIds.length === 0 ? nowMs : each.firstAtMs,
    nextAtMs: nowMs + waitsMs(transport)[tries]!,
  };
  if (question.ask.kind === 'connect') {
    effects.push({ kind: 'connect', slot, to });
    return asked;
  }
  const opener = question.ask.kind === 'binding' ? question.ask.opener : undefined;
  if (opener !== undefined) effects.push({ kind: 'opener', slot, ...opener });
  const transactionId = random.bytes(12);
  effects.push({ kind: 'ask', transport, slot, to, transactionId, ask: question.ask, nonce });
  return { ...asked, transactionIds: [...each.transactionIds, hex(transactionId)] };
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

// One session of one round, at one end. docs/protocol.md tells it in prose.
//
//   connecting   both sides send checks (nat's punching machine) until the source has found a way
//   opening      the source sends its plan with Open; the target agrees: from here on both measure
//   measuring    each side that has to sends its probes at their moments; probes of the peer are reflected as they come
//   reporting    a side that has sent tells the peer when each probe left and when its reflection came
//   lingering    finished, but a repeated request of the peer's is still answered; both sides measure throughput, if they
//                are to, and then trace the path
//
// Times in ms are the monotonic clock's; times in ns count from the session's origin (log.ts).

import { type PunchEffect, type PunchEvent, stepPunch } from '@pinhole/nat';
import type { Random } from '@pinhole/net';
import { type SessionBody, sameEndpoint } from '@pinhole/wire';
import { peerReportComplete } from './log.ts';
import { isMeasured, logProbe, measure, measuringTimes, startMeasuring } from './measuring.ts';
import { takeReport } from './report.ts';
import { type OpenRequest, openRequest, sameOctets, stepRequest } from './request.ts';
import type { EarlyOpen, SessionEffect, SessionEvent, SessionOutcome, SessionState } from './state.ts';
import { answerTracing } from './tracing.ts';

/** How long a finished side answers repetitions: the peer's last request may be 7 tries old. */
const lingerMs = 5_000;
/** RFC 8489 §14.8 has no code for it; HTTP's Request Timeout is the nearest. */
const openTooLate = 408;

/** Changes the state in place: it holds a log of every packet. `wakeAtMs` is null once the session is gone. */
export function stepSession(
  state: SessionState,
  event: SessionEvent,
  nowMs: number,
  random: Random,
): { effects: SessionEffect[]; wakeAtMs: number | null } {
  const effects: SessionEffect[] = [];
  take(state, event, nowMs, random, effects);
  if (state.phase === 'connecting') punch(state, { kind: 'tick' }, nowMs, random, effects);
  sendRequests(state, nowMs, effects);
  if (state.phase === 'measuring') {
    measure(state, nowMs, random, effects);
    sendRequests(state, nowMs, effects);
    if (isMeasured(state, nowMs)) finishMeasured(state, nowMs, effects);
  }
  if (state.phase === 'lingering' && nowMs >= state.lingerUntilMs && !isHeld(state)) {
    state.phase = 'gone';
    effects.push({ kind: 'gone' });
  }
  return { effects, wakeAtMs: wakeAt(state, nowMs) };
}

function take(
  state: SessionState,
  event: SessionEvent,
  nowMs: number,
  random: Random,
  effects: SessionEffect[],
): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'candidates':
      punch(state, event, nowMs, random, effects);
      return;
    case 'message':
      receive(state, event, nowMs, random, effects);
      return;
    case 'tracing':
      state.tracing = event.underWay;
      return;
    case 'throughput':
      state.throughput = event.underWay;
      // The peer's tracing begins with the end of this.
      if (!event.underWay && state.phase === 'lingering') linger(state, nowMs);
      return;
    default:
      logProbe(state, event);
  }
}

function receive(
  state: SessionState,
  event: Extract<SessionEvent, { kind: 'message' }>,
  nowMs: number,
  random: Random,
  effects: SessionEffect[],
): void {
  const { from, transactionId, body } = event;
  const reply = (answer: SessionBody) =>
    effects.push({ kind: 'send', to: from, transactionId, body: answer });
  switch (body.kind) {
    case 'check':
      punch(state, { kind: 'check', from, transactionId }, nowMs, random, effects);
      return;
    case 'checked':
      punch(state, { kind: 'checked', from, transactionId, mapped: body.mapped }, nowMs, random, effects);
      if (state.remote !== null && sameEndpoint(state.remote, from)) state.mapped ??= body.mapped;
      if (state.earlyOpen !== null) takeOpen(state, state.earlyOpen, nowMs, effects);
      return;
    case 'open':
      takeOpen(state, { from, transactionId, body }, nowMs, effects);
      return;
    case 'report':
      if (state.plan === null) return;
      takeReport(state.log, state.plan, body.records, state.setup.originUnixNs);
      state.log.peerTcp = body.tcp ?? state.log.peerTcp;
      reply({ kind: 'reported' });
      return;
    case 'opened':
    case 'reported':
    case 'refused':
      answered(state, transactionId, body, nowMs, effects);
      return;
    case 'trace':
    case 'flows':
      answerTracing(state, { ...event, body }, nowMs, effects);
      return;
    case 'traced':
    case 'flows-opened':
    case 'throughput':
    case 'granted':
    case 'arrived':
    case 'finish':
    case 'finished':
      // Of what follows the probes: whoever traces or measures throughput has them from the driver.
      return;
    case 'close':
      if (state.phase === 'measuring') finishMeasured(state, nowMs, effects);
      else fail(state, 'opening', 'The peer closed the session', nowMs, effects);
  }
}

/**
 * The source begins the round. Only from where it has answered a check of ours: a copy of its Open, sent from somewhere
 * else, must not turn our probes there.
 */
function takeOpen(state: SessionState, open: EarlyOpen, nowMs: number, effects: SessionEffect[]): void {
  const { from, transactionId, body } = open;
  if (state.setup.role !== 'target') return;
  if (state.phase === 'connecting') {
    if (!state.punch.confirmed.some((each) => sameEndpoint(each, from))) {
      state.earlyOpen = open;
      return;
    }
    state.earlyOpen = null;
    state.remote = from;
    state.mapped = body.sentTo;
    state.plan = body.plan;
    startMeasuring(state, nowMs);
  }
  const answer: SessionBody =
    state.plan !== null
      ? { kind: 'opened' }
      : { kind: 'refused', method: 'open', code: openTooLate, reason: 'The target had given up' };
  effects.push({ kind: 'send', to: from, transactionId, body: answer });
}

/** Feeds the punching machine and carries out what it says. */
function punch(
  state: SessionState,
  event: PunchEvent,
  nowMs: number,
  random: Random,
  effects: SessionEffect[],
): void {
  const { state: next, effects: wanted } = stepPunch(state.punch, event, nowMs, random);
  state.punch = next;
  effects.push(...wanted.map((each) => punchEffect(state, each)));
  const { outcome } = next;
  if (outcome === null || state.phase !== 'connecting') return;
  if (outcome.kind === 'failed') {
    const heard =
      outcome.checksHeard === 0 ? 'none of the peer arrived' : `${outcome.checksHeard} of the peer arrived`;
    fail(state, 'connecting', `${outcome.checksSent} checks sent, none answered; ${heard}`, nowMs, effects);
    return;
  }
  if (state.plan === null) return;
  state.remote = outcome.remote;
  state.mapped = outcome.mapped;
  state.roundTripMs = outcome.roundTripMs;
  state.phase = 'opening';
  state.requests = [
    openRequest(
      { kind: 'open', plan: state.plan, sentTo: outcome.remote },
      random.bytes(12),
      state.roundTripMs,
      nowMs,
    ),
  ];
}

function punchEffect(state: SessionState, effect: PunchEffect): SessionEffect {
  const { to, transactionId } = effect;
  const body: SessionBody =
    effect.kind === 'send-check' ? state.setup.check : { kind: 'checked', mapped: to };
  const ttl = effect.kind === 'send-check' ? effect.ttl : undefined;
  return { kind: 'send', to, transactionId, body, ...(ttl !== undefined && { ttl }) };
}

function sendRequests(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  const { remote } = state;
  if (remote === null || state.phase === 'lingering' || state.phase === 'gone') return;
  const waiting: OpenRequest[] = [];
  for (const request of state.requests) {
    const result = stepRequest(request, nowMs);
    if (result.action === 'give-up') {
      if (state.phase === 'opening') fail(state, 'opening', 'The target did not answer Open', nowMs, effects);
      else state.report = 'given-up';
      continue;
    }
    if (result.action === 'send') {
      effects.push({ kind: 'send', to: remote, transactionId: request.transactionId, body: request.body });
    }
    waiting.push(result.request);
  }
  state.requests = waiting;
}

function answered(
  state: SessionState,
  transactionId: Uint8Array,
  body: SessionBody,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const request = state.requests.find((each) => sameOctets(each.transactionId, transactionId));
  if (request === undefined) return;
  const { kind } = request.body;
  const refused = body.kind === 'refused' && body.method === kind;
  if (!refused && body.kind !== (kind === 'open' ? 'opened' : 'reported')) return;
  state.requests = state.requests.filter((each) => each !== request);
  if (kind === 'open') {
    if (body.kind === 'refused') fail(state, 'refused', body.reason, nowMs, effects);
    else if (state.mapped === null) fail(state, 'opening', 'The target answered no check', nowMs, effects);
    else startMeasuring(state, nowMs);
  } else if (refused) state.report = 'given-up';
  else if (state.requests.length === 0 && state.report === 'sent') state.report = 'confirmed';
}

function finishMeasured(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  const { plan, remote, log, mapped } = state;
  if (plan === null || remote === null || mapped === null) return;
  const peerConfirmed = state.report === 'confirmed' || peerReportComplete(log);
  linger(state, nowMs);
  effects.push({ kind: 'finished', outcome: { kind: 'measured', plan, log, remote, mapped, peerConfirmed } });
}

function fail(
  state: SessionState,
  stage: Extract<SessionOutcome, { kind: 'failed' }>['stage'],
  evidence: string,
  nowMs: number,
  effects: SessionEffect[],
): void {
  if (state.phase !== 'connecting' && state.phase !== 'opening') return;
  linger(state, nowMs);
  effects.push({ kind: 'finished', outcome: { kind: 'failed', stage, evidence } });
}

function linger(state: SessionState, nowMs: number): void {
  state.phase = 'lingering';
  state.lingerUntilMs = nowMs + lingerMs;
  state.finishedAtMs = nowMs;
  state.requests = [];
}

function isHeld({ tracing, throughput }: SessionState): boolean {
  return tracing || throughput;
}

function wakeAt(state: SessionState, nowMs: number): number | null {
  if (state.phase === 'gone') return null;
  // What ends these says so itself.
  if (state.phase === 'lingering') return isHeld(state) ? Number.POSITIVE_INFINITY : state.lingerUntilMs;
  const times = state.requests.map((each) => each.nextAtMs);
  if (state.phase === 'connecting') {
    times.push(state.punch.plan.deadlineMs, ...state.punch.candidates.map((each) => each.nextAtMs));
  }
  if (state.phase === 'measuring') times.push(...measuringTimes(state, nowMs));
  return Math.max(nowMs, Math.min(...times));
}

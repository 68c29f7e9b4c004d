// One session of one round, at one end. docs/protocol.md tells it in prose.
//
//   connecting   both sides send checks (nat's punching machine) until the source has found a way
//   opening      the source sends its plan with Open; the target agrees: from here on both measure
//   measuring    each side that has to sends its probes at their moments; probes of the peer are reflected as they come
//   reporting    a side that has sent tells the peer when each probe left and when its reflection came
//   lingering    finished, but a repeated request of the peer's is still answered
//
// Times in ms are the monotonic clock's; times in ns count from the session's origin (log.ts).

import {
  type PunchEffect,
  type PunchEvent,
  type PunchPlan,
  type PunchState,
  startPunch,
  stepPunch,
} from '@pinhole/nat';
import type { Random } from '@pinhole/net';
import type { Endpoint, SessionBody, SessionPlan, SessionRole } from '@pinhole/wire';
import { logArrival, newLog, peerReportComplete, type SessionLog } from './log.ts';
import { ownReports, takeReport } from './report.ts';
import { type OpenRequest, openRequest, sameOctets, stepRequest } from './request.ts';

export interface SessionSetup {
  readonly role: SessionRole;
  /** The source's; a target gets it with Open. */
  readonly plan: SessionPlan | null;
  readonly punch: Omit<PunchPlan, 'role'>;
  readonly check: Extract<SessionBody, { kind: 'check' }>;
  /** What the log's times count from (time.ts). */
  readonly originUnixNs: bigint;
}

export type SessionEvent =
  | { readonly kind: 'tick' }
  /** Where else the peer may be: checked from `startAtMs` on. */
  | { readonly kind: 'candidates'; readonly candidates: readonly Endpoint[]; readonly startAtMs: number }
  /** Authenticated. */
  | {
      readonly kind: 'message';
      readonly from: Endpoint;
      readonly transactionId: Uint8Array;
      readonly body: SessionBody;
    }
  | { readonly kind: 'probe-sent'; readonly sequence: number; readonly atNs: number }
  | {
      readonly kind: 'probe-received';
      readonly sequence: number;
      readonly sentAtNs: number;
      readonly receivedAtNs: number;
      readonly reflectedAtNs: number | null;
    }
  /** The kernel's stamp of a reflection that was sent. */
  | { readonly kind: 'reflection-stamped'; readonly sequence: number; readonly atNs: number }
  | {
      readonly kind: 'reflection-received';
      readonly sequence: number;
      readonly t2Ns: number;
      readonly t3Ns: number;
      readonly t4Ns: number;
    }
  /** The peer tells the true time of an earlier reflection (RFC 8972 §4.7). */
  | { readonly kind: 'follow-up'; readonly sequence: number; readonly t3Ns: number };

export type SessionEffect =
  | {
      readonly kind: 'send';
      readonly to: Endpoint;
      readonly transactionId: Uint8Array;
      readonly body: SessionBody;
    }
  /** To be followed at once by probe-sent, and later by probe-sent again where the kernel knows better. */
  | { readonly kind: 'send-probe'; readonly to: Endpoint; readonly sequence: number }
  | { readonly kind: 'finished'; readonly outcome: SessionOutcome }
  /** Nothing of this session needs an answer any more. */
  | { readonly kind: 'gone' };

export type SessionOutcome =
  | {
      readonly kind: 'measured';
      readonly plan: SessionPlan;
      readonly log: SessionLog;
      readonly remote: Endpoint;
      /** Our own endpoint as the peer sees it. */
      readonly mapped: Endpoint;
      /** The peer has our report, so it lives and reports its own direction. */
      readonly peerConfirmed: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly stage: 'connecting' | 'opening' | 'refused';
      readonly evidence: string;
    };

export interface SessionState {
  readonly setup: SessionSetup;
  readonly log: SessionLog;
  phase: 'connecting' | 'opening' | 'measuring' | 'lingering' | 'gone';
  punch: PunchState;
  plan: SessionPlan | null;
  remote: Endpoint | null;
  mapped: Endpoint | null;
  roundTripMs: number;
  /** When the first probe leaves. */
  measuringSinceMs: number;
  nextSequence: number;
  lastProbeAtMs: number;
  /** Requests to be answered yet: Open first, then each part of the report. */
  requests: OpenRequest[];
  report: 'pending' | 'sent' | 'confirmed' | 'given-up';
  lingerUntilMs: number;
}

/** How long a finished side answers repetitions: the peer's last request may be 7 tries old. */
const lingerMs = 5_000;
/** After all that could arrive has: how long the peer's report may take, with repetitions. */
const peerReportGraceMs = 4_000;

export function startSession(setup: SessionSetup): SessionState {
  return {
    setup,
    log: newLog(),
    phase: 'connecting',
    punch: startPunch({ ...setup.punch, role: setup.role }),
    plan: setup.plan,
    remote: null,
    mapped: null,
    roundTripMs: 0,
    measuringSinceMs: 0,
    nextSequence: 0,
    lastProbeAtMs: Number.NEGATIVE_INFINITY,
    requests: [],
    report: 'pending',
    lingerUntilMs: 0,
  };
}

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
  if (state.phase === 'measuring') measure(state, nowMs, random, effects);
  if (state.phase === 'lingering' && nowMs >= state.lingerUntilMs) {
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
    case 'probe-sent': {
      const probe = state.log.own.get(event.sequence);
      if (probe === undefined) state.log.own.set(event.sequence, { sentAtNs: event.atNs, reflection: null });
      else probe.sentAtNs = event.atNs;
      return;
    }
    case 'probe-received':
      if (state.plan !== null) logArrival(state.log, state.plan, event);
      return;
    case 'reflection-stamped': {
      const probe = state.log.peer.get(event.sequence);
      if (probe !== undefined) probe.reflectedAtNs = event.atNs;
      return;
    }
    case 'reflection-received': {
      const probe = state.log.own.get(event.sequence);
      const { t2Ns, t3Ns, t4Ns } = event;
      if (probe !== undefined && probe.reflection === null) probe.reflection = { t2Ns, t3Ns, t4Ns };
      return;
    }
    case 'follow-up': {
      const reflection = state.log.own.get(event.sequence)?.reflection;
      if (reflection != null) reflection.t3Ns = event.t3Ns;
      return;
    }
  }
}

function receive(
  state: SessionState,
  { from, transactionId, body }: Extract<SessionEvent, { kind: 'message' }>,
  nowMs: number,
  random: Random,
  effects: SessionEffect[],
): void {
  const reply = (answer: SessionBody) =>
    effects.push({ kind: 'send', to: from, transactionId, body: answer });
  switch (body.kind) {
    case 'check':
      punch(state, { kind: 'check', from, transactionId }, nowMs, random, effects);
      return;
    case 'checked':
      punch(state, { kind: 'checked', from, transactionId, mapped: body.mapped }, nowMs, random, effects);
      return;
    case 'open':
      if (state.setup.role !== 'target') return;
      if (state.phase === 'connecting') {
        state.remote = from;
        state.mapped = body.sentTo;
        state.plan = body.plan;
        startMeasuring(state, nowMs);
      }
      reply({ kind: 'opened' });
      return;
    case 'report':
      if (state.plan === null) return;
      takeReport(state.log, state.plan, body.records, state.setup.originUnixNs);
      reply({ kind: 'reported' });
      return;
    case 'opened':
    case 'reported':
    case 'refused':
      answered(state, transactionId, body, nowMs, effects);
      return;
    case 'close':
      if (state.phase === 'measuring') finishMeasured(state, nowMs, effects);
      else fail(state, 'opening', 'The peer closed the session', nowMs, effects);
  }
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
  return { kind: 'send', to, transactionId, body };
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
  state.requests = state.requests.filter((each) => each !== request);
  if (body.kind === 'refused' && state.phase === 'opening')
    fail(state, 'refused', body.reason, nowMs, effects);
  else if (request.body.kind === 'open' && body.kind === 'opened') startMeasuring(state, nowMs);
  else if (state.requests.length === 0 && state.report === 'sent') state.report = 'confirmed';
}

function startMeasuring(state: SessionState, nowMs: number): void {
  state.phase = 'measuring';
  state.measuringSinceMs = nowMs;
}

function measure(state: SessionState, nowMs: number, random: Random, effects: SessionEffect[]): void {
  const { plan, remote, log } = state;
  if (plan === null || remote === null) return;
  if (sends(state, plan)) {
    while (state.nextSequence < plan.probeCount && nowMs >= departureMs(state, plan)) {
      effects.push({ kind: 'send-probe', to: remote, sequence: state.nextSequence });
      state.nextSequence += 1;
      state.lastProbeAtMs = nowMs;
    }
    if (state.report === 'pending' && probesDone(state, plan, nowMs)) {
      state.report = 'sent';
      state.requests = ownReports(log, plan, state.setup.originUnixNs).map((records) =>
        openRequest({ kind: 'report', records }, random.bytes(12), state.roundTripMs, nowMs),
      );
      sendRequests(state, nowMs, effects);
    }
  }
  const ownDone = !sends(state, plan) || state.report === 'confirmed' || state.report === 'given-up';
  const peerDone = !receives(state, plan) || peerReportComplete(log) || nowMs >= peerDeadlineMs(state, plan);
  if (ownDone && peerDone) finishMeasured(state, nowMs, effects);
}

/** All probes are out, and each came back or is too late to. */
function probesDone(state: SessionState, plan: SessionPlan, nowMs: number): boolean {
  if (state.nextSequence < plan.probeCount) return false;
  if (nowMs >= state.lastProbeAtMs + plan.lossThresholdMs) return true;
  return [...state.log.own.values()].every((probe) => probe.reflection !== null);
}

function sends(state: SessionState, plan: SessionPlan): boolean {
  return state.setup.role === 'source' ? plan.toTarget : plan.fromTarget;
}

function receives(state: SessionState, plan: SessionPlan): boolean {
  return state.setup.role === 'source' ? plan.fromTarget : plan.toTarget;
}

function departureMs(state: SessionState, plan: SessionPlan): number {
  return state.measuringSinceMs + (state.nextSequence * plan.gapUs) / 1000;
}

function peerDeadlineMs(state: SessionState, plan: SessionPlan): number {
  return (
    state.measuringSinceMs + (plan.probeCount * plan.gapUs) / 1000 + plan.lossThresholdMs + peerReportGraceMs
  );
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
  state.requests = [];
}

function wakeAt(state: SessionState, nowMs: number): number | null {
  if (state.phase === 'gone') return null;
  if (state.phase === 'lingering') return state.lingerUntilMs;
  const times = state.requests.map((each) => each.nextAtMs);
  if (state.phase === 'connecting') {
    times.push(state.punch.plan.deadlineMs, ...state.punch.candidates.map((each) => each.nextAtMs));
  }
  if (state.phase === 'measuring' && state.plan !== null) {
    if (receives(state, state.plan)) times.push(peerDeadlineMs(state, state.plan));
    if (sends(state, state.plan) && state.report === 'pending') {
      const allOut = state.nextSequence >= state.plan.probeCount;
      times.push(allOut ? state.lastProbeAtMs + state.plan.lossThresholdMs : departureMs(state, state.plan));
    }
  }
  return Math.max(nowMs, Math.min(...times));
}

// The measuring phase of a session: which probes and reports are due, what becomes of those that come, and when all
// is through.

import type { Random } from '@pinhole/net';
import type { SessionPlan } from '@pinhole/wire';
import { logArrival, peerReportComplete } from './log.ts';
import { ownReports } from './report.ts';
import { openRequest } from './request.ts';
import type { SessionEffect, SessionEvent, SessionState } from './state.ts';

/** After all that could arrive has: how long the peer's report may take, with repetitions. */
const peerReportGraceMs = 4_000;

export function startMeasuring(state: SessionState, nowMs: number): void {
  state.phase = 'measuring';
  state.measuringSinceMs = nowMs;
}

/** Writes down what was sent and what came. */
export function logProbe(
  { log, plan }: SessionState,
  event: Exclude<SessionEvent, { kind: 'tick' | 'candidates' | 'message' }>,
): void {
  switch (event.kind) {
    case 'probe-sent': {
      const probe = log.own.get(event.sequence);
      if (probe === undefined) log.own.set(event.sequence, { sentAtNs: event.atNs, reflection: null });
      else probe.sentAtNs = event.atNs;
      return;
    }
    case 'probe-received':
      if (plan !== null) logArrival(log, plan, event);
      return;
    case 'reflection-stamped': {
      const probe = log.peer.get(event.sequence);
      if (probe !== undefined) probe.reflectedAtNs = event.atNs;
      return;
    }
    case 'reflection-received': {
      const probe = log.own.get(event.sequence);
      const { t2Ns, t3Ns, t4Ns } = event;
      if (probe !== undefined && probe.reflection === null) probe.reflection = { t2Ns, t3Ns, t4Ns };
      return;
    }
    case 'follow-up': {
      const reflection = log.own.get(event.sequence)?.reflection;
      if (reflection != null) reflection.t3Ns = event.t3Ns;
      return;
    }
  }
}

/** Sends the probes that are due and, when all are through, plans the report of them. */
export function measure(state: SessionState, nowMs: number, random: Random, effects: SessionEffect[]): void {
  const { plan, remote, log } = state;
  if (plan === null || remote === null || !sends(state, plan)) return;
  while (state.nextSequence < plan.probeCount && nowMs >= departureMs(state, plan)) {
    effects.push({ kind: 'send-probe', to: remote, sequence: state.nextSequence });
    state.nextSequence += 1;
    state.lastProbeAtMs = nowMs;
  }
  if (state.report !== 'pending' || !probesDone(state, plan, nowMs)) return;
  state.report = 'sent';
  state.requests = ownReports(log, plan, state.setup.originUnixNs).map((records) =>
    // What the system says of a connection is the driver's to add, as it is when the request leaves.
    openRequest({ kind: 'report', records, tcp: null }, random.bytes(12), state.roundTripMs, nowMs),
  );
}

/** Our report has arrived or never will, and so it is with the peer's. */
export function isMeasured(state: SessionState, nowMs: number): boolean {
  const { plan, report } = state;
  if (plan === null) return false;
  const ownDone = !sends(state, plan) || report === 'confirmed' || report === 'given-up';
  return ownDone && peerDone(state, plan, nowMs);
}

/** When measuring has something to do again, beside its requests. */
export function measuringTimes(state: SessionState, nowMs: number): number[] {
  const { plan, report } = state;
  if (plan === null) return [];
  const times: number[] = [];
  if (!peerDone(state, plan, nowMs)) times.push(peerDeadlineMs(state, plan));
  if (sends(state, plan) && report === 'pending') {
    const allOut = state.nextSequence >= plan.probeCount;
    times.push(allOut ? state.lastProbeAtMs + plan.lossThresholdMs : departureMs(state, plan));
  }
  return times;
}

/** Nothing of the peer's is to be waited for. */
function peerDone(state: SessionState, plan: SessionPlan, nowMs: number): boolean {
  return !receives(state, plan) || peerReportComplete(state.log) || nowMs >= peerDeadlineMs(state, plan);
}

/** All probes are out, and each came back or is too late to. */
function probesDone(state: SessionState, plan: SessionPlan, nowMs: number): boolean {
  if (state.nextSequence < plan.probeCount) return false;
  if (nowMs >= state.lastProbeAtMs + plan.lossThresholdMs) return true;
  // One that could not be sent is not in the log, and one just being sent is not yet.
  return (
    state.log.own.size === plan.probeCount &&
    [...state.log.own.values()].every((probe) => probe.reflection !== null)
  );
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

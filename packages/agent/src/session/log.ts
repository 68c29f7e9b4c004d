// What one end of a session writes down, and what becomes of it. Times are nanoseconds from this process's origin
// (time.ts): ours on our clock, the peer's as its packets tell them.

import {
  type ClockExchange,
  type ClockHistory,
  type DirectionRecords,
  emptyClockHistory,
  type Measurement,
  measureRound,
} from '@pinhole/measure';
import type { SessionPlan, TcpFigures } from '@pinhole/wire';

/** A probe of ours. */
export interface OwnProbe {
  sentAtNs: number;
  /** When the peer got it and sent it back (its clock), and when that arrived here. */
  reflection: { readonly t2Ns: number; t3Ns: number; readonly t4Ns: number } | null;
}

/** A probe of the peer's, at its first arrival. */
interface PeerProbe {
  readonly receivedAtNs: number;
  /** Our clock; null where it could not be sent. */
  reflectedAtNs: number | null;
  arrivals: number;
}

interface PeerRecord {
  /** The peer's clock; null where it could not send. */
  readonly sentAtNs: number | null;
  readonly reflectionAtNs: number | null;
}

export interface SessionLog {
  readonly own: Map<number, OwnProbe>;
  readonly peer: Map<number, PeerProbe>;
  /** Every arrival, in order. */
  readonly arrivals: {
    readonly sequence: number;
    readonly receivedAtNs: number;
    readonly sentAtNs: number;
    readonly dscp: number | null;
  }[];
  /** What the peer says it sent, once it has. */
  readonly peerReport: Map<number, PeerRecord>;
  /** How many probes that report has; null before its first part. */
  peerReportTotal: number | null;
  /** Of the connection, as the peer's kernel knows it; null over UDP. */
  peerTcp: TcpFigures | null;
}

/** More arrivals than this of one probe are somebody who repeats it, and are not written down. */
const maxArrivalsPerProbe = 4;

export function newLog(): SessionLog {
  return {
    own: new Map(),
    peer: new Map(),
    arrivals: [],
    peerReport: new Map(),
    peerReportTotal: null,
    peerTcp: null,
  };
}

/** The peer's report is whole. */
export function peerReportComplete(log: SessionLog): boolean {
  return log.peerReportTotal !== null && log.peerReport.size >= log.peerReportTotal;
}

export function logArrival(
  log: SessionLog,
  plan: SessionPlan,
  arrival: {
    sequence: number;
    receivedAtNs: number;
    sentAtNs: number;
    reflectedAtNs: number | null;
    dscp: number | null;
  },
): void {
  const { sequence, receivedAtNs, sentAtNs, reflectedAtNs, dscp } = arrival;
  if (sequence >= plan.probeCount) return;
  const first = log.peer.get(sequence);
  if (first === undefined) log.peer.set(sequence, { receivedAtNs, reflectedAtNs, arrivals: 1 });
  else if (first.arrivals >= maxArrivalsPerProbe) return;
  else first.arrivals += 1;
  log.arrivals.push({ sequence, receivedAtNs, sentAtNs, dscp });
}

/** The direction in which this end receives, with what earlier rounds have said of the peer's clock. */
export function measureReceived(
  log: SessionLog,
  plan: SessionPlan,
  history: ClockHistory = emptyClockHistory,
): { measurement: Measurement; history: ClockHistory } {
  return measureRound(receivedRecords(log, plan), history);
}

function receivedRecords(log: SessionLog, plan: SessionPlan): DirectionRecords {
  // Without the peer's report, what it was to send stands for what it sent.
  const sent =
    log.peerReportTotal === null
      ? Array.from({ length: plan.probeCount }, (_, sequence) => ({ sequence, sentAtNs: null }))
      : Array.from(log.peerReport, ([sequence, { sentAtNs }]) => ({ sequence, sentAtNs })).filter(
          ({ sentAtNs }) => sentAtNs !== null,
        );
  const exchangesBySender: ClockExchange[] = [];
  for (const [sequence, { receivedAtNs, reflectedAtNs }] of log.peer) {
    const report = log.peerReport.get(sequence);
    if (
      report == null ||
      report.sentAtNs === null ||
      report.reflectionAtNs === null ||
      reflectedAtNs === null
    )
      continue;
    exchangesBySender.push({
      t1Ns: report.sentAtNs,
      t2Ns: receivedAtNs,
      t3Ns: reflectedAtNs,
      t4Ns: report.reflectionAtNs,
    });
  }
  const exchangesByReceiver: ClockExchange[] = [];
  for (const { sentAtNs, reflection } of log.own.values()) {
    if (reflection !== null) exchangesByReceiver.push({ t1Ns: sentAtNs, ...reflection });
  }
  return {
    sent,
    received: log.arrivals,
    exchangesBySender,
    exchangesByReceiver,
    lossThresholdNs: plan.lossThresholdMs * 1e6,
  };
}

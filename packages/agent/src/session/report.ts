// The reports that the two ends give each other when their probes are through.

import { maxRecordsPerReport, type SentRecords, type SessionPlan } from '@pinhole/wire';
import type { SessionLog } from './log.ts';
import { nsFromNtp, ntpFromNs } from './time.ts';

/** What this side has sent, in parts that each fit a datagram. */
export function ownReports(log: SessionLog, plan: SessionPlan, originUnixNs: bigint): SentRecords[] {
  const entries = Array.from({ length: plan.probeCount }, (_, sequence) => {
    const probe = log.own.get(sequence);
    const arrivedNs = probe?.reflection?.t4Ns;
    return {
      sentAt: probe === undefined ? null : ntpFromNs(probe.sentAtNs, originUnixNs),
      reflectionAt: arrivedNs === undefined ? null : ntpFromNs(arrivedNs, originUnixNs),
    };
  });
  const parts: SentRecords[] = [];
  for (let first = 0; first < entries.length; first += maxRecordsPerReport) {
    parts.push({ first, total: entries.length, entries: entries.slice(first, first + maxRecordsPerReport) });
  }
  return parts;
}

/** Takes a part of the peer's report into the log; one that does not fit the plan is left out. */
export function takeReport(
  log: SessionLog,
  plan: SessionPlan,
  records: SentRecords,
  originUnixNs: bigint,
): void {
  if (records.total !== plan.probeCount) return;
  log.peerReportTotal = records.total;
  records.entries.forEach(({ sentAt, reflectionAt }, i) => {
    log.peerReport.set(records.first + i, {
      sentAtNs: sentAt === null ? null : nsFromNtp(sentAt, originUnixNs),
      reflectionAtNs: reflectionAt === null ? null : nsFromNtp(reflectionAt, originUnixNs),
    });
  });
}

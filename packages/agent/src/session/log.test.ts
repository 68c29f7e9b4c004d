import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measurementSchema } from '@pinhole/contract';
import { plan } from '../../test/samples.ts';
import { logArrival, measureReceived, newLog, peerReportComplete, type SessionLog } from './log.ts';
import { ownReports, takeReport } from './report.ts';
import { nsFromNtp, ntpFromNs } from './time.ts';

const originUnixNs = 1_800_000_000_000_000_000n;
const ms = 1e6;
const at = (ns: number) => ntpFromNs(ns, originUnixNs);

/** The peer's clock is ahead of ours by this. */
const aheadNs = 3_000 * ms;
const delayNs = 15 * ms;

/** Probes of the peer's that arrive, each 15 ms after it was sent and reflected at once. */
function arrive(log: SessionLog, sequences: readonly number[]): void {
  for (const sequence of sequences) {
    const leftNs = sequence * 20 * ms;
    logArrival(log, plan, {
      sequence,
      sentAtNs: leftNs + aheadNs,
      receivedAtNs: leftNs + delayNs,
      reflectedAtNs: leftNs + delayNs,
      dscp: 46,
    });
  }
}

/** What the peer would report: all sent, and the reflections of `returned` back after 15 ms more. */
function report(log: SessionLog, returned: readonly number[], unsent: readonly number[] = []): void {
  log.peerReportTotal = plan.probeCount;
  for (let sequence = 0; sequence < plan.probeCount; sequence++) {
    const leftNs = sequence * 20 * ms + aheadNs;
    log.peerReport.set(sequence, {
      sentAtNs: unsent.includes(sequence) ? null : leftNs,
      reflectionAtNs: returned.includes(sequence) ? leftNs + 2 * delayNs : null,
    });
  }
}

const all = Array.from({ length: plan.probeCount }, (_, i) => i);

describe('what an end has received', () => {
  it('is measured by the peer clock and its own, from the exchanges that the peer began', () => {
    const log = newLog();
    arrive(log, all);
    report(log, all);
    const { sent, received, lossPercent, delay, roundTrip, arrivedDscp } = measureReceived(
      log,
      plan,
    ).measurement;
    assert.deepEqual({ sent, received, lossPercent }, { sent: 10, received: 10, lossPercent: 0 });
    assert.equal(roundTrip?.meanMs, 30);
    assert.equal(arrivedDscp, 46);
    assert.ok(delay !== null && delay.errorBoundMs !== null);
    assert.ok(Math.abs(delay.meanMs - 15) < 0.01 && delay.errorBoundMs < 15.1, JSON.stringify(delay));
  });

  it('is measured by the exchanges that it began itself where the peer has none', () => {
    const log = newLog();
    arrive(log, all);
    report(log, []);
    log.own.set(0, {
      sentAtNs: 0,
      reflection: { t2Ns: delayNs + aheadNs, t3Ns: delayNs + aheadNs, t4Ns: 2 * delayNs },
    });
    const { delay, roundTrip } = measureReceived(log, plan).measurement;
    assert.ok(delay !== null && Math.abs(delay.meanMs - 15) < 0.01);
    assert.equal(roundTrip, null);
  });

  it('lacks what was sent and did not come', () => {
    const log = newLog();
    arrive(log, all.slice(0, 7));
    report(log, all);
    assert.equal(measureReceived(log, plan).measurement.lossPercent, 30);
  });

  it('does not lack what the peer could not send', () => {
    const log = newLog();
    arrive(log, all.slice(0, 7));
    report(log, all, [7, 8, 9]);
    const { sent, lossPercent } = measureReceived(log, plan).measurement;
    assert.deepEqual([sent, lossPercent], [7, 0]);
  });

  it('is measured against the plan where the peer never reported', () => {
    const log = newLog();
    arrive(log, all.slice(0, 4));
    const { sent, lossPercent, delay } = measureReceived(log, plan).measurement;
    assert.deepEqual([sent, lossPercent], [10, 60]);
    assert.equal(delay?.errorBoundMs, null);
  });

  it('counts repetitions, four arrivals of a probe at most, and loses no other probe by them', () => {
    const log = newLog();
    for (let i = 0; i < 1_000; i++) arrive(log, [0]);
    arrive(log, all.slice(1));
    report(log, all);
    const { received, duplicates, lossPercent } = measureReceived(log, plan).measurement;
    assert.deepEqual({ received, duplicates, lossPercent }, { received: 10, duplicates: 3, lossPercent: 0 });
  });

  it('has no room for probes beyond the plan', () => {
    const log = newLog();
    for (const sequence of [10, 65_536, 2 ** 32 - 1]) arrive(log, [sequence]);
    assert.deepEqual([log.arrivals, log.peer.size], [[], 0]);
  });

  it('is a measurement that the collector can read, whatever times the peer tells', () => {
    const times = [1n, 2n ** 63n, 2n ** 64n - 1n, ...[-1e18, -1, 0, 1e6, 3e9, 1e18].map(at)];
    for (let seed = 0; seed < 500; seed++) {
      let random = seed;
      const pick = () => {
        random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
        return times[(random >>> 16) % times.length] as bigint;
      };
      const log = newLog();
      for (const sequence of all) {
        const sentAtNs = nsFromNtp(pick(), originUnixNs);
        const t2Ns = nsFromNtp(pick(), originUnixNs);
        const t3Ns = nsFromNtp(pick(), originUnixNs);
        const receivedAtNs = sequence * 20 * ms;
        logArrival(log, plan, {
          sequence,
          sentAtNs,
          receivedAtNs,
          reflectedAtNs: receivedAtNs,
          dscp: null,
        });
        log.own.set(sequence, { sentAtNs: 0, reflection: { t2Ns, t3Ns, t4Ns: 30 * ms } });
      }
      const entries = all.map(() => ({ sentAt: pick(), reflectionAt: pick() }));
      takeReport(log, plan, { first: 0, total: plan.probeCount, entries }, originUnixNs);
      measurementSchema.parse(measureReceived(log, plan).measurement);
    }
  });

  it('is nothing at all, without an error', () => {
    assert.equal(measureReceived(newLog(), plan).measurement.lossPercent, 100);
  });
});

describe("an end's report", () => {
  const many = { ...plan, probeCount: 130 };

  function sender(): SessionLog {
    const log = newLog();
    for (let sequence = 0; sequence < many.probeCount; sequence++) {
      if (sequence === 5) continue;
      const sentAtNs = sequence * ms;
      const reflection = sequence === 6 ? null : { t2Ns: 0, t3Ns: 0, t4Ns: sentAtNs + 30 * ms };
      log.own.set(sequence, { sentAtNs, reflection });
    }
    return log;
  }

  it('goes in parts of 60 probes, and is whole when all have come', () => {
    const parts = ownReports(sender(), many, originUnixNs);
    assert.deepEqual(
      parts.map(({ first, total, entries }) => [first, total, entries.length]),
      [
        [0, 130, 60],
        [60, 130, 60],
        [120, 130, 10],
      ],
    );
    const log = newLog();
    for (const part of parts) {
      assert.equal(peerReportComplete(log), false);
      takeReport(log, many, part, originUnixNs);
    }
    assert.equal(peerReportComplete(log), true);
  });

  it('tells each moment to a nanosecond, and what never left or came back', () => {
    const log = newLog();
    for (const part of ownReports(sender(), many, originUnixNs)) takeReport(log, many, part, originUnixNs);
    assert.deepEqual(log.peerReport.get(5), { sentAtNs: null, reflectionAtNs: null });
    assert.deepEqual(log.peerReport.get(6), { sentAtNs: 6 * ms, reflectionAtNs: null });
    assert.deepEqual(log.peerReport.get(129), { sentAtNs: 129 * ms, reflectionAtNs: 159 * ms });
  });

  it('is taken for the plan alone that it was made by', () => {
    const log = newLog();
    for (const part of ownReports(sender(), many, originUnixNs)) takeReport(log, plan, part, originUnixNs);
    assert.deepEqual([log.peerReport.size, log.peerReportTotal], [0, null]);
  });
});

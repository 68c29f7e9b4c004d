import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionPlan } from '@pinhole/wire';
import { countOf, mapped, openReports, peer, reportOf, sent, session, twoProbes } from './scene.ts';

describe('measuring', () => {
  it('sends each probe at its moment', () => {
    const source = session('source', { ...twoProbes, probeCount: 4 });
    source.open();
    const times: number[] = [source.nowMs];
    while (source.state.nextSequence < 4) {
      if (source.wake().some((each) => each.kind === 'send-probe')) times.push(source.nowMs);
    }
    assert.deepEqual(
      times.map((atMs) => Math.round(atMs - source.state.measuringSinceMs)),
      [0, 20, 40, 60],
    );
  });

  it('catches up after a stall of the machine', () => {
    const source = session('source', { ...twoProbes, probeCount: 4 });
    source.open();
    source.nowMs += 1_000;
    const effects = source.feed({ kind: 'tick' });
    assert.equal(effects.filter((each) => each.kind === 'send-probe').length, 3);
  });

  it('reports as soon as all came back, without waiting for the threshold', () => {
    const source = session('source');
    source.open();
    source.wake();
    source.reflect(0);
    assert.equal(countOf(source.effects, 'report'), 0);
    source.reflect(1);
    const report = sent(source.effects, 'report').body;
    assert.ok(report.kind === 'report');
    assert.equal(report.records.total, 2);
    assert.ok(report.records.entries.every((each) => each.sentAt !== null && each.reflectionAt !== null));
  });

  it('reports after the threshold what did not come back', () => {
    const source = session('source');
    source.open();
    source.wake();
    const lastMs = source.nowMs;
    source.reflect(0);
    source.run(() => source.state.report === 'sent');
    assert.equal(source.nowMs - lastMs, twoProbes.lossThresholdMs);
    const report = sent(source.effects, 'report').body;
    assert.ok(report.kind === 'report');
    assert.deepEqual(
      report.records.entries.map((each) => each.reflectionAt === null),
      [false, true],
    );
  });

  it('is over when both reports are through, and says so once', () => {
    const source = session('source');
    source.open();
    source.wake();
    source.reflect(0);
    source.reflect(1);
    source.peerReports();
    assert.equal(source.outcome(), undefined);
    source.hear({ kind: 'reported' }, openReports(source)[0]);
    const outcome = source.outcome();
    assert.ok(outcome?.kind === 'measured' && outcome.peerConfirmed);
    assert.deepEqual([outcome.remote, outcome.mapped], [peer, mapped]);
    source.run();
    assert.equal(source.state.phase, 'gone');
  });

  for (const [direction, plan] of [
    ['to the target', { ...twoProbes, fromTarget: false }],
    ['from the target', { ...twoProbes, toTarget: false }],
  ] as const) {
    it(`of the way ${direction} has one side send, and neither wait for what will not come`, () => {
      for (const role of ['source', 'target'] as const) {
        const end = session(role, plan);
        end.open();
        const isSender = (role === 'source') === plan.toTarget;
        if (isSender) {
          end.wake();
          end.reflect(0);
          end.reflect(1);
          end.hear({ kind: 'reported' }, openReports(end)[0]);
        } else end.peerReports();
        assert.equal(end.outcome()?.kind, 'measured');
        assert.equal(end.effects.filter((each) => each.kind === 'send-probe').length, isSender ? 2 : 0);
      }
    });
  }

  it('ends with what has arrived when the peer closes', () => {
    const target = session('target');
    target.open();
    target.hear({ kind: 'close' });
    const outcome = target.outcome();
    assert.ok(outcome?.kind === 'measured' && !outcome.peerConfirmed);
  });

  it('is not begun where the peer closes before', () => {
    const source = session('source');
    source.check();
    source.hear({ kind: 'close' });
    assert.equal(source.outcome()?.kind, 'failed');
    source.run();
    assert.equal(source.state.phase, 'gone');
  });
});

describe('Report', () => {
  const manyProbes = { ...twoProbes, probeCount: 130, gapUs: 1_000 };

  /** To where all parts of the report are out. */
  function reporting(plan: SessionPlan = twoProbes) {
    const source = session('source', plan);
    source.open();
    source.run(() => source.state.report === 'sent');
    return source;
  }

  it('that is lost is sent again', () => {
    const source = reporting();
    const [transactionId] = openReports(source);
    assert.deepEqual(sent(source.wake(), 'report').transactionId, transactionId);
    source.hear({ kind: 'reported' }, transactionId);
    assert.equal(source.state.report, 'confirmed');
  });

  it('that is never answered leaves the session measured and not confirmed', () => {
    const source = reporting();
    source.run();
    assert.equal(countOf(source.effects, 'report'), 7);
    const outcome = source.outcome();
    assert.ok(outcome?.kind === 'measured' && !outcome.peerConfirmed);
  });

  it('of many probes goes in parts, all of which are to be answered', () => {
    const source = reporting(manyProbes);
    const parts = openReports(source);
    assert.equal(parts.length, 3);
    for (const part of parts) {
      assert.equal(source.state.report, 'sent');
      source.hear({ kind: 'reported' }, part);
    }
    assert.equal(source.state.report, 'confirmed');
  });

  for (const [name, body] of [
    ['refused', { kind: 'refused', method: 'report', code: 400, reason: '' }],
    ['answered as Open is', { kind: 'opened' }],
  ] as const) {
    it(`that is ${name} is not confirmed`, () => {
      const source = reporting();
      source.hear(body, openReports(source)[0]);
      assert.notEqual(source.state.report, 'confirmed');
    });
  }

  it('of the peer that never comes is waited for until 4 s after the threshold', () => {
    const target = session('target', { ...twoProbes, fromTarget: false });
    target.open();
    target.run(() => target.outcome() !== undefined);
    assert.equal(target.nowMs, 2 * 20 + 2_000 + 4_000);
    const outcome = target.outcome();
    assert.ok(outcome?.kind === 'measured' && !outcome.peerConfirmed);
  });

  it('of the peer may come in any order, and twice', () => {
    const target = session('target', { ...manyProbes, fromTarget: false });
    target.open();
    for (const first of [120, 0, 0, 120]) target.peerReports(reportOf(130, first));
    assert.equal(target.outcome(), undefined);
    target.peerReports(reportOf(130, 60));
    assert.equal(target.outcome()?.kind, 'measured');
  });

  it('of the peer that does not fit the plan is left out', () => {
    const target = session('target', { ...twoProbes, fromTarget: false });
    target.open();
    for (const total of [0, 1, 3, 500]) target.peerReports(reportOf(total));
    assert.equal(target.outcome(), undefined);
    assert.equal(target.state.log.peerReport.size, 0);
    assert.equal(target.state.log.peerReportTotal, null);
  });

  it('of the peer is answered also after the end, for as long as it may be repeated', () => {
    const target = session('target', { ...twoProbes, fromTarget: false });
    target.open();
    target.peerReports();
    target.nowMs += 4_500;
    assert.equal(countOf(target.peerReports(), 'reported'), 1);
    target.run();
    assert.equal(target.state.phase, 'gone');
    assert.equal(target.nowMs, 5_000);
  });

  it('of the peer means nothing before there is a plan', () => {
    assert.deepEqual(session('target').peerReports(), []);
  });
});

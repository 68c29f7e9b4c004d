import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@pinhole/net';
import {
  endpoint,
  type SentRecords,
  type SessionBody,
  type SessionPlan,
  type SessionRole,
} from '@pinhole/wire';
import { stepSession } from './machine.ts';
import { type SessionEffect, type SessionEvent, startSession } from './state.ts';
import { ntpFromNs } from './time.ts';

const peer = endpoint('198.51.100.1', 49_153);
const elsewhere = endpoint('198.51.100.1', 50_000);
const mapped = endpoint('203.0.113.5', 49_153);
const originUnixNs = 1_800_000_000_000_000_000n;
const twoProbes: SessionPlan = {
  probeCount: 2,
  gapUs: 20_000,
  payloadBytes: 0,
  dscp: 0,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 2_000,
};

type Sent = Extract<SessionEffect, { kind: 'send' }>;

/** A session at one end; the test is its peer, and has the clock in its hand. Transaction ids count up. */
function session(role: SessionRole, plan: SessionPlan = twoProbes) {
  let count = 0;
  const random: Random = { bytes: (length) => new Uint8Array(length).fill(++count), below: () => 0 };
  const candidates = role === 'source' ? [peer] : [];
  const end = {
    state: startSession({
      role,
      plan: role === 'source' ? plan : null,
      punch: { candidates, startAtMs: 0, deadlineMs: 8_000 },
      check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
      originUnixNs,
    }),
    nowMs: 0,
    wakeAtMs: 0 as number | null,
    effects: [] as SessionEffect[],
    feed(event: SessionEvent): SessionEffect[] {
      const { effects, wakeAtMs } = stepSession(end.state, event, end.nowMs, random);
      end.wakeAtMs = wakeAtMs;
      end.effects.push(...effects);
      // As the driver does: a probe is logged when it was sent.
      for (const effect of effects) {
        if (effect.kind === 'send-probe') {
          end.feed({ kind: 'probe-sent', sequence: effect.sequence, atNs: end.nowMs * 1e6 });
        }
      }
      return effects;
    },
    hear(body: SessionBody, transactionId: Uint8Array = new Uint8Array(12).fill(200)): SessionEffect[] {
      return end.feed({ kind: 'message', from: peer, transactionId, body });
    },
    wake(): SessionEffect[] {
      assert.ok(end.wakeAtMs !== null && Number.isFinite(end.wakeAtMs));
      end.nowMs = Math.max(end.nowMs, end.wakeAtMs);
      return end.feed({ kind: 'tick' });
    },
    /** Lets time pass, from wake-up to wake-up, until `done` or until it is gone. */
    run(done: () => boolean = () => false): SessionEffect[] {
      const from = end.effects.length;
      for (let wakes = 0; end.wakeAtMs !== null && !done(); wakes++) {
        assert.ok(wakes < 200, `still awake at ${end.nowMs} ms`);
        end.wake();
      }
      return end.effects.slice(from);
    },
    outcome() {
      const finished = end.effects.filter((each) => each.kind === 'finished');
      assert.ok(finished.length <= 1, 'finished twice');
      return finished[0]?.outcome;
    },
    /** A source, to where it has sent Open. */
    check(): Sent {
      const check = sent(end.feed({ kind: 'tick' }), 'check');
      end.nowMs += 30;
      return sent(end.hear({ kind: 'checked', mapped }, check.transactionId), 'open');
    },
    /** The peer's check came, and it answered ours. */
    confirmPeer(): void {
      const check = sent(end.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 }), 'check');
      end.hear({ kind: 'checked', mapped }, check.transactionId);
    },
    /** To where it measures. */
    open(): void {
      if (role === 'source') end.hear({ kind: 'opened' }, end.check().transactionId);
      else {
        end.confirmPeer();
        end.hear({ kind: 'open', plan, sentTo: mapped });
      }
      assert.equal(end.state.phase, 'measuring');
    },
    /** A probe of ours came back. */
    reflect(sequence: number): SessionEffect[] {
      const atNs = end.nowMs * 1e6;
      return end.feed({ kind: 'reflection-received', sequence, t2Ns: atNs, t3Ns: atNs, t4Ns: atNs });
    },
    /** The peer's probes came, and its report of them. */
    peerReports(records: SentRecords = reportOf(plan.probeCount)): SessionEffect[] {
      return end.hear({ kind: 'report', records });
    },
  };
  return end;
}

function sent(effects: readonly SessionEffect[], kind: SessionBody['kind']): Sent {
  const all = effects.filter((each): each is Sent => each.kind === 'send' && each.body.kind === kind);
  assert.equal(all.length, 1, `${all.length} times ${kind}`);
  return all[0] as Sent;
}

function countOf(effects: readonly SessionEffect[], kind: SessionBody['kind']): number {
  return effects.filter((each) => each.kind === 'send' && each.body.kind === kind).length;
}

function reportOf(total: number, first = 0): SentRecords {
  const at = ntpFromNs(0, originUnixNs);
  const entries = Array.from({ length: Math.min(60, total - first) }, () => ({
    sentAt: at,
    reflectionAt: at,
  }));
  return { first, total, entries };
}

/** The reports that are waited for now. */
function openReports(end: ReturnType<typeof session>): Uint8Array[] {
  return end.state.requests.map(({ transactionId }) => transactionId);
}

describe('Open', () => {
  it('is sent to the first place that answered a check, and names it', () => {
    const source = session('source');
    const open = source.check();
    assert.deepEqual(open.to, peer);
    assert.deepEqual(open.body, { kind: 'open', plan: twoProbes, sentTo: peer });
  });

  it('of a source that has not answered a check yet waits until it has', () => {
    const target = session('target');
    const check = sent(
      target.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 }),
      'check',
    );
    assert.equal(countOf(target.hear({ kind: 'open', plan: twoProbes, sentTo: mapped }), 'opened'), 0);
    assert.equal(countOf(target.hear({ kind: 'checked', mapped }, check.transactionId), 'opened'), 1);
    assert.equal(target.state.phase, 'measuring');
  });

  it('copied to another place does not turn the probes there', () => {
    const target = session('target');
    target.confirmPeer();
    const body = { kind: 'open', plan: twoProbes, sentTo: mapped } as const;
    target.feed({ kind: 'message', from: elsewhere, transactionId: new Uint8Array(12), body });
    assert.equal(target.state.phase, 'connecting');
    target.hear(body);
    assert.deepEqual(target.state.remote, peer);
  });

  it('that is lost is sent again, with the same transaction', () => {
    const source = session('source');
    const { transactionId } = source.check();
    for (const gapMs of [100, 200, 400]) {
      const beforeMs = source.nowMs;
      assert.deepEqual(sent(source.wake(), 'open').transactionId, transactionId);
      assert.equal(source.nowMs - beforeMs, gapMs);
    }
    source.hear({ kind: 'opened' }, transactionId);
    assert.equal(source.state.phase, 'measuring');
  });

  it('that is never answered ends the session after seven', () => {
    const source = session('source');
    source.check();
    source.run();
    assert.equal(countOf(source.effects, 'open'), 7);
    assert.deepEqual(source.outcome(), {
      kind: 'failed',
      stage: 'opening',
      evidence: 'The target did not answer Open',
    });
    assert.equal(source.effects.at(-1)?.kind, 'gone');
  });

  it('that is refused ends the session with the reason', () => {
    const source = session('source');
    const { transactionId } = source.check();
    source.hear({ kind: 'refused', method: 'open', code: 403, reason: 'busy' }, transactionId);
    assert.deepEqual(source.outcome(), { kind: 'failed', stage: 'refused', evidence: 'busy' });
  });

  for (const [name, body] of [
    ['what answers a report', { kind: 'reported' }],
    ['a refusal of something else', { kind: 'refused', method: 'check', code: 400, reason: '' }],
  ] as const) {
    it(`is not answered by ${name}`, () => {
      const source = session('source');
      const { transactionId } = source.check();
      source.hear(body, transactionId);
      assert.equal(source.state.phase, 'opening');
      assert.equal(countOf(source.wake(), 'open'), 1);
    });
  }

  it('is not answered under another transaction', () => {
    const source = session('source');
    source.check();
    source.hear({ kind: 'opened' });
    assert.equal(source.state.phase, 'opening');
  });

  it('that comes twice is answered twice and begins one measurement', () => {
    const target = session('target');
    target.open();
    target.run(() => target.state.nextSequence === 2);
    const effects = target.hear({ kind: 'open', plan: { ...twoProbes, probeCount: 9 }, sentTo: elsewhere });
    assert.equal(countOf(effects, 'opened'), 1);
    assert.equal(target.state.plan?.probeCount, 2);
    assert.deepEqual(target.state.mapped, mapped);
    assert.equal(target.effects.filter((each) => each.kind === 'send-probe').length, 2);
  });

  it('that comes after the target has given up is refused', () => {
    const target = session('target');
    target.run(() => target.state.phase === 'lingering');
    const effects = target.hear({ kind: 'open', plan: twoProbes, sentTo: mapped });
    assert.equal(sent(effects, 'refused').body.kind, 'refused');
    assert.equal(target.state.phase, 'lingering');
  });

  it('is nothing that a source takes', () => {
    const source = session('source');
    source.check();
    assert.deepEqual(source.hear({ kind: 'open', plan: twoProbes, sentTo: mapped }), []);
  });
});

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

  it('of a source that has not answered a check yet waits until it has', () => {
    const target = session('target');
    const check = sent(
      target.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 }),
      'check',
    );
    assert.equal(countOf(target.hear({ kind: 'open', plan: twoProbes, sentTo: mapped }), 'opened'), 0);
    assert.equal(countOf(target.hear({ kind: 'checked', mapped }, check.transactionId), 'opened'), 1);
    assert.equal(target.state.phase, 'measuring');
  });

  it('copied to another place does not turn the probes there', () => {
    const target = session('target');
    target.confirmPeer();
    const body = { kind: 'open', plan: twoProbes, sentTo: mapped } as const;
    target.feed({ kind: 'message', from: elsewhere, transactionId: new Uint8Array(12), body });
    assert.equal(target.state.phase, 'connecting');
    target.hear(body);
    assert.deepEqual(target.state.remote, peer);
  });

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

describe('what a peer sends', () => {
  const bodies: readonly SessionBody[] = [
    { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
    { kind: 'checked', mapped },
    { kind: 'open', plan: { ...twoProbes, lossThresholdMs: 0 }, sentTo: mapped },
    { kind: 'opened' },
    { kind: 'report', records: reportOf(2) },
    { kind: 'report', records: { first: 65_000, total: 65_001, entries: reportOf(1).entries } },
    {
      kind: 'report',
      records: { first: 0, total: 2, entries: [{ sentAt: 1n, reflectionAt: 2n ** 64n - 1n }] },
    },
    { kind: 'reported' },
    { kind: 'refused', method: 'open', code: 999, reason: 'x'.repeat(700) },
    { kind: 'close' },
  ];
  const probes: readonly SessionEvent[] = [
    { kind: 'probe-received', sequence: 2 ** 32 - 1, sentAtNs: -1e18, receivedAtNs: 0, reflectedAtNs: null },
    { kind: 'probe-received', sequence: 0, sentAtNs: 1e18, receivedAtNs: 0, reflectedAtNs: 1 },
    { kind: 'reflection-stamped', sequence: 400, atNs: 1 },
    { kind: 'reflection-received', sequence: 400, t2Ns: 0, t3Ns: 0, t4Ns: 0 },
    { kind: 'follow-up', sequence: 400, t3Ns: 5 },
  ];

  for (const role of ['source', 'target'] as const) {
    it(`cannot keep a ${role} from its end, whatever comes in whichever order`, () => {
      for (let seed = 1; seed <= 300; seed++) {
        const end = session(role);
        let random = seed;
        for (let step = 0; step < 40; step++) {
          random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
          const pick = (random >>> 16) % (bodies.length + probes.length + 2);
          const body = bodies[pick];
          const probe = probes[pick - bodies.length];
          // Half of the answers are to what is waited for.
          const asked = random & 0x100 ? end.state.requests[0]?.transactionId : undefined;
          if (body !== undefined) end.hear(body, asked);
          else if (probe !== undefined) end.feed(probe);
          else if (end.wakeAtMs !== null) end.wake();
          assert.ok(end.wakeAtMs === null || Number.isFinite(end.wakeAtMs), `seed ${seed}`);
        }
        end.run();
        assert.equal(end.state.phase, 'gone', `seed ${seed}`);
        assert.notEqual(end.outcome(), undefined);
        assert.ok(end.nowMs < 60_000, `${end.nowMs} ms`);
      }
    });
  }
});

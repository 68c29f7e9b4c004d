import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionBody } from '@pinhole/wire';
import { countOf, elsewhere, mapped, peer, reportOf, sent, session, twoProbes } from './scene.ts';
import type { SessionEvent } from './state.ts';

describe('Open', () => {
  it('is sent to the first place that answered a check, and names it', () => {
    const source = session('source');
    const open = source.check();
    assert.deepEqual(open.to, peer);
    assert.deepEqual(open.body, { kind: 'open', plan: twoProbes, sentTo: peer });
  });

  it('over TCP is sent at the first check of the peer, and the answer to ours tells where we are seen', () => {
    const source = session('source', twoProbes, true);
    const check = sent(source.feed({ kind: 'tick' }), 'check');
    const heard = source.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 });
    const open = sent(heard, 'open');
    source.hear({ kind: 'checked', mapped }, check.transactionId);
    source.hear({ kind: 'opened' }, open.transactionId);
    assert.equal(source.state.phase, 'measuring');
    assert.deepEqual(source.state.mapped, mapped);
  });

  it('over TCP ends the session where the peer has answered it, and no check', () => {
    const source = session('source', twoProbes, true);
    const heard = source.hear({ kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 });
    source.hear({ kind: 'opened' }, sent(heard, 'open').transactionId);
    assert.deepEqual(source.outcome(), {
      kind: 'failed',
      stage: 'opening',
      evidence: 'The target answered no check',
    });
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
    target.feed({
      kind: 'message',
      from: elsewhere,
      receivedTtl: null,
      transactionId: new Uint8Array(12),
      body,
    });
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

describe('what a peer sends', () => {
  const bodies: readonly SessionBody[] = [
    { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
    { kind: 'checked', mapped },
    { kind: 'open', plan: { ...twoProbes, lossThresholdMs: 0 }, sentTo: mapped },
    { kind: 'opened' },
    { kind: 'report', tcp: null, records: reportOf(2) },
    { kind: 'report', tcp: null, records: { first: 65_000, total: 65_001, entries: reportOf(1).entries } },
    {
      kind: 'report',
      tcp: null,
      records: { first: 0, total: 2, entries: [{ sentAt: 1n, reflectionAt: 2n ** 64n - 1n }] },
    },
    { kind: 'reported' },
    { kind: 'trace', paddingBytes: 65_532 },
    { kind: 'traced', receivedTtl: 255, mapped },
    { kind: 'flows', from: [mapped, mapped] },
    { kind: 'flows-opened' },
    { kind: 'arrived', report: { count: 1, stop: true } },
    { kind: 'finish', packets: 2 ** 32 - 1 },
    { kind: 'finished' },
    { kind: 'refused', method: 'throughput', code: 486, reason: 'busy' },
    { kind: 'refused', method: 'open', code: 999, reason: 'x'.repeat(700) },
    { kind: 'close' },
  ];
  const probes: readonly SessionEvent[] = [
    {
      kind: 'probe-received',
      sequence: 2 ** 32 - 1,
      sentAtNs: -1e18,
      receivedAtNs: 0,
      reflectedAtNs: null,
      dscp: null,
    },
    { kind: 'probe-received', sequence: 0, sentAtNs: 1e18, receivedAtNs: 0, reflectedAtNs: 1, dscp: 0 },
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

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@pinhole/net';
import { endpoint } from '@pinhole/wire';
import { type PunchEffect, type PunchEvent, type PunchPlan, startPunch, stepPunch } from './punch.ts';

const peer = endpoint('198.51.100.1', 40000);
const elsewhere = endpoint('198.51.100.1', 50000);
const mapped = endpoint('203.0.113.5', 49153);
const plan: PunchPlan = { role: 'source', candidates: [peer], startAtMs: 100, deadlineMs: 8100 };

/** Counts up, so that a test can name the transaction it means. */
function counting(): Random {
  let next = 0;
  return { bytes: (length) => new Uint8Array(length).fill(++next), below: () => 0 };
}
const id = (n: number) => new Uint8Array(12).fill(n);

function run(events: readonly [atMs: number, event: PunchEvent][], role: PunchPlan['role'] = 'source') {
  const random = counting();
  let state = startPunch({ ...plan, role });
  let wakeAtMs: number | null = plan.startAtMs;
  const log: [number, PunchEffect['kind'], number][] = [];
  for (const [atMs, event] of events) {
    const result = stepPunch(state, event, atMs, random);
    state = result.state;
    wakeAtMs = result.wakeAtMs;
    log.push(
      ...result.effects.map((each): [number, PunchEffect['kind'], number] => [atMs, each.kind, each.to.port]),
    );
  }
  return { state, wakeAtMs, log };
}

const tick = { kind: 'tick' } as const;

describe('punching', () => {
  it('sends nothing before the planned moment', () => {
    assert.deepEqual(run([[99, tick]]).log, []);
    assert.equal(run([[99, tick]]).wakeAtMs, 100);
  });

  it('checks again after 50, 50, 100, 200, 400, 800 and 800 ms', () => {
    const times = Array.from({ length: 2500 }, (_, i): [number, PunchEvent] => [100 + i, tick]);
    assert.deepEqual(
      run(times).log.map(([atMs]) => atMs - 100),
      [0, 50, 100, 200, 400, 800, 1600, 2400],
    );
  });

  it('is open for the source when a check is answered from where it was sent', () => {
    const { state, wakeAtMs } = run([
      [100, tick],
      [142, { kind: 'checked', from: peer, transactionId: id(1), mapped }],
    ]);
    assert.deepEqual(state.outcome, { kind: 'open', remote: peer, mapped, roundTripMs: 42 });
    assert.equal(wakeAtMs, null);
  });

  for (const [name, event] of [
    ['from elsewhere', { kind: 'checked', from: elsewhere, transactionId: id(1), mapped }],
    ['to a check never sent', { kind: 'checked', from: peer, transactionId: id(9), mapped }],
  ] as const) {
    it(`is not open by an answer ${name}`, () => {
      assert.equal(
        run([
          [100, tick],
          [142, event],
        ]).state.outcome,
        null,
      );
    });
  }

  it('stays on the target side until the session says which way was taken', () => {
    const { state } = run(
      [
        [100, tick],
        [142, { kind: 'checked', from: peer, transactionId: id(1), mapped }],
      ],
      'target',
    );
    assert.equal(state.outcome, null);
  });

  it('answers every check, and checks back at once where the peer was not expected', () => {
    const { log } = run([
      [100, tick],
      [120, { kind: 'check', from: elsewhere, transactionId: id(77) }],
    ]);
    assert.deepEqual(log, [
      [100, 'send-check', 40000],
      [120, 'answer-check', 50000],
      [120, 'send-check', 50000],
    ]);
  });

  it('does not answer a check with a check each time', () => {
    const check = { kind: 'check', from: peer, transactionId: id(77) } as const;
    const { log } = run([
      [100, tick],
      [110, check],
      [120, check],
      [130, check],
    ]);
    assert.equal(log.filter(([, kind]) => kind === 'send-check').length, 1);
    assert.equal(log.filter(([, kind]) => kind === 'answer-check').length, 3);
  });

  it('still answers when it is open, and no longer checks', () => {
    const { log } = run([
      [100, tick],
      [142, { kind: 'checked', from: peer, transactionId: id(1), mapped }],
      [200, { kind: 'check', from: peer, transactionId: id(77) }],
    ]);
    assert.deepEqual(log.at(-1), [200, 'answer-check', 40000]);
  });

  it('is open for the source with the first check that arrives by a connection, and sends one of its own', () => {
    for (const byConnection of [true, false]) {
      const random = counting();
      const began = startPunch({ ...plan, candidates: [], byConnection });
      const { state, effects } = stepPunch(
        began,
        { kind: 'check', from: peer, transactionId: id(9) },
        120,
        random,
      );
      assert.deepEqual(
        effects.map(({ kind }) => kind),
        ['answer-check', 'send-check'],
      );
      const open = { kind: 'open', remote: peer, mapped: null, roundTripMs: 0 };
      assert.deepEqual(state.outcome, byConnection ? open : null);
    }
  });

  it('a target keeps where an answer came from once, however often it comes', () => {
    const answer: PunchEvent = { kind: 'checked', from: peer, transactionId: id(1), mapped };
    const again = Array.from({ length: 1000 }, (): [number, PunchEvent] => [110, answer]);
    assert.deepEqual(run([[100, tick], ...again], 'target').state.confirmed, [peer]);
  });

  it('makes room for a new place where there are 16 that have been tried', () => {
    const known = Array.from({ length: 16 }, (_, i) => endpoint('10.0.0.1', 1000 + i));
    const all = { kind: 'candidates', candidates: known, startAtMs: 100, openerTtl: null } as const;
    const fresh = { kind: 'candidates', candidates: [elsewhere], startAtMs: 200, openerTtl: null } as const;
    const { log } = run([
      [100, all],
      [150, tick],
      [200, fresh],
    ]);
    assert.ok(log.some(([atMs, kind, port]) => atMs === 200 && kind === 'send-check' && port === 50000));
  });

  it('follows a peer to no more than 16 places', () => {
    const checks = Array.from({ length: 40 }, (_, i): [number, PunchEvent] => [
      100 + i,
      { kind: 'check', from: endpoint('198.51.100.1', 1000 + i), transactionId: id(i) },
    ]);
    assert.equal(run(checks).state.candidates.length, 16);
  });

  it('takes candidates that become known later, at their moment, each once', () => {
    const known = { candidates: [peer, elsewhere], startAtMs: 300, openerTtl: null } as const;
    const candidates = { kind: 'candidates', ...known } as const;
    const { log } = run([
      [100, tick],
      [101, candidates],
      [120, tick],
      [300, tick],
    ]);
    assert.deepEqual(log, [
      [100, 'send-check', 40000],
      [300, 'send-check', 40000],
      [300, 'send-check', 50000],
    ]);
  });

  it('opens its own NAT ahead of the moment where it is told a TTL that dies on the way', () => {
    const ahead = { candidates: [elsewhere], startAtMs: 300, openerTtl: 2 } as const;
    const openers = (nowMs: number) =>
      stepPunch(startPunch(plan), { kind: 'candidates', ...ahead }, nowMs, counting())
        .effects.filter((each) => each.kind === 'send-check' && each.ttl !== undefined)
        .map((each) => [each.to.port, each.kind === 'send-check' && each.ttl]);
    assert.deepEqual(openers(250), [[50000, 2]]);
    assert.deepEqual(openers(300), [], 'the moment has come');
  });

  it('fails at the deadline, and says what was sent and heard', () => {
    const { state, wakeAtMs } = run([
      [100, tick],
      [150, tick],
      [8100, tick],
    ]);
    assert.deepEqual(state.outcome, { kind: 'failed', checksSent: 2, checksHeard: 0 });
    assert.equal(wakeAtMs, null);
  });
});

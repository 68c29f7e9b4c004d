import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip } from '@pinhole/wire';
import {
  answers,
  reachedAt,
  startTrace,
  stepTrace,
  type TraceAnswer,
  type TraceProbe,
  type TraceState,
  traceLimitMs,
} from './trace.ts';

const target = ip('198.51.100.1');
const router = (hop: number) => ip(`203.0.113.${hop}`);
const timeExceeded = { type: 11, code: 0 };

/** Who answers a probe, and after how long; null for nobody. */
type Way = (probe: TraceProbe, nowMs: number) => { by: TraceAnswer['by']; afterMs: number } | null;

interface Run {
  readonly state: TraceState;
  readonly sent: (TraceProbe & { readonly atMs: number })[];
  readonly endedAtMs: number;
}

function trace(way: Way, answersPerHop = 1, oneAtATime = false): Run {
  const state = startTrace(
    { target, answersPerHop, attemptsPerHop: 3, limitMs: traceLimitMs, oneAtATime },
    0,
  );
  const sent: (TraceProbe & { atMs: number })[] = [];
  const coming: { atMs: number; answer: TraceAnswer }[] = [];
  let nowMs = 0;
  let step = stepTrace(state, { kind: 'tick' }, nowMs);
  for (;;) {
    for (const probe of step.probes) {
      sent.push({ ...probe, atMs: nowMs });
      const answer = way(probe, nowMs);
      if (answer === null) continue;
      const { by, afterMs } = answer;
      coming.push({ atMs: nowMs + afterMs, answer: { ...probe, by, roundTripMs: afterMs } });
    }
    if (step.wakeAtMs === null) return { state, sent, endedAtMs: nowMs };
    coming.sort((a, b) => a.atMs - b.atMs);
    const [first] = coming;
    if (first !== undefined && first.atMs <= step.wakeAtMs) {
      coming.shift();
      nowMs = first.atMs;
      step = stepTrace(state, { kind: 'answer', answer: first.answer }, nowMs);
    } else {
      assert.ok(step.wakeAtMs > nowMs || step.probes.length > 0, `no progress at ${nowMs}`);
      nowMs = step.wakeAtMs;
      step = stepTrace(state, { kind: 'tick' }, nowMs);
    }
  }
}

const expired = (hop: number, perHopMs = 5) => ({
  by: { kind: 'expired' as const, address: router(hop), icmp: timeExceeded },
  afterMs: hop * perHopMs,
});
const peer = (afterMs: number, receivedTtl: number | null = 1) => ({
  by: { kind: 'peer' as const, receivedTtl },
  afterMs,
});
const plain =
  (length: number, perHopMs = 5): Way =>
  ({ ttl }) =>
    ttl < length ? expired(ttl, perHopMs) : peer(length * perHopMs);

describe('a trace', () => {
  it('of 15 hops, 100 ms away, is there within a second, each hop asked once', () => {
    const { state, sent, endedAtMs } = trace(plain(15, 100 / 15));
    assert.equal(state.end, 'reached');
    assert.equal(reachedAt(state), 15);
    assert.ok(endedAtMs < 1_000, `${endedAtMs} ms`);
    for (let ttl = 1; ttl <= 15; ttl++) assert.equal(sent.filter((each) => each.ttl === ttl).length, 1);
  });

  it('sends no further ahead than six hops behind the furthest known, and no two at once', () => {
    const { sent } = trace(plain(20, 40));
    assert.deepEqual(
      sent.slice(0, 6).map(({ ttl }) => ttl),
      [1, 2, 3, 4, 5, 6],
    );
    assert.ok(sent.every(({ atMs }, i) => i === 0 || atMs - sent[i - 1]!.atMs >= 20));
  });

  it('asks a silent hop three times, with time between, and goes on behind it', () => {
    const { state, sent } = trace((probe, nowMs) => (probe.ttl === 3 ? null : plain(6)(probe, nowMs)));
    const asked = sent.filter(({ ttl }) => ttl === 3).map(({ atMs }) => atMs);
    assert.equal(asked.length, 3);
    assert.ok(asked.every((atMs, i) => i === 0 || atMs - asked[i - 1]! >= 250));
    assert.deepEqual([state.end, reachedAt(state)], ['reached', 6]);
    assert.deepEqual(answers(state.hops[2]), []);
  });

  it('wants three answers of each hop where it is the only trace, far apart', () => {
    const { state, sent, endedAtMs } = trace(plain(10), 3);
    for (let ttl = 1; ttl <= 10; ttl++) {
      assert.equal(answers(state.hops[ttl - 1]).length, 3);
      const asked = sent.filter((each) => each.ttl === ttl).map(({ atMs }) => atMs);
      assert.ok(asked.every((atMs, i) => i === 0 || atMs - asked[i - 1]! >= 250));
    }
    assert.ok(endedAtMs <= 3_000);
  });

  it('never asks a hop more than three times, whatever is lost', () => {
    let count = 0;
    const { sent } = trace((probe, nowMs) => (count++ % 3 === 0 ? plain(12)(probe, nowMs) : null), 3);
    const times = Map.groupBy(sent, ({ ttl }) => ttl);
    assert.ok([...times.values()].every((each) => each.length <= 3));
  });

  it('ends where six hops in a row are silent', () => {
    const { state, sent } = trace((probe, nowMs) => (probe.ttl <= 4 ? plain(9)(probe, nowMs) : null));
    assert.equal(state.end, 'silent');
    assert.equal(Math.max(...sent.map(({ ttl }) => ttl)), 10);
  });

  it('ends where a hop says that there is no way on', () => {
    const by = { kind: 'unreachable', address: router(4), icmp: { type: 3, code: 13 } } as const;
    const { state, sent } = trace(({ ttl }) => (ttl < 4 ? expired(ttl) : { by, afterMs: 20 }));
    assert.equal(state.end, 'unreachable');
    assert.deepEqual(answers(state.hops[3])[0]?.by, by);
    assert.ok(Math.max(...sent.map(({ ttl }) => ttl)) <= 10);
  });

  it('ends where an address comes for the third time', () => {
    const { state } = trace(({ ttl }) => expired(ttl <= 3 ? ttl : 4 + (ttl % 2)));
    assert.equal(state.end, 'loop');
  });

  it("takes what stands behind the peer's NAT, and answers by its address, for no loop", () => {
    const { state } = trace(({ ttl }) => {
      if (ttl >= 9) return peer(50);
      const by = { kind: 'expired', address: target, icmp: timeExceeded } as const;
      return ttl < 5 ? expired(ttl) : { by, afterMs: 25 };
    });
    assert.deepEqual([state.end, reachedAt(state)], ['reached', 9]);
  });

  it('ends at its limit, with what is known by then', () => {
    const { state, endedAtMs } = trace(plain(30, 30), 3);
    assert.ok(endedAtMs <= traceLimitMs);
    assert.ok(state.end === 'reached' || state.end === 'time');
  });

  it('ends far away', () => {
    const { state } = trace(({ ttl }) => expired(ttl, 1));
    assert.equal(state.end, 'far');
  });

  it('has no second probe under way where that cannot be, and does not wait for more than it must', () => {
    const { state, sent, endedAtMs } = trace(plain(15, 4), 1, true);
    assert.ok(sent.every(({ atMs }, i) => i === 0 || atMs >= sent[i - 1]!.atMs + sent[i - 1]!.ttl * 4));
    assert.equal(state.end, 'reached');
    assert.ok(endedAtMs < 1_000, `${endedAtMs} ms`);
    const gap = trace((probe, nowMs) => (probe.ttl === 3 ? null : plain(6)(probe, nowMs)), 1, true);
    assert.deepEqual([gap.state.end, reachedAt(gap.state)], ['reached', 6]);
  });

  it('ends where the way is refused in the name of the peer', () => {
    const { state } = trace(({ ttl }) => (ttl < 4 ? expired(ttl) : { by: { kind: 'refused' }, afterMs: 20 }));
    assert.deepEqual([state.end, reachedAt(state)], ['unreachable', null]);
  });

  it('keeps the first answer to a probe, and none to what was not asked', () => {
    const state = startTrace(
      { target, answersPerHop: 1, attemptsPerHop: 3, limitMs: traceLimitMs, oneAtATime: false },
      0,
    );
    stepTrace(state, { kind: 'tick' }, 0);
    const answer = { ttl: 1, attempt: 0, roundTripMs: 3, by: expired(1).by };
    stepTrace(state, { kind: 'answer', answer }, 3);
    stepTrace(state, { kind: 'answer', answer: { ...answer, roundTripMs: 9 } }, 9);
    stepTrace(state, { kind: 'answer', answer: { ...answer, ttl: 9, attempt: 2 } }, 9);
    assert.deepEqual(answers(state.hops[0]), [answer]);
    assert.equal(state.hops[8], undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  packetsWithin,
  type SenderEffect,
  type SenderEvent,
  type SenderPlan,
  startSender,
  stepSender,
} from './sender.ts';

/** 1,250 octets at 20 Mbit/s: one packet each half ms. */
const steady: SenderPlan = { durationMs: 5_000, packetBytes: 1250, rateKbps: 20_000 };
const fast: SenderPlan = { ...steady, rateKbps: null };

type Send = Extract<SenderEffect, { kind: 'send' }>;

/** A sender, its line, and a peer that reports every half second until it no longer does. */
function sender(plan: SenderPlan, { room = Number.POSITIVE_INFINITY, wakesLateMs = 0 } = {}) {
  const begunMs = 1_000;
  const end = {
    nowMs: begunMs,
    wakeAtMs: begunMs as number | null,
    room,
    isHeard: true,
    reports: 0,
    turns: [] as { atMs: number; count: number; taken: number }[],
    finishes: [] as { atMs: number; packets: number }[],
    get sent() {
      return end.turns.reduce((sum, { taken }) => sum + taken, 0);
    },
    feed(event: SenderEvent): void {
      const { effects, wakeAtMs } = stepSender(state, event, end.nowMs);
      end.wakeAtMs = wakeAtMs;
      for (const effect of effects) {
        if (effect.kind === 'finish') end.finishes.push({ atMs: end.nowMs, packets: effect.packets });
        else end.take(effect);
      }
    },
    take({ count }: Send): void {
      const taken = Math.min(count, end.room);
      end.turns.push({ atMs: end.nowMs, count, taken });
      end.feed({ kind: 'taken', asked: count, taken });
    },
    /** Until `untilMs` after it began, or its end. */
    run(untilMs = Number.POSITIVE_INFINITY): void {
      for (let wakes = 0; end.wakeAtMs !== null && end.wakeAtMs <= begunMs + untilMs; wakes++) {
        assert.ok(wakes < 100_000);
        assert.ok(wakes === 0 || end.wakeAtMs >= end.nowMs);
        end.nowMs = Math.max(end.nowMs, end.wakeAtMs) + wakesLateMs;
        const due = Math.floor((end.nowMs - begunMs) / 500) + 1;
        if (end.isHeard && due > end.reports) {
          end.reports = due;
          end.feed({ kind: 'arrived', count: due, stop: false });
        }
        if (end.wakeAtMs !== null) end.feed({ kind: 'tick' });
      }
    },
    get elapsedMs() {
      return end.nowMs - begunMs;
    },
  };
  const state = startSender(plan, begunMs);
  return end;
}

describe('sending at a rate', () => {
  it('sends what the rate makes of the time, evenly, and then says how many they were', () => {
    const end = sender(steady);
    end.run(5_000);
    assert.equal(end.sent, 10_000);
    assert.equal(packetsWithin({ ...steady, rateKbps: 20_000 }), 10_000);
    for (const { atMs, count } of end.turns) {
      assert.ok(count <= 2, `${count} at ${atMs}`);
    }
    assert.deepEqual(end.finishes, [{ atMs: 6_000, packets: 10_000 }]);
  });

  for (const [wakesLateMs, most] of [
    [3, 14],
    [20, 10],
  ] as const) {
    it(`on a machine whose timers are ${wakesLateMs} ms late is never ahead of the rate, nor beyond 5 ms of it at once`, () => {
      const end = sender(steady, { wakesLateMs });
      let sent = 0;
      end.run(5_000);
      for (const { atMs, count } of end.turns) {
        sent += count;
        assert.ok(sent <= (atMs - 1_000) * 2 + 1);
        assert.ok(count <= most);
      }
    });
  }

  it('makes up for what it was late, and leaves out what is more than a quarter of a second', () => {
    const stalled = (stallMs: number) => {
      const end = sender(steady);
      end.run(1_000);
      end.nowMs += stallMs;
      end.run(5_000);
      return end.sent;
    };
    assert.equal(stalled(200), 10_000);
    const sent = stalled(1_000);
    assert.ok(Math.abs(sent - 8_500) < 10, `${sent}`);
  });

  it('asks for 128 packets at once at most, whatever the rate', () => {
    const end = sender({ ...steady, rateKbps: 1_000_000 }, { wakesLateMs: 10 });
    end.run(1_000);
    assert.equal(Math.max(...end.turns.map(({ count }) => count)), 128);
  });

  it('leaves a full buffer 2 ms, and does not number again what found no room', () => {
    const end = sender({ ...steady, rateKbps: 100_000 }, { room: 3 });
    end.run(1_000);
    for (const [i, { atMs, count, taken }] of end.turns.entries()) {
      const next = end.turns[i + 1];
      if (taken < count && next !== undefined) assert.ok(next.atMs - atMs >= 2);
    }
    end.room = Number.POSITIVE_INFINITY;
    end.run(5_000);
    assert.deepEqual(
      end.finishes.map(({ packets }) => packets),
      [end.sent],
    );
    assert.ok(end.sent < 50_000);
  });
});

describe('sending as fast as it is taken', () => {
  it('goes on where the connection has room', () => {
    const end = sender(fast);
    end.run(5_000);
    assert.ok(end.turns.every(({ count }) => count === 16));
    assert.ok(end.turns.length >= 5_000);
  });

  it('waits where it has none, and says at the end what was taken', () => {
    const end = sender(fast, { room: 0 });
    end.run(4_000);
    assert.ok(end.turns.length <= 2_001);
    end.room = 1;
    end.run(5_000);
    assert.deepEqual(
      end.finishes.map(({ packets }) => packets),
      [end.sent],
    );
  });
});

describe('a sender ends', () => {
  it('when the peer has the number of packets; until then it says it each half second', () => {
    const end = sender(steady);
    end.run(6_200);
    assert.deepEqual(
      end.finishes.map(({ atMs }) => atMs),
      [6_000, 6_500, 7_000],
    );
    end.feed({ kind: 'finished' });
    assert.equal(end.wakeAtMs, null);
  });

  it('at once when the peer wants no more', () => {
    const end = sender(steady);
    end.run(1_000);
    const { sent } = end;
    end.feed({ kind: 'arrived', count: 99, stop: true });
    assert.equal(end.wakeAtMs, null);
    end.feed({ kind: 'tick' });
    assert.equal(end.sent, sent);
  });

  it('2 s after the last report', () => {
    const end = sender(steady);
    end.run(1_100);
    end.isHeard = false;
    end.run();
    assert.equal(end.elapsedMs, 3_000);
    assert.deepEqual(end.finishes, []);
  });

  it('although earlier reports are heard once more', () => {
    const end = sender(steady);
    end.run(1_100);
    end.isHeard = false;
    for (let ms = 1_200; ms <= 2_900; ms += 100) {
      end.run(ms);
      end.feed({ kind: 'arrived', count: 3, stop: false });
    }
    end.run();
    assert.equal(end.elapsedMs, 3_000);
  });

  it('when the way to the peer is gone', () => {
    const end = sender(steady);
    end.run(1_000);
    end.feed({ kind: 'taken', asked: 1, taken: null });
    assert.equal(end.wakeAtMs, null);
  });

  it('10 s after its time, whatever the peer reports', () => {
    const end = sender(steady);
    end.run();
    assert.equal(end.elapsedMs, 15_000);
    assert.equal(end.sent, 10_000);
  });

  it('not by an answer that comes before its question', () => {
    const end = sender(steady);
    end.run(1_000);
    end.feed({ kind: 'finished' });
    assert.notEqual(end.wakeAtMs, null);
  });
});

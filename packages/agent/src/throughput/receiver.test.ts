import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { throughputSchema } from '@pinhole/contract';
import {
  countArrival,
  notMeasured,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverPlan,
  startReceiver,
  stepReceiver,
} from './receiver.ts';

const overUdp: ReceiverPlan = { durationMs: 5_000, packetLimit: 10_000 };
const overTcp: ReceiverPlan = { durationMs: 5_000, packetLimit: null };

function receiver(plan: ReceiverPlan = overUdp) {
  const begunMs = 1_000;
  const state = startReceiver(plan, begunMs);
  const end = {
    nowMs: begunMs,
    wakeAtMs: begunMs as number | null,
    effects: [] as { atMs: number; effect: ReceiverEffect }[],
    feed(event: ReceiverEvent): void {
      const { effects, wakeAtMs } = stepReceiver(state, event, end.nowMs);
      end.wakeAtMs = wakeAtMs;
      end.effects.push(...effects.map((effect) => ({ atMs: end.nowMs, effect })));
    },
    run(untilMs = Number.POSITIVE_INFINITY): void {
      for (let wakes = 0; end.wakeAtMs !== null && end.wakeAtMs <= begunMs + untilMs; wakes++) {
        assert.ok(wakes < 1_000);
        end.nowMs = Math.max(end.nowMs, end.wakeAtMs);
        end.feed({ kind: 'tick' });
      }
    },
    /** Packets with these numbers, one each ms, the first at `fromMs`. */
    packets(numbers: readonly number[], fromMs: number): void {
      for (const [i, number] of numbers.entries())
        countArrival(state, number, 1250, (begunMs + fromMs + i) * 1e6);
    },
    get reports() {
      return end.effects.flatMap(({ effect }) => (effect.kind === 'report' ? [effect] : []));
    },
    outcome() {
      const done = end.effects.filter(({ effect }) => effect.kind === 'done');
      assert.ok(done.length <= 1);
      const [last] = done;
      return last?.effect.kind === 'done' ? throughputSchema.parse(last.effect.throughput) : undefined;
    },
  };
  return end;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('what is received', () => {
  it('counts from the first octet to the last: what the first packet brought took its time before', () => {
    const end = receiver();
    end.packets(upTo(1001), 200);
    end.run(1_300);
    end.feed({ kind: 'finish', packets: 1001 });
    end.run();
    assert.deepEqual(end.outcome(), {
      outcome: 'measured',
      bitsPerSecond: 10e6,
      durationMs: 1_000,
      receivedBytes: 1001 * 1250,
      lossPercent: 0,
    });
  });

  it('lacks what did not come, of what was sent', () => {
    const end = receiver();
    end.packets(
      upTo(1000).filter((number) => number % 4 !== 1),
      0,
    );
    end.feed({ kind: 'finish', packets: 1000 });
    end.run();
    const outcome = end.outcome();
    assert.ok(outcome?.outcome === 'measured');
    assert.equal(outcome.lossPercent, 25);
  });

  it('counts each number once, and none beyond what the sender may send', () => {
    const end = receiver({ ...overUdp, packetLimit: 3 });
    end.packets([0, 1, 1, 0, 2, 3, 2 ** 32 - 1], 0);
    end.feed({ kind: 'finish', packets: 3 });
    end.run();
    const outcome = end.outcome();
    assert.ok(outcome?.outcome === 'measured');
    assert.deepEqual([outcome.receivedBytes, outcome.lossPercent], [3 * 1250, 0]);
  });

  it('over TCP is counted in octets, and lacks nothing', () => {
    const end = receiver(overTcp);
    end.packets(upTo(11).fill(0), 0);
    end.feed({ kind: 'finish', packets: 2 });
    end.run();
    const outcome = end.outcome();
    assert.ok(outcome?.outcome === 'measured');
    assert.deepEqual([outcome.receivedBytes, outcome.lossPercent], [11 * 1250, null]);
  });

  it('may come up to 300 ms after the message that it was all', () => {
    const end = receiver();
    end.packets(upTo(10), 0);
    end.feed({ kind: 'finish', packets: 11 });
    end.run(299);
    assert.equal(end.outcome(), undefined);
    end.packets([10], 290);
    end.run();
    const outcome = end.outcome();
    assert.ok(outcome?.outcome === 'measured');
    assert.equal(outcome.lossPercent, 0);
    assert.deepEqual(
      end.effects.flatMap(({ atMs, effect }) => (effect.kind === 'answer' ? [atMs] : [])),
      [1_300],
    );
  });

  for (const [what, numbers] of [
    ['nothing', []],
    ['a single packet', [5]],
  ] as const) {
    it(`is no throughput where it is ${what}`, () => {
      const end = receiver();
      end.packets(numbers, 10);
      end.feed({ kind: 'finish', packets: 10 });
      end.run();
      assert.deepEqual(end.outcome(), notMeasured);
    });
  }
});

describe('a receiver', () => {
  it('reports at once, and then each half second', () => {
    const end = receiver();
    end.run(1_600);
    assert.deepEqual(end.reports, [
      { kind: 'report', count: 1, stop: false },
      { kind: 'report', count: 2, stop: false },
      { kind: 'report', count: 3, stop: false },
      { kind: 'report', count: 4, stop: false },
    ]);
  });

  for (const [name, arrange, endsAtMs] of [
    ['nothing came', () => undefined, 5_000],
    ['nothing comes any more', (end: ReturnType<typeof receiver>) => end.packets(upTo(2_001), 0), 7_000],
  ] as const) {
    it(`gives up 5 s after ${name}, and says so`, () => {
      const end = receiver();
      arrange(end);
      end.run();
      assert.equal(end.nowMs, 1_000 + endsAtMs);
      assert.deepEqual(end.reports.at(-1)?.stop, true);
      assert.deepEqual(end.outcome(), notMeasured);
    });
  }

  it('stops a sender that does not come to an end 10 s after its time', () => {
    const end = receiver(overTcp);
    end.packets(upTo(15_000), 0);
    end.run();
    assert.equal(end.nowMs, 16_000);
    assert.equal(end.reports.at(-1)?.stop, true);
    assert.deepEqual(end.outcome(), notMeasured);
  });

  it('that is to stop says so at once', () => {
    const end = receiver();
    end.packets(upTo(10), 0);
    end.run(100);
    end.feed({ kind: 'stop' });
    assert.deepEqual(end.reports.at(-1), { kind: 'report', count: 2, stop: true });
    assert.equal(end.wakeAtMs, null);
    end.feed({ kind: 'finish', packets: 10 });
    assert.deepEqual(end.outcome(), notMeasured);
  });
});

// What is left of the figures by what a reflector leaves out, and what it gets wrong.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpoint } from '@pinhole/wire';
import { stampReport } from './figures.ts';
import type { Reply } from './replies.ts';
import { startSender, stepSender } from './sender.ts';

const ms = 1e6;
const theirOriginUnixNs = 1_800_000_000_000_000_000n;
const ourOriginUnixNs = theirOriginUnixNs - 5_000_000_000n;
const context = {
  target: endpoint('192.0.2.1', 862),
  ssid: 7,
  ttl: 255,
  originUnixNs: ourOriginUnixNs,
};

/**
 * 10 probes, 20 ms apart, over a path of 30 ms there and 10 ms back, to a reflector that answers after 1 ms and whose
 * clock is 5 s ahead. `change` is what this one does otherwise; null: no reply comes.
 */
function reportOf(
  change: (reply: Reply, probe: number) => Partial<Reply> | Partial<Reply>[] | null = () => ({}),
  ttl: number | null = 255,
) {
  const state = startSender({ probeCount: 10, gapMs: 20, lossThresholdMs: 2_000 }, 0);
  const replies: Reply[] = [];
  for (let probe = 0; probe < 10; probe++) {
    stepSender(state, { kind: 'tick' }, probe * 20);
    stepSender(state, { kind: 'probe-left', sequence: probe, atNs: probe * 20 * ms }, probe * 20);
    const sentNs = probe * 20 * ms;
    const at = (afterMs: number) => theirOriginUnixNs + BigInt(sentNs + afterMs * ms);
    const usual: Reply = {
      probe,
      sequence: probe,
      times: { t2UnixNs: at(30), t3UnixNs: at(31) },
      timestampFormat: 'ntp',
      receivedAtNs: sentNs + 41 * ms,
      sizeBytes: 44,
      ssid: 7,
      probeTtl: 252,
      ttl: 253,
      dscp: 0,
      told: { classOfService: null, counted: null, followUp: null, source: null },
    };
    const changed = change(usual, probe);
    for (const each of changed === null ? [] : [changed].flat()) replies.push({ ...usual, ...each });
  }
  replies.sort((a, b) => a.receivedAtNs - b.receivedAtNs);
  for (const reply of replies) stepSender(state, { kind: 'reply', reply }, 500);
  return stampReport(state, { ...context, ttl });
}

const nearly = (value: number | null | undefined, expected: number) => {
  assert.ok(value != null && Math.abs(value - expected) < 0.002, `${value} instead of ${expected}`);
};

describe('a round', () => {
  test('has delay by direction, within its bound, round trip, clock and hops', () => {
    const { sent, answered, lossPercent, loss, forward, backward, roundTrip, clock, reflector } = reportOf();
    assert.deepEqual([sent, answered, lossPercent], [10, 10, 0]);
    assert.deepEqual(loss, { forward: 0, backward: 0, unknown: 0 });
    // 40 ms of round trip: the halves are 20 ± 20.
    nearly(forward.delay?.meanMs, 20);
    nearly(backward.delay?.meanMs, 20);
    const boundMs = forward.delay?.errorBoundMs ?? 0;
    assert.ok(boundMs >= 20 && boundMs < 20.5, `± ${boundMs}`);
    nearly(roundTrip?.meanMs, 40);
    nearly(clock?.offsetMs, 5_010);
    const clockBoundMs = clock?.errorBoundMs ?? 0;
    assert.ok(clockBoundMs >= 20 && clockBoundMs < 20.5, `± ${clockBoundMs}`);
    assert.deepEqual([forward.hops, backward.hops], [3, 2]);
    assert.deepEqual(
      [forward.reordered, forward.duplicates, backward.reordered, backward.duplicates],
      [0, 0, 0, 0],
    );
    assert.deepEqual(reflector, {
      stateful: null,
      echoesSsid: true,
      times: 'two',
      timestampFormat: 'ntp',
      replyBytes: [44],
      followUp: false,
      grantsDscp: null,
      seesUsAs: null,
    });
  });

  test('without an answer has no figures', () => {
    const { answered, lossPercent, loss, forward, roundTrip, clock, reflector } = reportOf(() => null);
    assert.deepEqual(
      [answered, lossPercent, loss, forward.delay, roundTrip, clock, reflector],
      [0, 100, null, null, null, null, null],
    );
  });

  test('splits loss where the reflector counts', () => {
    // 3 is lost there, 5 on the way back.
    const report = reportOf(({ probe }) =>
      probe === 3 || probe === 5 ? null : { sequence: probe > 3 ? probe - 1 : probe },
    );
    assert.deepEqual(report.loss, { forward: 1, backward: 1, unknown: 0 });
    assert.equal(report.reflector?.stateful, true);
    assert.equal(report.lossPercent, 20);
  });

  test('has loss without a direction where the reflector copies numbers', () => {
    const { loss, lossPercent, reflector } = reportOf((_, probe) => (probe === 3 ? null : {}));
    assert.deepEqual([loss, lossPercent, reflector?.stateful], [null, 10, null]);
  });

  test('counts a reply that came too late as lost, and apart', () => {
    const { answered, late, lossPercent } = reportOf((_, probe) =>
      probe === 9 ? { receivedAtNs: (9 * 20 + 2_001) * ms } : {},
    );
    assert.deepEqual([answered, late, lossPercent], [9, 1, 10]);
  });

  test('tells on which way a packet was repeated, and on which packets overtook each other', () => {
    const copied = reportOf((reply, probe) => {
      if (probe === 2) return [{}, { receivedAtNs: reply.receivedAtNs + 1 }];
      // The same probe, come there twice: answered twice.
      const { t2UnixNs, t3UnixNs } = reply.times!;
      if (probe === 4) return [{}, { times: { t2UnixNs: t2UnixNs + 9n, t3UnixNs: t3UnixNs + 9n } }];
      return {};
    });
    assert.deepEqual([copied.forward.duplicates, copied.backward.duplicates], [1, 1]);
    const delay = (reply: Reply, byNs: number) => ({
      times: {
        t2UnixNs: reply.times!.t2UnixNs + BigInt(byNs),
        t3UnixNs: reply.times!.t3UnixNs + BigInt(byNs),
      },
      receivedAtNs: reply.receivedAtNs + byNs,
    });
    const there = reportOf((reply, probe) => (probe === 2 ? delay(reply, 50 * ms) : {}));
    assert.deepEqual([there.forward.reordered, there.backward.reordered], [1, 0]);
    const back = reportOf((reply, probe) =>
      probe === 2 ? { receivedAtNs: reply.receivedAtNs + 50 * ms } : {},
    );
    assert.deepEqual([back.forward.reordered, back.backward.reordered], [0, 1]);
  });

  test('uses the true moment of departure where the reflector tells it afterwards', () => {
    const { backward, roundTrip, reflector } = reportOf(({ times, told }, probe) => {
      if (probe === 0) return {};
      // The reply before left half a millisecond after it says.
      const unixNs = times!.t3UnixNs - 20_000_000n + 500_000n;
      return { told: { ...told, followUp: { sequence: probe - 1, unixNs } } };
    });
    nearly(roundTrip?.minMs, 39.5);
    nearly(roundTrip?.maxMs, 40);
    assert.ok(backward.delay !== null && backward.delay.jitterMs > 0);
    assert.deepEqual([reflector?.followUp, reflector?.stateful], [true, true]);
  });

  test('does not believe that a reply left after it came', () => {
    const { roundTrip } = reportOf(({ times, told }, probe) =>
      probe === 0
        ? {}
        : { told: { ...told, followUp: { sequence: probe - 1, unixNs: times!.t3UnixNs + 60_000_000_000n } } },
    );
    nearly(roundTrip?.minMs, 40);
  });
});

describe('a reflector that', () => {
  test('has T2 and T3 in each other’s place is understood', () => {
    const { roundTrip, reflector, forward } = reportOf(({ times }) => ({
      times: { t2UnixNs: times!.t3UnixNs, t3UnixNs: times!.t2UnixNs },
    }));
    nearly(roundTrip?.meanMs, 40);
    nearly(forward.delay?.meanMs, 20);
    assert.equal(reflector?.times, 'swapped');
  });

  test('tells T2 for T3 too leaves its own time in the round trip', () => {
    const { roundTrip, reflector } = reportOf(({ times }) => ({
      times: { ...times!, t3UnixNs: times!.t2UnixNs },
    }));
    nearly(roundTrip?.meanMs, 41);
    assert.equal(reflector?.times, 'one');
  });

  test('tells no times leaves the round trip, and no delay by direction', () => {
    const { roundTrip, reflector, forward, backward, clock } = reportOf(() => ({ times: null }));
    nearly(roundTrip?.meanMs, 41);
    assert.deepEqual(
      [forward.delay, forward.reordered, forward.duplicates, backward.delay, backward.reordered, clock],
      [null, null, null, null, null, null],
    );
    assert.equal(reflector?.times, 'none');
  });

  test('tells no TTL leaves no hops there', () => {
    const { forward, backward } = reportOf(() => ({ probeTtl: null }));
    assert.deepEqual([forward.hops, backward.hops], [null, 2]);
  });

  test('replies with the TTL that its system begins with is as far away as that tells', () => {
    assert.equal(reportOf(() => ({ ttl: 60 })).backward.hops, 4);
    assert.equal(reportOf(() => ({ ttl: null })).backward.hops, null);
  });

  test('is reached with a TTL that was not ours to choose leaves no hops there', () => {
    assert.equal(reportOf(() => ({ probeTtl: 60 }), null).forward.hops, null);
  });

  test('does not echo the SSID is none the worse for it', () => {
    const { answered, reflector } = reportOf(() => ({ ssid: 0 }));
    assert.deepEqual([answered, reflector?.echoesSsid], [10, false]);
  });

  test('runs 68 years off is no trouble', () => {
    const farNs = 68n * 31_557_600n * 1_000_000_000n;
    const { forward, roundTrip, clock } = reportOf(({ times }) => ({
      times: { t2UnixNs: times!.t2UnixNs - farNs, t3UnixNs: times!.t3UnixNs - farNs },
    }));
    nearly(roundTrip?.meanMs, 40);
    nearly(forward.delay?.meanMs, 20);
    assert.ok(Math.abs((clock?.offsetMs ?? 0) + Number(farNs / 1_000_000n) - 5_010) < 1);
  });

  test('writes nonsense into its times leaves the counts', () => {
    const { answered, sent, forward } = reportOf((_, probe) => ({
      times: { t2UnixNs: BigInt(probe % 3) * 10n ** 18n, t3UnixNs: BigInt(probe % 2) * 10n ** 18n },
    }));
    assert.deepEqual([sent, answered], [10, 10]);
    assert.ok(forward.delay === null || forward.delay.maxMs <= 2_000);
  });

  test('tells the DSCP that arrived, and whom it sees', () => {
    const source = endpoint('203.0.113.9', 4_321);
    const { forward, backward, reflector } = reportOf(({ told }, probe) => ({
      dscp: 10,
      told: { ...told, source, classOfService: { dscp: probe === 0 ? 46 : 8, granted: probe !== 5 } },
    }));
    assert.deepEqual([forward.dscp, backward.dscp], [8, 10]);
    assert.deepEqual([reflector?.grantsDscp, reflector?.seesUsAs], [false, '203.0.113.9:4321']);
  });
});

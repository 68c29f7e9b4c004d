import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type DirectionRecords, measureDirection } from './measurement.ts';
import type { ClockExchange, ReceivedProbe } from './records.ts';

const ms = 1e6;
const second = 1e9;

interface Path {
  /** Sender to receiver, one a probe; null: lost. */
  readonly forwardNs: readonly (number | null)[];
  /** The reflections back; null: lost. */
  readonly backNs: readonly (number | null)[];
  /** Receiver's clock = (1 + skew) · sender's + offset. */
  readonly offsetNs: number;
  readonly skew: number;
}

/** What both ends write down of a round of 20 ms gaps over this path. */
function recordsOf({ forwardNs, backNs, offsetNs, skew }: Path): DirectionRecords {
  const receiverClock = (at: number) => at * (1 + skew) + offsetNs;
  const sent = forwardNs.map((_, sequence) => ({ sequence, sentAtNs: sequence * 20 * ms }));
  const arrivals: { at: number; probe: ReceivedProbe }[] = [];
  const exchangesBySender: ClockExchange[] = [];
  for (const { sequence, sentAtNs } of sent) {
    const forward = forwardNs[sequence] ?? null;
    if (forward === null) continue;
    const at = sentAtNs + forward;
    arrivals.push({ at, probe: { sequence, receivedAtNs: receiverClock(at), sentAtNs, dscp: 46 } });
    const back = backNs[sequence] ?? null;
    if (back === null) continue;
    exchangesBySender.push({
      t1Ns: sentAtNs,
      t2Ns: receiverClock(at),
      t3Ns: receiverClock(at + 100_000),
      t4Ns: at + 100_000 + back,
    });
  }
  const received = arrivals.toSorted((a, b) => a.at - b.at).map(({ probe }) => probe);
  return { sent, received, exchangesBySender, exchangesByReceiver: [], lossThresholdNs: 2 * second };
}

/** The receiver's own probes, of the same path: the sender answers at once. */
function begunByReceiver({ forwardNs, backNs, offsetNs, skew }: Path): ClockExchange[] {
  const receiverClock = (at: number) => at * (1 + skew) + offsetNs;
  return forwardNs.flatMap((forward, sequence) => {
    const back = backNs[sequence] ?? null;
    if (forward === null || back === null) return [];
    const at = sequence * 20 * ms;
    const t2Ns = at + back;
    return [{ t1Ns: receiverClock(at), t2Ns, t3Ns: t2Ns, t4Ns: receiverClock(t2Ns + forward) }];
  });
}

const path = (changes: Partial<Path>): Path => ({
  forwardNs: [10 * ms, 20 * ms, 40 * ms, 10 * ms],
  backNs: [10 * ms, 10 * ms, 10 * ms, 10 * ms],
  offsetNs: 123 * second,
  skew: 0,
  ...changes,
});

describe('a round over a path of 10, 20, 40, 10 ms', () => {
  const measured = measureDirection(recordsOf(path({})));

  test('has these figures', () => {
    // The probe of 40 ms, sent at 40 ms, comes at 80 ms; the one sent at 60 ms at 70 ms.
    assert.deepEqual(
      { ...measured, delay: { ...measured.delay, errorBoundMs: null } },
      {
        sent: 4,
        received: 4,
        late: 0,
        duplicates: 0,
        reordered: 1,
        lossPercent: 0,
        delay: {
          meanMs: 20,
          minMs: 10,
          medianMs: 10,
          p95Ms: 40,
          maxMs: 40,
          errorBoundMs: null,
          jitterMs: 10,
          pdv95Ms: 30,
          // In order of arrival 10, 20, 10, 40: 0.625; 1.211; 3.010
          rfc3550JitterMs: 3.01,
        },
        roundTrip: { meanMs: 30, minMs: 20, medianMs: 20, p95Ms: 50, maxMs: 50 },
        arrivedDscp: 46,
        // The sender's clock is behind.
        clock: { offsetMs: -123_000, skewPpm: 0, steppedByMs: null },
      },
    );
  });

  test('is certain to a little more than half of the least round trip', () => {
    const bound = measured.delay?.errorBoundMs;
    assert.ok(bound != null && bound > 9.9 && bound < 10.2, `${bound}`);
  });
});

describe('what did not come', () => {
  test('is lost', () => {
    const measured = measureDirection(recordsOf(path({ forwardNs: [10 * ms, null, 40 * ms, null] })));
    assert.deepEqual([measured.sent, measured.received, measured.late, measured.lossPercent], [4, 2, 0, 50]);
    assert.equal(measured.delay?.meanMs, 25);
  });

  test('in time is lost and late, and no delay is told of it', () => {
    const forwardNs = [10 * ms, 10 * ms, 2100 * ms, 10 * ms];
    const measured = measureDirection(recordsOf(path({ forwardNs })));
    assert.deepEqual([measured.received, measured.late, measured.lossPercent], [3, 1, 25]);
    assert.deepEqual([measured.delay?.maxMs, measured.reordered], [10, 0]);
  });

  test('at all leaves no delay and no round trip', () => {
    const measured = measureDirection(recordsOf(path({ forwardNs: [null, null] })));
    assert.deepEqual(measured, {
      sent: 2,
      received: 0,
      late: 0,
      duplicates: 0,
      reordered: 0,
      lossPercent: 100,
      delay: null,
      roundTrip: null,
      arrivedDscp: null,
      clock: null,
    });
  });
});

describe('without a reflection', () => {
  const measured = measureDirection(recordsOf(path({ backNs: [] })));

  test('delays are told above the least, without a bound, and variations as ever', () => {
    assert.deepEqual([measured.roundTrip, measured.clock], [null, null]);
    assert.deepEqual(measured.delay, {
      meanMs: 10,
      minMs: 0,
      medianMs: 0,
      p95Ms: 30,
      maxMs: 30,
      errorBoundMs: null,
      jitterMs: 10,
      pdv95Ms: 30,
      rfc3550JitterMs: 3.01,
    });
  });

  test('the exchanges of the other direction serve the clock as well', () => {
    const exchangesByReceiver = begunByReceiver(path({}));
    const served = measureDirection({ ...recordsOf(path({ backNs: [] })), exchangesByReceiver });
    assert.equal(served.roundTrip, null);
    assert.ok(served.delay?.errorBoundMs != null);
    assert.ok(Math.abs(served.delay.meanMs - 20) <= served.delay.errorBoundMs);
  });
});

test('stamps that cannot be true leave counts alone and stay out of the figures', () => {
  const { sent, received, ...records } = recordsOf(path({}));
  const lying = sent.map((probe) => (probe.sequence === 2 ? { ...probe, sentAtNs: 1000 * second } : probe));
  const measured = measureDirection({ ...records, received, sent: lying });
  assert.deepEqual([measured.received, measured.lossPercent], [4, 0]);
  assert.ok(measured.delay !== null && Math.abs(measured.delay.maxMs) <= 2000);
});

test('whatever a peer reports, the figures are finite and within what a delay can be', () => {
  const time = fc.oneof(
    fc.integer({ min: 0, max: 10 * second }),
    fc.double({ min: -4e18, max: 4e18, noNaN: true }),
    fc.constantFrom(0, Number.MAX_VALUE, -Number.MAX_VALUE),
  );
  const sequence = fc.nat({ max: 20 });
  const exchanges = fc.array(fc.record({ t1Ns: time, t2Ns: time, t3Ns: time, t4Ns: time }), { maxLength: 8 });
  const records = fc.record({
    sent: fc.array(fc.record({ sequence, sentAtNs: fc.option(time) }), { maxLength: 12 }),
    received: fc.array(
      fc.record({ sequence, receivedAtNs: time, sentAtNs: fc.option(time), dscp: fc.constant(null) }),
      {
        maxLength: 12,
      },
    ),
    exchangesBySender: exchanges,
    exchangesByReceiver: exchanges,
    lossThresholdNs: fc.constant(2 * second),
  });
  fc.assert(
    fc.property(records, (some) => {
      const { delay, roundTrip, clock, arrivedDscp, ...counts } = measureDirection(some);
      assert.equal(arrivedDscp, null);
      for (const figure of Object.values(clock ?? {})) assert.ok(figure === null || Number.isFinite(figure));
      assert.ok(Math.abs(clock?.skewPpm ?? 0) <= 1002);
      for (const count of Object.values(counts)) assert.ok(count >= 0 && Number.isFinite(count));
      assert.ok(counts.received + counts.late <= counts.sent);
      for (const figure of Object.values({ ...delay, ...roundTrip }))
        assert.ok(figure === null || Math.abs(figure) <= 60_000, `${figure}`);
    }),
    { numRuns: 2000 },
  );
});

describe('for any path', () => {
  const wait = fc.option(fc.integer({ min: 5000, max: 300 * ms }), { freq: 6 });
  const anyPath = fc
    .record({
      probes: fc.array(fc.tuple(wait, wait), { minLength: 1, maxLength: 50 }),
      offsetNs: fc.integer({ min: -86_400 * second, max: 86_400 * second }),
      skew: fc.double({ min: -100e-6, max: 100e-6, noNaN: true }),
    })
    .map(
      ({ probes, ...clock }): Path => ({
        forwardNs: probes.map(([forward]) => forward),
        backNs: probes.map(([, back]) => back),
        ...clock,
      }),
    );
  const runs = { numRuns: 150 };

  test('the true delays are within the bound of those told', () => {
    fc.assert(
      fc.property(anyPath, (some) => {
        const { delay } = measureDirection(recordsOf(some));
        if (delay === null || delay.errorBoundMs === null) return;
        // As the receiver's clock counts them.
        const truths = some.forwardNs
          .filter((forward) => forward !== null)
          .map((ns) => (ns * (1 + some.skew)) / ms);
        const mean = truths.reduce((sum, one) => sum + one, 0) / truths.length;
        for (const [told, truth] of [
          [delay.meanMs, mean],
          [delay.minMs, Math.min(...truths)],
          [delay.maxMs, Math.max(...truths)],
        ] as const)
          assert.ok(Math.abs(told - truth) <= delay.errorBoundMs + 1e-9, `${told}, in truth ${truth}`);
      }),
      runs,
    );
  });

  test('counts add up', () => {
    fc.assert(
      fc.property(anyPath, (some) => {
        const measured = measureDirection(recordsOf(some));
        const lost = some.forwardNs.filter((forward) => forward === null).length;
        assert.equal(measured.sent, some.forwardNs.length);
        assert.equal(measured.received + measured.late + lost, measured.sent);
        assert.ok(Math.abs(measured.lossPercent - (100 * (lost + measured.late)) / measured.sent) <= 0.0005);
        assert.ok(measured.reordered < Math.max(1, measured.received));
      }),
      runs,
    );
  });

  test('a repeated probe is a duplicate and nothing else', () => {
    fc.assert(
      fc.property(anyPath, fc.nat(), fc.integer({ min: 0, max: second }), (some, which, laterNs) => {
        const records = recordsOf(some);
        fc.pre(records.received.length > 0);
        const again = records.received[which % records.received.length]!;
        const copy = { ...again, receivedAtNs: again.receivedAtNs + laterNs };
        const once = measureDirection(records);
        const twice = measureDirection({ ...records, received: [...records.received, copy] });
        assert.deepEqual(twice, { ...once, duplicates: once.duplicates + 1 });
      }),
      runs,
    );
  });

  test('the order in which records are handed over changes nothing but reordering', () => {
    fc.assert(
      fc.property(anyPath, (some) => {
        const records = recordsOf(some);
        const turned = {
          ...records,
          sent: records.sent.toReversed(),
          received: records.received.toReversed(),
          exchangesBySender: records.exchangesBySender.toReversed(),
        };
        const [one, other] = [measureDirection(records), measureDirection(turned)];
        assert.deepEqual({ ...other, reordered: 0 }, { ...one, reordered: 0 });
      }),
      runs,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '@pinhole/net';
import { nsFromNtp, ntpFromNs, originOf } from './time.ts';

function clockAt(monotonicNs: number, wallMs: number): Clock & { nowNs: number; nowMs: number } {
  const clock = {
    nowNs: monotonicNs,
    nowMs: wallMs,
    monotonicNs: () => clock.nowNs,
    wallMs: () => clock.nowMs,
    after: () => ({ cancel: () => undefined }),
  };
  return clock;
}

describe('the origin of logged times', () => {
  it('is where the clock was first asked, for whoever asks later: the wall clock may be set as it likes', () => {
    const clock = clockAt(5e9, 1_800_000_000_000);
    const origin = originOf(clock);
    assert.deepEqual(origin, { originNs: 5e9, originUnixNs: 1_800_000_000_000_000_000n });
    clock.nowNs += 60e9;
    clock.nowMs += 3_600_000;
    assert.deepEqual(originOf(clock), origin);
  });

  it('is one of each clock', () => {
    const [one, other] = [originOf(clockAt(1, 1_000)), originOf(clockAt(2, 2_000))];
    assert.deepEqual([one.originNs, other.originNs], [1, 2]);
  });
});

describe('a moment on the wire', () => {
  const originUnixNs = 1_800_000_000_000_000_000n;

  it('comes back to the nanosecond, as long after the origin as an agent may run', () => {
    for (const ns of [0, 1, 999_999_999, 86_400e9 + 7, -3_600e9 - 7, 100 * 86_400e9 + 1])
      assert.equal(nsFromNtp(ntpFromNs(ns, originUnixNs), originUnixNs), ns);
  });
});

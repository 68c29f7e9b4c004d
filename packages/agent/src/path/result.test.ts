import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathTraceSchema } from '@pinhole/contract';
import { endpoint, ip } from '@pinhole/wire';
import { pathTrace } from './result.ts';
import { startTrace, type TraceAnswer, traceLimitMs } from './trace.ts';

const target = endpoint('198.51.100.1', 49_153);
const expired = { type: 11, code: 0 };
const router = (hop: number): TraceAnswer['by'] => ({
  kind: 'expired',
  address: ip(`203.0.113.${hop}`),
  icmp: expired,
});
const refusal: TraceAnswer['by'] = {
  kind: 'unreachable',
  address: ip('203.0.113.9'),
  icmp: { type: 3, code: 13 },
};

/** For each TTL what its probes were answered, and after how many ms; null for nothing. All were sent at 0. */
function result(...hops: readonly (readonly [TraceAnswer['by'], number] | null)[][]) {
  const plan = {
    target: target.address,
    answersPerHop: 1,
    attemptsPerHop: 3,
    limitMs: traceLimitMs,
    oneAtATime: false,
  };
  const state = startTrace(plan, 0);
  for (const [i, answers] of hops.entries()) {
    state.hops[i] = answers.map((each, attempt) => ({
      atMs: 0,
      answer: each === null ? null : { ttl: i + 1, attempt, by: each[0], roundTripMs: each[1] },
    }));
  }
  state.end = 'unreachable';
  const found = pathTrace(
    {
      state,
      told: new Map([[1, { mpls: [{ label: 7, trafficClass: 0, bottom: true, ttl: 1 }], quoted: null }]]),
    },
    {
      mode: 'classic',
      protocol: 'udp',
      source: endpoint('10.0.0.2', 40_000),
      target,
      pathMtu: null,
      mss: null,
      tooBig: new Map([[ip('203.0.113.1'), 1400]]),
      startedAtMs: 1,
      finishedAtMs: 2,
    },
  );
  return pathTraceSchema.parse(found);
}

describe('a trace as it is reported', () => {
  it('has what each hop said of itself', () => {
    const [hop] = result([[router(1), 3]], [[refusal, 9]]).hops;
    assert.deepEqual(
      [hop?.address, hop?.roundTripsMs, hop?.icmp, hop?.mtu],
      ['203.0.113.1', [3], expired, 1400],
    );
    assert.equal(hop?.mpls[0]?.label, 7);
  });

  it('ends where the way ended, though hops behind have answered meanwhile', () => {
    const { hops, endIcmp } = result([[router(1), 3]], [[refusal, 50]], [[router(3), 5]], [[router(4), 6]]);
    assert.deepEqual(
      [hops.map(({ address }) => address), endIcmp],
      [['203.0.113.1', '203.0.113.9'], { type: 3, code: 13 }],
    );
  });

  it('names whoever answered first, where several did', () => {
    const { hops } = result([[router(7), 40], null, [router(1), 8]], [[refusal, 9]]);
    assert.deepEqual([hops[0]?.address, hops[0]?.sent], ['203.0.113.1', 3]);
  });
});

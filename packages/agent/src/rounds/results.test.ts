import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Assignment, type RoundResult, roundResultSchema, type Throughput } from '@pinhole/contract';
import { endpoint } from '@pinhole/wire';
import { assignment, plan } from '../../test/samples.ts';
import { PeerClocks } from '../clocks/clocks.ts';
import { logArrival, newLog } from '../session/log.ts';
import type { SessionOutcome } from '../session/state.ts';
import { failedResults, type RoundContext, roundResults, withThroughput } from './results.ts';

const remote = endpoint('198.51.100.1', 49_153);
const mapped = endpoint('203.0.113.5', 40_000);

function round(
  role: Assignment['role'],
  {
    direction = 'bidirectional',
    method = 'direct',
    ...rest
  }: Partial<Pick<Assignment, 'direction'> & Pick<RoundContext, 'method' | 'connectMs' | 'atFault'>> = {},
): RoundContext {
  const peer = {
    agentId: role === 'source' ? '22' : '11',
    agentName: 'peer',
    behindNat: false,
    endpoint: null,
  };
  const of = assignment({ kind: 'once', roundIds: [60] }, { role, peer, direction });
  const ownAgentId = role === 'source' ? '11' : '22';
  return {
    assignment: of,
    clocks: new PeerClocks(),
    ownAgentId,
    roundId: 60,
    method,
    startedAtMs: 60_000,
    finishedAtMs: 63_000,
    ...rest,
  };
}

function measured({ arrived = 10, peerConfirmed = true } = {}): SessionOutcome {
  const log = newLog();
  for (let sequence = 0; sequence < arrived; sequence++) {
    const sentAtNs = sequence * 20e6;
    const receivedAtNs = sentAtNs + 15e6;
    logArrival(log, plan, { sequence, sentAtNs, receivedAtNs, reflectedAtNs: null, dscp: null });
  }
  return { kind: 'measured', plan, log, remote, mapped, peerConfirmed };
}

function failed(stage: 'connecting' | 'opening' | 'refused', evidence = 'what was seen'): SessionOutcome {
  return { kind: 'failed', stage, evidence };
}

/** Each as the collector will read it. */
function results(context: RoundContext, outcome: SessionOutcome): string[] {
  return roundResults(context, outcome).map(inWords);
}

function inWords(result: RoundResult): string {
  const { sourceAgentId, targetAgentId, direction, ...rest } = roundResultSchema.parse(result);
  assert.deepEqual([sourceAgentId, targetAgentId], ['11', '22']);
  assert.equal(rest.roundId, 60);
  return rest.outcome === 'measured'
    ? `${direction}: measured`
    : `${direction}: ${rest.errorCode} (${rest.party})`;
}

describe('a measured session', () => {
  it('is reported by each side for what it received', () => {
    assert.deepEqual(results(round('source'), measured()), ['from-target: measured']);
    assert.deepEqual(results(round('target'), measured()), ['to-target: measured']);
  });

  it('is reported by the receiver alone where one direction was asked for', () => {
    assert.deepEqual(results(round('source', { direction: 'to-target' }), measured()), []);
    assert.deepEqual(results(round('target', { direction: 'to-target' }), measured()), [
      'to-target: measured',
    ]);
    assert.deepEqual(results(round('source', { direction: 'from-target' }), measured()), [
      'from-target: measured',
    ]);
    assert.deepEqual(results(round('target', { direction: 'from-target' }), measured()), []);
  });

  it('that the target did not confirm is lost in its direction, says the source', () => {
    const outcome = measured({ peerConfirmed: false });
    assert.deepEqual(results(round('source'), outcome), [
      'from-target: measured',
      'to-target: session-lost (target)',
    ]);
    assert.deepEqual(results(round('target'), outcome), ['to-target: measured']);
  });

  it('in which nothing arrived from a peer that lives is a loss of 100 %', () => {
    const [result] = roundResults(round('source'), measured({ arrived: 0 }));
    assert.ok(result?.outcome === 'measured');
    assert.equal(result.measurement.lossPercent, 100);
    assert.equal(result.measurement.delay, null);
  });

  it('in which nothing arrived from a peer that fell silent is no measurement', () => {
    const outcome = measured({ arrived: 0, peerConfirmed: false });
    assert.deepEqual(results(round('source'), outcome), [
      'from-target: session-lost (target)',
      'to-target: session-lost (target)',
    ]);
    assert.deepEqual(results(round('target'), outcome), []);
  });

  it('says how the agents met, and after what time where that was seen', () => {
    const meeting = (context: RoundContext) => {
      const [result] = roundResults(context, measured());
      assert.ok(result?.outcome === 'measured');
      return [result.method, result.connectMs];
    };
    assert.deepEqual(meeting(round('source', { method: 'searched', connectMs: 830.5 })), ['searched', 830.5]);
    assert.deepEqual(meeting(round('target', { method: 'predicted' })), ['predicted', null]);
  });

  it('names both endpoints as seen from the other side', () => {
    const [bySource] = roundResults(round('source'), measured());
    const [byTarget] = roundResults(round('target'), measured());
    assert.ok(bySource?.outcome === 'measured' && byTarget?.outcome === 'measured');
    assert.deepEqual([bySource.targetEndpoint, bySource.sourceEndpoint], [remote, mapped]);
    assert.deepEqual([byTarget.targetEndpoint, byTarget.sourceEndpoint], [mapped, remote]);
    assert.deepEqual([bySource.startedAtMs, bySource.finishedAtMs], [60_000, 63_000]);
  });
});

describe('a throughput', () => {
  const throughput: Throughput = {
    outcome: 'measured',
    bitsPerSecond: 19_990_000.5,
    durationMs: 4_999,
    receivedBytes: 12_491_000,
    lossPercent: 0.25,
  };

  it('stands with what its receiver has measured, and with no error', () => {
    const lost = roundResults(round('source'), measured({ peerConfirmed: false }));
    const [ofReceiver, error] = withThroughput(lost, throughput).map((each) => roundResultSchema.parse(each));
    assert.ok(ofReceiver?.outcome === 'measured');
    assert.deepEqual(ofReceiver.throughput, throughput);
    assert.deepEqual(error, lost[1]);
  });

  it('that was to be of nothing changes no result', () => {
    const results = roundResults(round('source'), measured());
    assert.deepEqual(withThroughput(results, null), results);
  });
});

describe('a session that failed', () => {
  for (const [stage, method, error] of [
    ['connecting', 'direct', 'agent-unreachable'],
    ['connecting', 'punched', 'connection-failed'],
    ['connecting', 'predicted', 'connection-failed'],
    ['connecting', 'searched', 'connection-failed'],
    ['opening', 'direct', 'session-lost'],
    ['opening', 'punched', 'session-lost'],
    ['refused', 'direct', 'session-refused'],
  ] as const) {
    it(`${stage === 'refused' ? 'because it was refused' : `when ${stage}`}, ${method}, is ${error} in each direction`, () => {
      assert.deepEqual(results(round('source', { method }), failed(stage)), [
        `to-target: ${error} (target)`,
        `from-target: ${error} (target)`,
      ]);
    });
  }

  it('without a connection names the side whose NAT is the reason', () => {
    const failedBy = (stage: 'connecting' | 'opening', method: RoundContext['method']) =>
      results(round('source', { direction: 'to-target', method, atFault: 'source' }), failed(stage));
    assert.deepEqual(failedBy('connecting', 'searched'), ['to-target: connection-failed (source)']);
    assert.deepEqual(failedBy('opening', 'searched'), ['to-target: session-lost (target)']);
    assert.deepEqual(failedBy('connecting', 'direct'), ['to-target: agent-unreachable (target)']);
  });

  it('is reported for the directions asked for', () => {
    assert.deepEqual(results(round('source', { direction: 'from-target' }), failed('opening')), [
      'from-target: session-lost (target)',
    ]);
  });

  it('is nothing that its target reports', () => {
    assert.deepEqual(roundResults(round('target'), failed('connecting')), []);
  });

  it('carries what was seen, cut to what the collector takes', () => {
    const [result] = roundResults(round('source'), failed('refused', 'x'.repeat(700)));
    assert.ok(result?.outcome === 'failed');
    assert.equal(result.evidence, 'x'.repeat(500));
  });

  it('before there was one names the side that is to blame', () => {
    const why = { errorCode: 'nat-negotiation-failed', party: 'source' } as const;
    assert.deepEqual(failedResults(round('source'), why, 'no answer').map(inWords), [
      'to-target: nat-negotiation-failed (source)',
      'from-target: nat-negotiation-failed (source)',
    ]);
  });
});

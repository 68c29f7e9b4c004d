import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan } from '../../test/samples.ts';
import { logArrival, newLog, type SessionLog } from '../session/log.ts';
import { PeerClocks } from './clocks.ts';

const ms = 1e6;

/** A session's log: the peer's clock is so far ahead, its probes take so long, and their reflections 5 ms back. */
function logAt(startNs: number, takesMs: number, aheadNs = 3_000 * ms): SessionLog {
  const log = newLog();
  log.peerReportTotal = plan.probeCount;
  for (let sequence = 0; sequence < plan.probeCount; sequence++) {
    const leftNs = startNs + sequence * 20 * ms;
    const receivedAtNs = leftNs + takesMs * ms;
    const sentAtNs = leftNs + aheadNs;
    logArrival(log, plan, { sequence, sentAtNs, receivedAtNs, reflectedAtNs: receivedAtNs, dscp: null });
    log.peerReport.set(sequence, { sentAtNs, reflectionAtNs: receivedAtNs + 5 * ms + aheadNs });
  }
  return log;
}

function boundMs(clocks: PeerClocks, peerAgentId: string, log: SessionLog): number {
  const bound = clocks.measure(peerAgentId, log, plan).delay?.errorBoundMs;
  assert.ok(bound != null);
  return bound;
}

describe('what is known of the clock of a peer', () => {
  it('serves the next round with it, and none with another peer', () => {
    const clocks = new PeerClocks();
    assert.ok(boundMs(clocks, '22', logAt(0, 5)) < 5.1);
    const congested = logAt(10e9, 300);
    assert.ok(boundMs(clocks, '22', congested) < 16, 'the bound of the round before, and 10 s at 1001 ppm');
    assert.ok(boundMs(clocks, '33', congested) > 150);
  });

  it('tells of a peer whose clock has another origin than in the round before: it was started anew', () => {
    const clocks = new PeerClocks();
    assert.equal(clocks.measure('22', logAt(0, 5), plan).clock?.steppedByMs, null);
    const { clock } = clocks.measure('22', logAt(60e9, 5, 4_000 * ms), plan);
    assert.ok(Math.abs((clock?.steppedByMs ?? 0) - 1_000) < 0.1, `${clock?.steppedByMs} ms`);
    assert.ok(Math.abs((clock?.offsetMs ?? 0) - 4_000) < 0.1);
    assert.equal(clocks.measure('22', logAt(120e9, 5, 4_000 * ms), plan).clock?.steppedByMs, null);
  });

  it('is forgotten of the peer that was measured longest ago when there are more than 1,024', () => {
    const clocks = new PeerClocks();
    for (let peer = 0; peer < 1024; peer++) clocks.measure(`${peer}`, logAt(0, 5), plan);
    assert.ok(boundMs(clocks, '0', logAt(1e9, 5)) < 5.1);
    clocks.measure('1024', logAt(0, 5), plan);
    const congested = logAt(2e9, 300);
    assert.ok(boundMs(clocks, '0', congested) < 10, 'measured again since');
    assert.ok(boundMs(clocks, '1', congested) > 150, 'forgotten');
    assert.ok(boundMs(clocks, '3', congested) < 10, 'remembered');
  });
});

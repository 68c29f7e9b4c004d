// What a collector gives to an agent and takes from it, for tests.

import type { Assignment, FailedResult } from '@pinhole/contract';
import type { SessionPlan } from '@pinhole/wire';

/** Ten probes each way. */
export const plan: SessionPlan = {
  probeCount: 10,
  gapUs: 20_000,
  payloadBytes: 0,
  dscp: 0,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 2_000,
};

/** Agent 11 is to test to agent 22. */
export function assignment(schedule: Assignment['schedule'], change: Partial<Assignment> = {}): Assignment {
  return {
    testId: '7',
    testName: 'test',
    role: 'source',
    peer: { agentId: '22', agentName: 'target', behindNat: false, endpoint: null },
    protocol: 'udp',
    direction: 'to-target',
    schedule,
    dscp: 0,
    payloadBytes: null,
    packetRate: null,
    path: { mode: 'in-session', traces: 1 },
    throughput: null,
    pairKey: Buffer.alloc(32).toString('base64'),
    ticket: null,
    ...change,
  };
}

export function result(roundId: number, change: Partial<FailedResult> = {}): FailedResult {
  return {
    outcome: 'failed',
    testId: '7',
    roundId,
    sourceAgentId: '11',
    targetAgentId: '22',
    direction: 'to-target',
    startedAtMs: 0,
    finishedAtMs: 0,
    errorCode: 'session-lost',
    party: 'target',
    evidence: '',
    ...change,
  };
}

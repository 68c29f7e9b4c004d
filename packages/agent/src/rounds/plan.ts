import { type Assignment, measuredDirections } from '@pinhole/contract';
import { planRound } from '@pinhole/measure';
import type { SessionPlan } from '@pinhole/wire';

/** How the rounds of an assignment go, in the words of Open. */
export function sessionPlan(assignment: Assignment): SessionPlan {
  const { departuresNs, gapNs, lossThresholdNs } = planRound({ packetRate: assignment.packetRate });
  const directions = measuredDirections(assignment.direction);
  return {
    probeCount: departuresNs.length,
    gapUs: Math.round(gapNs / 1000),
    payloadBytes: assignment.payloadBytes ?? 0,
    dscp: assignment.dscp,
    toTarget: directions.includes('to-target'),
    fromTarget: directions.includes('from-target'),
    lossThresholdMs: lossThresholdNs / 1e6,
  };
}

/** Over TCP: what measures throughput would delay the probes of others that share its connection. */
export function needsOwnConnection({ protocol, throughput }: Assignment): boolean {
  return protocol === 'tcp' && throughput !== null;
}

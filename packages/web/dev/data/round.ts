// Made-up results of a round, and how far one is.

import type { NetworkResult, OneDirection, Running, Test } from '@pinhole/contract';
import { figuresAt } from './timeline.ts';

export function results(test: Test, roundId: number): NetworkResult[] {
  if (test.testId === '14') return [];
  const directions: OneDirection[] =
    test.direction === 'bidirectional' ? ['to-target', 'from-target'] : [test.direction];
  return (test.agents ?? []).flatMap((agent, i) =>
    directions.map((direction): NetworkResult => {
      const figures = figuresAt(roundId, direction, i);
      const base = {
        agent: { agentId: agent.agentId, agentName: agent.agentName },
        targetAgent: { agentId: '9', agentName: 'Frankfurt' },
        date: new Date(roundId * 1000).toISOString(),
        roundId,
        startTime: roundId,
        endTime: roundId + 12,
        direction,
        server: '203.0.113.9:49153',
        serverIp: '203.0.113.9',
        _links: { appLink: { href: '' } },
      };
      if (figures.isFailed || agent.agentId === '4')
        return {
          ...base,
          errorCode: 'connection-failed',
          errorParty: 'source',
          errorDetails: 'Connection to source agent failed',
          errorEvidence: '44 checks sent, none answered; none of the peer arrived',
        };
      const { latency, bound, jitter, loss } = figures;
      return {
        ...base,
        loss,
        avgLatency: latency,
        minLatency: latency - 1,
        maxLatency: latency + 6,
        medianLatency: latency - 0.2,
        p95Latency: latency + 3.1,
        latencyErrorBound: bound,
        jitter,
        pdv95: jitter * 2,
        avgRoundTrip: 80.2,
        minRoundTrip: 78.1,
        medianRoundTrip: 79.9,
        p95RoundTrip: 84,
        maxRoundTrip: 91,
        ...(test.throughputMeasurements
          ? {
              throughput: figures.throughput,
              throughputDetails: {
                outcome: 'measured' as const,
                bitsPerSecond: figures.throughput * 1e6,
                durationMs: 10_000,
                receivedBytes: 110_000_000,
                lossPercent: null,
              },
            }
          : {}),
        ...(test.protocol === 'tcp'
          ? {
              tcp: {
                retransmissions: 3,
                roundTripMs: 79.4,
                roundTripDeviationMs: 1.2,
                leastRoundTripMs: 78,
                mss: 1380,
                pathMtu: 1420,
              },
            }
          : {}),
        measurement: {
          sent: 50,
          received: 50 - loss / 2,
          late: 0,
          duplicates: 0,
          reordered: 1,
          lossPercent: loss,
          delay: {
            meanMs: latency,
            minMs: latency - 1,
            medianMs: latency - 0.2,
            p95Ms: latency + 3.1,
            maxMs: latency + 6,
            errorBoundMs: bound,
            jitterMs: jitter,
            pdv95Ms: jitter * 2,
            rfc3550JitterMs: jitter * 0.9,
          },
          roundTrip: { meanMs: 80.2, minMs: 78.1, medianMs: 79.9, p95Ms: 84, maxMs: 91 },
          arrivedDscp: 0,
          clock: { offsetMs: 4.31, skewPpm: 12.3, steppedByMs: i === 1 ? 120 : null },
        },
        method: (['punched', 'predicted', 'direct', 'searched'] as const)[i % 4]!,
        connectMs: 182.4,
      };
    }),
  );
}

export function running(test: Test, nowS: number): Running {
  const interval = test.interval ?? 60;
  const roundId = Math.floor(nowS / interval) * interval;
  const into = nowS - roundId;
  const phase =
    into < 2 ? 'connecting' : into < 8 ? 'measuring' : into < 14 ? 'tracing' : into < 16 ? 'done' : null;
  return {
    nextRoundId: roundId + interval,
    rounds:
      phase === null
        ? []
        : (test.agents ?? []).map(({ agentId }) => ({
            roundId,
            sourceAgentId: agentId,
            targetAgentId: '9',
            phase,
            sinceMs: 500,
          })),
  };
}

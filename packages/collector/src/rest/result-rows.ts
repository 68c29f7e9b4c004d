// Results as v7's rows. Pure.

import type { Measurement, NetworkResult } from '@pinhole/contract';
import { errorSentence, type FailedResult, type MeasuredResult, type RoundResult } from '@pinhole/contract';
import { formatEndpoint, ip } from '@pinhole/wire';
import { type RowNames, rowFrame } from './row-frame.ts';

export interface ResultRowNames extends RowNames {
  /** Why nobody reaches an agent; empty where nobody knows. */
  readonly unreachableReasons: (agentId: string) => readonly string[];
}

/** One direction of one pair's round. */
export function directionRow(result: RoundResult, names: ResultRowNames): NetworkResult {
  const row = rowFrame([result], result.direction, names);
  return result.outcome === 'failed'
    ? { ...row, ...failure(result, names) }
    : {
        ...row,
        ...server(result),
        loss: result.measurement.lossPercent,
        ...latencies(result.measurement.delay),
        ...oneWay(result.measurement),
        ...throughput(result),
        measurement: result.measurement,
        ...(result.tcp && { tcp: result.tcp }),
        ...connection(result),
      };
}

/**
 * Both directions of one pair's round together. Loss counts the packets of both. Each latency is the sum of the two
 * one-way ones: what the clocks' offset adds to one it takes from the other, so the sum is a round trip that needs no
 * synchronised clocks. Jitter is the mean of both. Where one direction failed, the row tells that failure. Null while
 * one direction has not been reported.
 */
export function combinedRow(results: readonly RoundResult[], names: ResultRowNames): NetworkResult | null {
  const row = () => rowFrame(results, 'bidirectional', names);
  const failed = results.find((result) => result.outcome === 'failed');
  if (failed !== undefined) return { ...row(), ...failure(failed, names) };
  const [there, back] = (['to-target', 'from-target'] as const).map((direction) =>
    results.find((result) => result.outcome === 'measured' && result.direction === direction),
  ) as [MeasuredResult | undefined, MeasuredResult | undefined];
  if (there === undefined || back === undefined) return null;
  const sent = there.measurement.sent + back.measurement.sent;
  const received = there.measurement.received + back.measurement.received;
  const a = there.measurement.delay;
  const b = back.measurement.delay;
  const both =
    a === null || b === null
      ? null
      : {
          meanMs: a.meanMs + b.meanMs,
          minMs: a.minMs + b.minMs,
          maxMs: a.maxMs + b.maxMs,
          jitterMs: (a.jitterMs + b.jitterMs) / 2,
        };
  return {
    ...row(),
    ...server(there),
    ...(sent === 0 ? {} : { loss: (100 * Math.max(0, sent - received)) / sent }),
    ...latencies(both),
    // The source begins the session, and receives what comes from the target.
    ...connection(back),
  };
}

function server({ targetEndpoint }: MeasuredResult) {
  const endpoint = { address: ip(targetEndpoint.address), port: targetEndpoint.port };
  return { server: formatEndpoint(endpoint), serverIp: endpoint.address };
}

function connection({ method, connectMs }: MeasuredResult) {
  return { method, ...(typeof connectMs === 'number' && { connectMs }) };
}

function latencies(delay: { meanMs: number; minMs: number; maxMs: number; jitterMs: number } | null) {
  if (delay === null) return {};
  return {
    avgLatency: delay.meanMs,
    minLatency: delay.minMs,
    maxLatency: delay.maxMs,
    jitter: delay.jitterMs,
  };
}

function oneWay({ delay, roundTrip }: Measurement) {
  return {
    ...(delay !== null && {
      medianLatency: delay.medianMs,
      p95Latency: delay.p95Ms,
      pdv95: delay.pdv95Ms,
      ...(delay.errorBoundMs !== null && { latencyErrorBound: delay.errorBoundMs }),
    }),
    ...(roundTrip !== null && {
      avgRoundTrip: roundTrip.meanMs,
      minRoundTrip: roundTrip.minMs,
      medianRoundTrip: roundTrip.medianMs,
      p95RoundTrip: roundTrip.p95Ms,
      maxRoundTrip: roundTrip.maxMs,
    }),
  };
}

function throughput({ throughput: measured }: MeasuredResult) {
  if (measured === undefined) return {};
  const megabits = measured.outcome === 'measured' && { throughput: measured.bitsPerSecond / 1e6 };
  return { ...megabits, throughputDetails: measured };
}

function failure(
  { errorCode, party, evidence, sourceAgentId, targetAgentId }: FailedResult,
  { unreachableReasons }: ResultRowNames,
) {
  const reasons =
    errorCode === 'agent-unreachable'
      ? unreachableReasons(party === 'source' ? sourceAgentId : targetAgentId)
      : [];
  return {
    errorCode,
    errorParty: party,
    errorDetails: errorSentence(errorCode, party),
    errorEvidence: evidence,
    ...(reasons.length > 0 && { errorReasons: [...reasons] }),
  };
}

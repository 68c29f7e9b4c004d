// Results as v7's rows. Pure.

import type { NetworkResult } from '@pinhole/contract';
import {
  type Direction,
  errorSentence,
  type FailedResult,
  type MeasuredResult,
  type OneDirection,
  type RoundResult,
} from '@pinhole/contract';
import { formatEndpoint, ip } from '@pinhole/wire';
import { dateTime } from './date-time.ts';

export interface RowNames {
  /** Of agents by id, as far as they exist. */
  readonly names: ReadonlyMap<string, string>;
  readonly baseUrl: string;
  /** Why nobody reaches an agent; empty where nobody knows. */
  readonly unreachableReasons: (agentId: string) => readonly string[];
}

/** One direction of one pair's round. */
export function directionRow(result: RoundResult, names: RowNames): NetworkResult {
  const row = rowFrame([result], result.direction, names);
  return result.outcome === 'failed'
    ? { ...row, ...failure(result, names) }
    : {
        ...row,
        ...server(result),
        loss: result.measurement.lossPercent,
        ...latencies(result.measurement.delay),
        measurement: result.measurement,
        ...connection(result),
      };
}

/**
 * Both directions of one pair's round together. Loss counts the packets of both. Each latency is the sum of the two
 * one-way ones: what the clocks' offset adds to one it takes from the other, so the sum is a round trip that needs no
 * synchronised clocks. Jitter is the mean of both. Where one direction failed, the row tells that failure. Null while
 * one direction has not been reported.
 */
export function combinedRow(results: readonly RoundResult[], names: RowNames): NetworkResult | null {
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

/** Results that belong to the same pair's round, in the order given, which has them next to one another. */
export function groupByPair(results: readonly RoundResult[]): RoundResult[][] {
  const key = (result: RoundResult) => `${result.roundId}|${result.sourceAgentId}|${result.targetAgentId}`;
  return [...Map.groupBy(results, key).values()];
}

/** The directions whose results answer a question for `asked`; null where the test does not measure that. */
export function directionsToRead(measured: Direction, asked: Direction | undefined): OneDirection[] | null {
  const wanted = asked ?? measured;
  if (measured !== 'bidirectional' && wanted !== measured) return null;
  return wanted === 'bidirectional' ? ['to-target', 'from-target'] : [wanted];
}

function rowFrame(results: readonly RoundResult[], direction: Direction, { names, baseUrl }: RowNames) {
  const { testId, roundId, sourceAgentId, targetAgentId } = results[0]!;
  const agent = (agentId: string) => {
    const agentName = names.get(agentId);
    return agentName === undefined ? { agentId } : { agentId, agentName };
  };
  const query = new URLSearchParams({ testId, roundId: String(roundId), agentId: sourceAgentId });
  return {
    agent: agent(sourceAgentId),
    date: dateTime(roundId * 1000),
    roundId,
    startTime: Math.floor(Math.min(...results.map((result) => result.startedAtMs)) / 1000),
    endTime: Math.ceil(Math.max(...results.map((result) => result.finishedAtMs)) / 1000),
    direction,
    targetAgent: agent(targetAgentId),
    _links: { appLink: { href: `${baseUrl}/view/tests?${query}` } },
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

function failure(
  { errorCode, party, evidence, sourceAgentId, targetAgentId }: FailedResult,
  { unreachableReasons }: RowNames,
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

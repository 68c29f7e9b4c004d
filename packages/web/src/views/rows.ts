// A round's results by source agent, both directions side by side.

import type { NetworkResult, OneDirection } from '@pinhole/contract';
import { compare } from '../path/lanes.ts';
import type { Metric } from '../timeline/metric.ts';
import { type Health, healthOf, type Thresholds, worstHealth } from './health.ts';

export interface PairRow {
  readonly sourceAgentId: string;
  readonly sourceName: string;
  readonly targetAgentId: string;
  readonly targetName: string;
  /** Null where nothing was handed in, or not yet. */
  readonly results: { readonly [direction in OneDirection]: NetworkResult | null };
}

/** Sorted by the sources' names. */
export function pairRows(results: readonly NetworkResult[]): PairRow[] {
  const rows = new Map<string, PairRow>();
  for (const result of results) {
    if (result.direction === 'bidirectional') continue;
    const { agent, targetAgent } = result;
    const known = rows.get(agent.agentId);
    rows.set(agent.agentId, {
      sourceAgentId: agent.agentId,
      sourceName: agent.agentName ?? `Agent ${agent.agentId} (deleted)`,
      targetAgentId: targetAgent.agentId,
      targetName: targetAgent.agentName ?? `Agent ${targetAgent.agentId} (deleted)`,
      results: { 'to-target': null, 'from-target': null, ...known?.results, [result.direction]: result },
    });
  }
  return [...rows.values()].sort(
    (a, b) => compare(a.sourceName, b.sourceName) || compare(a.sourceAgentId, b.sourceAgentId),
  );
}

export function metricOf(result: NetworkResult | null, metric: Metric): number | null {
  if (result === null) return null;
  const value = {
    loss: result.loss,
    latency: result.avgLatency,
    'round-trip': result.avgRoundTrip,
    jitter: result.jitter,
    throughput: result.throughput,
  }[metric];
  return value ?? null;
}

/** A failed direction is as bad as can be. */
export function resultHealth(result: NetworkResult | null, metric: Metric, thresholds: Thresholds): Health {
  if (result?.errorCode !== undefined) return 'bad';
  return healthOf(metric, metricOf(result, metric), thresholds);
}

/**
 * Of each agent by its id: how the directions fare that begin at it. A target's is the worst one over its sources.
 */
export function agentHealth(
  rows: readonly PairRow[],
  directions: readonly OneDirection[],
  metric: Metric,
  thresholds: Thresholds,
): Map<string, Health> {
  const found = new Map<string, Health[]>();
  for (const { sourceAgentId, targetAgentId, results } of rows) {
    for (const direction of directions) {
      const agentId = direction === 'to-target' ? sourceAgentId : targetAgentId;
      const all = found.get(agentId) ?? [];
      all.push(resultHealth(results[direction], metric, thresholds));
      found.set(agentId, all);
    }
  }
  return new Map([...found].map(([agentId, all]) => [agentId, worstHealth(all)]));
}

export interface LaneFigures {
  readonly failed: number;
  /** Of what was measured: the mean loss in percent and the mean latency, milliseconds; null without any. */
  readonly loss: number | null;
  readonly latency: number | null;
}

export function laneFigures(rows: readonly PairRow[], direction: OneDirection): LaneFigures {
  const results = rows.flatMap((row) => row.results[direction] ?? []);
  const mean = (values: readonly (number | undefined)[]): number | null => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    failed: results.filter(({ errorCode }) => errorCode !== undefined).length,
    loss: mean(results.map(({ loss }) => loss)),
    latency: mean(results.map(({ avgLatency }) => avgLatency)),
  };
}

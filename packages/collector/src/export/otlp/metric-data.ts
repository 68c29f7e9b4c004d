// Results as OpenTelemetry metrics, in the names of v7's data model v2. One point for each figure of each result, with the
// time of its round, so the same result sent twice is the same points. Pure.

import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type GaugeMetricData,
  type MetricDescriptor,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { RoundResult } from '@pinhole/contract';
import type { TestRecord } from '../../store/tests.ts';

export interface MetricNames {
  /** Of agents by id, as far as they exist. */
  readonly agents: ReadonlyMap<string, string>;
  readonly tests: ReadonlyMap<string, TestRecord>;
}

type Attributes = Record<string, string | number>;

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

const latency: Metric = {
  name: 'network.latency',
  unit: 's',
  description: 'Mean delay: one-way, or there and back where network.io.direction is round-trip',
};
const loss: Metric = { name: 'network.loss', unit: '%', description: 'Packets that did not arrive in time' };
const jitter: Metric = {
  name: 'network.jitter',
  unit: 'ms',
  description: 'Mean deviation from the mean of the one-way delay',
};
/** Ours, as the next. */
const throughput: Metric = {
  name: 'pinhole.throughput',
  unit: 'bit/s',
  description: 'Throughput, where the test measures it',
};
/** v7 has no figure for a round that failed; without one, its silence could mean anything. */
const failed: Metric = {
  name: 'pinhole.round.failed',
  unit: '1',
  description: 'Whether the round failed (1, with error.type) or was measured (0)',
};

interface Point {
  readonly metric: Metric;
  readonly value: number;
  readonly attributes: Attributes;
  readonly roundId: number;
}

export function resourceMetrics(results: readonly RoundResult[], names: MetricNames): ResourceMetrics {
  const points = results.flatMap((result) => pointsOf(result, names));
  const metrics = [...Map.groupBy(points, ({ metric }) => metric)].map(([metric, of]) => gauge(metric, of));
  return {
    resource: resourceFromAttributes({ 'service.name': 'pinhole' }),
    scopeMetrics: [{ scope: { name: 'pinhole' }, metrics }],
  };
}

function pointsOf(result: RoundResult, names: MetricNames): Point[] {
  const test = names.tests.get(result.testId);
  const attributes = attributesOf(result, test, names.agents);
  const at = (metric: Metric, value: number, more: Attributes = {}): Point => ({
    metric,
    value,
    attributes: { ...attributes, ...more },
    roundId: result.roundId,
  });
  if (result.outcome === 'failed') return [at(failed, 1, { 'error.type': result.errorCode })];
  const { lossPercent, delay, roundTrip } = result.measurement;
  const points = [at(failed, 0), at(loss, lossPercent)];
  if (delay !== null) points.push(at(latency, delay.meanMs / 1000), at(jitter, delay.jitterMs));
  // Both directions of a test have a round trip; one is enough, and two would be the same point.
  if (
    roundTrip !== null &&
    (test?.settings.direction !== 'bidirectional' || result.direction === 'from-target')
  )
    points.push(at(latency, roundTrip.meanMs / 1000, { 'network.io.direction': 'round-trip' }));
  if (result.throughput?.outcome === 'measured') points.push(at(throughput, result.throughput.bitsPerSecond));
  return points;
}

function attributesOf(
  result: RoundResult,
  test: TestRecord | undefined,
  agents: MetricNames['agents'],
): Attributes {
  const { sourceAgentId, targetAgentId, testId } = result;
  const sourceName = agents.get(sourceAgentId);
  const targetName = agents.get(targetAgentId);
  return {
    'network.io.direction': result.direction === 'to-target' ? 'transmit' : 'receive',
    ...(test !== undefined && {
      'network.transport': test.settings.protocol,
      'thousandeyes.test.name': test.testName,
    }),
    ...(result.outcome === 'measured' && { 'server.port': result.targetEndpoint.port }),
    'thousandeyes.test.id': testId,
    'thousandeyes.test.type': 'agent-to-agent',
    'thousandeyes.source.agent.id': sourceAgentId,
    ...(sourceName !== undefined && { 'thousandeyes.source.agent.name': sourceName }),
    'thousandeyes.target.agent.id': targetAgentId,
    ...(targetName !== undefined && { 'thousandeyes.target.agent.name': targetName }),
  };
}

/** ValueType.DOUBLE of OpenTelemetry's API. */
const double = 1 as MetricDescriptor['valueType'];

function gauge(metric: Metric, points: readonly Point[]): GaugeMetricData {
  return {
    descriptor: { ...metric, valueType: double },
    // A gauge has none; the type wants one.
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: points.map(({ attributes, value, roundId }) => ({
      startTime: [roundId, 0],
      endTime: [roundId, 0],
      attributes,
      value,
    })),
  };
}

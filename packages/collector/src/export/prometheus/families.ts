// What the collector tells Prometheus. Base units throughout: seconds, ratios, bits a second. Pure.
//
// There are as many series as the tests have pairs and directions: nothing that a packet or an agent says becomes a label
// but an agent's name, its version, and the code of an error out of the catalogue.

import type { RoundResult } from '@pinhole/contract';
import { agentState } from '../../rest/bodies.ts';
import type { AgentRecord } from '../../store/agents.ts';
import type { AlertRecord } from '../../store/alerts.ts';
import type { StreamRecord } from '../../store/streams.ts';
import type { TestRecord } from '../../store/tests.ts';
import type { RoundCount } from '../round-counts.ts';
import type { MetricFamily, MetricSample } from './text.ts';

export interface Observed {
  readonly nowMs: number;
  readonly agents: ReadonlyMap<string, AgentRecord>;
  readonly tests: ReadonlyMap<string, TestRecord>;
  /** The last round of each test, pair and direction. */
  readonly rounds: readonly RoundResult[];
  readonly counts: readonly RoundCount[];
  readonly activeAlerts: readonly AlertRecord[];
  readonly streams: readonly StreamRecord[];
  /** Results that wait, by the streams' ids. */
  readonly queued: ReadonlyMap<string, number>;
}

export function metricFamilies(observed: Observed): MetricFamily[] {
  return [
    ...roundFamilies(observed),
    ...countFamilies(observed),
    ...agentFamilies(observed),
    {
      name: 'pinhole_active_alerts',
      help: 'Alerts that are active, by severity.',
      type: 'gauge',
      samples: [...Map.groupBy(observed.activeAlerts, ({ severity }) => severity)].map(
        ([severity, alerts]) => ({
          labels: { severity },
          value: alerts.length,
        }),
      ),
    },
    {
      name: 'pinhole_stream_waiting_results',
      help: 'Results that a stream has still to send.',
      type: 'gauge',
      samples: observed.streams.map(({ streamId }) => ({
        labels: { stream_id: streamId },
        value: observed.queued.get(streamId) ?? 0,
      })),
    },
    {
      name: 'pinhole_stream_lost_results_total',
      help: 'Results that a stream has given up, since it was made.',
      type: 'counter',
      samples: observed.streams.map(({ streamId, lost }) => ({
        labels: { stream_id: streamId },
        value: lost,
      })),
    },
  ];
}

type Gauge = readonly [name: string, help: string, read: (result: RoundResult) => number | null];

const seconds = (milliseconds: number | null | undefined) =>
  milliseconds == null ? null : milliseconds / 1000;
const delayOf = (result: RoundResult) => (result.outcome === 'measured' ? result.measurement.delay : null);
const roundTripOf = (result: RoundResult) =>
  result.outcome === 'measured' ? result.measurement.roundTrip : null;

const roundGauges: readonly Gauge[] = [
  [
    'start_timestamp_seconds',
    'When the last round of the direction began, by the schedule.',
    ({ roundId }) => roundId,
  ],
  [
    'up',
    'Whether the last round was measured (1) or has failed (0).',
    ({ outcome }) => Number(outcome === 'measured'),
  ],
  [
    'loss_ratio',
    'Packets that did not arrive in time, of those sent.',
    (result) => (result.outcome === 'measured' ? result.measurement.lossPercent / 100 : null),
  ],
  ['delay_mean_seconds', 'One-way delay, mean.', (result) => seconds(delayOf(result)?.meanMs)],
  ['delay_min_seconds', 'One-way delay, least.', (result) => seconds(delayOf(result)?.minMs)],
  ['delay_median_seconds', 'One-way delay, median.', (result) => seconds(delayOf(result)?.medianMs)],
  ['delay_p95_seconds', 'One-way delay, 95th percentile.', (result) => seconds(delayOf(result)?.p95Ms)],
  ['delay_max_seconds', 'One-way delay, greatest.', (result) => seconds(delayOf(result)?.maxMs)],
  [
    'delay_error_bound_seconds',
    'The true one-way delays lie within this of those shown.',
    (result) => seconds(delayOf(result)?.errorBoundMs),
  ],
  [
    'jitter_seconds',
    'Mean deviation from the mean of the one-way delay.',
    (result) => seconds(delayOf(result)?.jitterMs),
  ],
  [
    'delay_variation_p95_seconds',
    'The 95th percentile of the delay beyond the shortest (RFC 5481).',
    (result) => seconds(delayOf(result)?.pdv95Ms),
  ],
  ['round_trip_mean_seconds', 'Round trip, mean.', (result) => seconds(roundTripOf(result)?.meanMs)],
  ['round_trip_min_seconds', 'Round trip, least.', (result) => seconds(roundTripOf(result)?.minMs)],
  ['round_trip_max_seconds', 'Round trip, greatest.', (result) => seconds(roundTripOf(result)?.maxMs)],
  [
    'throughput_bits_per_second',
    'Throughput, where the test measures it.',
    (result) =>
      result.outcome === 'measured' && result.throughput?.outcome === 'measured'
        ? result.throughput.bitsPerSecond
        : null,
  ],
];

function roundFamilies({ rounds, agents, tests }: Observed): MetricFamily[] {
  const labelled = rounds.map((result) => ({ result, labels: pairLabels(result, agents, tests) }));
  return roundGauges.map(([name, help, read]) => ({
    name: `pinhole_round_${name}`,
    help,
    type: 'gauge',
    samples: labelled.flatMap(({ result, labels }): MetricSample[] => {
      const value = read(result);
      return value === null ? [] : [{ labels, value }];
    }),
  }));
}

function countFamilies({ counts, agents, tests }: Observed): MetricFamily[] {
  const labelled = counts.map((count) => ({ count, labels: pairLabels(count, agents, tests) }));
  return [
    {
      name: 'pinhole_rounds_measured_total',
      help: 'Rounds of a direction that were measured, since the collector was started.',
      type: 'counter',
      samples: labelled.map(({ count, labels }) => ({ labels, value: count.measured })),
    },
    {
      name: 'pinhole_rounds_failed_total',
      help: 'Rounds of a direction that have failed, by the code of the error, since the collector was started.',
      type: 'counter',
      samples: labelled.flatMap(({ count, labels }) =>
        [...count.failed].map(([error, value]) => ({ labels: { ...labels, error }, value })),
      ),
    },
  ];
}

function agentFamilies({ agents, nowMs }: Observed): MetricFamily[] {
  const all = [...agents.values()];
  const labels = ({ agentId, agentName }: AgentRecord) => ({ agent_id: agentId, agent_name: agentName });
  return [
    {
      name: 'pinhole_agent_info',
      help: 'The version that an agent runs.',
      type: 'gauge',
      samples: all.map((agent) => ({ labels: { ...labels(agent), version: agent.facts.version }, value: 1 })),
    },
    {
      name: 'pinhole_agent_state',
      help: 'Which of its states an agent is in: 1 for that, 0 for the others.',
      type: 'gauge',
      samples: all.flatMap((agent) =>
        ['online', 'offline', 'disabled'].map((state) => ({
          labels: { ...labels(agent), state },
          value: Number(agentState(agent, nowMs) === state),
        })),
      ),
    },
    {
      name: 'pinhole_agent_last_seen_timestamp_seconds',
      help: 'When an agent has last checked in.',
      type: 'gauge',
      samples: all.map((agent) => ({ labels: labels(agent), value: agent.lastSeenAtMs / 1000 })),
    },
    {
      name: 'pinhole_agent_behind_nat',
      help: 'Whether "Behind a NAT" is ticked for an agent.',
      type: 'gauge',
      samples: all.map((agent) => ({ labels: labels(agent), value: Number(agent.behindNat) })),
    },
  ];
}

function pairLabels(
  pair: Pick<RoundResult, 'testId' | 'sourceAgentId' | 'targetAgentId' | 'direction'>,
  agents: Observed['agents'],
  tests: Observed['tests'],
): Record<string, string> {
  const test = tests.get(pair.testId);
  return {
    test_id: pair.testId,
    test_name: test?.testName ?? '',
    protocol: test?.settings.protocol ?? '',
    direction: pair.direction,
    source_agent_id: pair.sourceAgentId,
    source_agent_name: agents.get(pair.sourceAgentId)?.agentName ?? '',
    target_agent_id: pair.targetAgentId,
    target_agent_name: agents.get(pair.targetAgentId)?.agentName ?? '',
  };
}

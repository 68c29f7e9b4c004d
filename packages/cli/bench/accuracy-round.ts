// One round of two agents beside the truth.

import type { Measurement, NetworkResult, OneDirection } from '@pinhole/contract';
import { mean, meanDeviation, quantile } from './accuracy-figures.ts';
import type { AccuracySystem, Agent, WrittenDown } from './accuracy-system.ts';
import {
  type Direction,
  stampNaming,
  type TrueCounts,
  type TruePacket,
  Truth,
  trueCounts,
  trueRoundTrips,
} from './accuracy-truth.ts';

export interface RoundComparison {
  /** Of each round trip that either agent has measured: by how much it differs from what the link's record says. */
  readonly roundTripErrorsNs: readonly number[];
  readonly directions: readonly DirectionComparison[];
}

export interface DirectionComparison {
  readonly direction: OneDirection;
  readonly truth: TrueCounts;
  readonly measurement: Measurement;
  readonly countsExact: boolean;
  /** Of the one-way delays' figures, of which each is to be within the bound. */
  readonly oneWayErrorsMs: Readonly<Record<string, number>>;
  readonly boundHolds: boolean;
  /** What does not depend on the clocks. */
  readonly jitterErrorMs: number;
  readonly roundTripErrorsMs: Readonly<Record<string, number>>;
}

/** Source in the core: its probes go down. */
const probesGo: Readonly<Record<OneDirection, Direction>> = { 'to-target': 'down', 'from-target': 'up' };
const opposite: Readonly<Record<Direction, Direction>> = { up: 'down', down: 'up' };

/** Has the agents measure one round, and compares what they say with what the link did. */
export async function compareRound(
  system: AccuracySystem,
  source: Agent,
  target: Agent,
  earlierTestId: string | null,
): Promise<{ testId: string; comparison: RoundComparison }> {
  let testId = '';
  let results: NetworkResult[] = [];
  const file = await system.record(async () => {
    ({ testId, results } = await system.round(source, target, earlierTestId));
  });
  const truth = new Truth(file, stampNaming);
  const { roundId } = results[0]!;
  const [atSource, atTarget] = [source, target].map((agent) => {
    const written = agent.writtenDown(testId, roundId);
    if (written === null) throw new Error(`${agent.name} has written nothing down of round ${roundId}`);
    return written;
  }) as [WrittenDown, WrittenDown];
  return {
    testId,
    comparison: {
      roundTripErrorsNs: [
        ...roundTripErrors(truth, 'up', atSource),
        ...roundTripErrors(truth, 'down', atTarget),
      ],
      directions: results.map((result) => compareDirection(truth, result, atSource.ssids)),
    },
  };
}

/** Of the peer's probes: those are what an agent answers for. */
function roundTripErrors(truth: Truth, probesGoing: Direction, { ssids, exchanges }: WrittenDown): number[] {
  const real = trueRoundTrips(
    truth.packets(probesGoing, `probes ${ssids[1]}`),
    truth.packets(opposite[probesGoing], `reflections ${ssids[1]}`),
  );
  return exchanges.flatMap(([sequence, t1Ns, t2Ns, t3Ns, t4Ns]) => {
    const realNs = real.get(sequence);
    if (realNs === undefined || t1Ns === null || t3Ns === null || t4Ns === null) return [];
    return [t4Ns - t1Ns - (t3Ns - t2Ns) - realNs];
  });
}

function compareDirection(
  truth: Truth,
  { direction, measurement, errorEvidence }: NetworkResult,
  [sourceSsid, targetSsid]: WrittenDown['ssids'],
): DirectionComparison {
  if (measurement === undefined || direction === 'bidirectional')
    throw new Error(`${direction}: ${errorEvidence}`);
  const way = probesGo[direction];
  const ssid = direction === 'to-target' ? sourceSsid : targetSsid;
  const probes = truth.packets(way, `probes ${ssid}`);
  const counts = trueCounts(probes);
  const { delay } = measurement;
  const oneWayErrorsMs = errorsMs(delay, heldMs(probes.values()));
  const reflections = truth.packets(opposite[way], `reflections ${ssid}`);
  const roundTrips = [...trueRoundTrips(probes, reflections).values()].map((ns) => ns / 1e6);
  const bound = delay?.errorBoundMs ?? null;
  return {
    direction,
    truth: counts,
    measurement,
    countsExact:
      measurement.sent === counts.sent &&
      measurement.received === counts.received &&
      measurement.late === 0 &&
      measurement.duplicates === counts.duplicates &&
      measurement.reordered === counts.reordered,
    oneWayErrorsMs,
    boundHolds: bound !== null && Object.values(oneWayErrorsMs).every((error) => Math.abs(error) <= bound),
    jitterErrorMs: delay === null ? Number.NaN : delay.jitterMs - meanDeviation(heldMs(probes.values())),
    roundTripErrorsMs: errorsMs(measurement.roundTrip, roundTrips),
  };
}

function heldMs(packets: Iterable<TruePacket>): number[] {
  return [...packets].flatMap(({ heldNs }) => (heldNs === null ? [] : [heldNs / 1e6]));
}

interface Figures {
  readonly meanMs: number;
  readonly minMs: number;
  readonly medianMs?: number;
  readonly p95Ms?: number;
  readonly maxMs: number;
}

/** What is told less what is true, figure by figure. */
function errorsMs(told: Figures | null, real: readonly number[]): Record<string, number> {
  if (told === null || real.length === 0) return {};
  const { meanMs, minMs, medianMs, p95Ms, maxMs } = told;
  return {
    mean: meanMs - mean(real),
    min: minMs - Math.min(...real),
    ...(medianMs !== undefined && { median: medianMs - quantile(real, 0.5) }),
    ...(p95Ms !== undefined && { p95: p95Ms - quantile(real, 0.95) }),
    max: maxMs - Math.max(...real),
  };
}

// The law by which a NAT chooses ports, from the mappings of fresh ports made one after the other.

import type { Allocation } from './report.ts';

/** One new mapping, in the order in which they were asked for. */
export interface PortSample {
  readonly atMs: number;
  readonly localPort: number;
  readonly mappedPort: number;
  /** It was asked for more than once: its place in the order is not certain. */
  readonly repeated: boolean;
}

/** Below this, chance looks like a law. */
const leastSamples = 6;
/** A preserving NAT gives another port where the local one is taken, and others may have taken some. */
const preservedShare = 0.75;
/** Between two of ours others may have had mappings; with more than these, a NAT that counts looks as if it did not. */
const mostSkipped = 64;
const sequentialShare = 0.75;
/** Random over all ports spreads wider than this with a probability of more than 1 - 10^-6, by 12 samples. */
const widestBlock = 16_384;
const ports = 65_536;

/** Null where there are too few samples. */
export function allocationLaw(samples: readonly PortSample[]): Allocation | null {
  if (samples.length < leastSamples) return null;
  const preserved = samples.filter(({ localPort, mappedPort }) => localPort === mappedPort).length;
  if (preserved >= preservedShare * samples.length) return { kind: 'preserving' };
  return sequential(samples.filter(({ repeated }) => !repeated)) ?? spread(samples);
}

function sequential(samples: readonly PortSample[]): Allocation | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < leastSamples) return null;
  const distances = samples.slice(1).map(({ mappedPort }, i) => mappedPort - samples[i]!.mappedPort);
  for (const sign of [1, -1]) {
    const steps = distances.map((distance) => distance * sign);
    const step = commonStep(steps);
    if (step === null) continue;
    // The wrap from the last port to the first is one long step back; it says nothing of others.
    const counted = steps.filter((each) => follows(each, step));
    const skipped = counted.reduce((sum, each) => sum + each / step - 1, 0);
    const seconds = (last.atMs - first.atMs) / 1000;
    const othersPerSecond = seconds === 0 ? 0 : skipped / seconds;
    return { kind: 'sequential', step: step * sign, lastPort: last.mappedPort, othersPerSecond };
  }
  return null;
}

/** The step of which nearly all distances are small multiples: the largest such, and no larger than the least seen. */
function commonStep(distances: readonly number[]): number | null {
  const least = Math.min(...distances.filter((each) => each > 0));
  if (!Number.isFinite(least)) return null;
  for (let step = least; step > 0; step--) {
    const following = distances.filter((each) => follows(each, step)).length;
    if (following >= sequentialShare * distances.length) return step;
  }
  return null;
}

function follows(distance: number, step: number): boolean {
  return distance > 0 && distance % step === 0 && distance / step <= mostSkipped;
}

function spread(samples: readonly PortSample[]): Allocation {
  const mapped = samples.map(({ mappedPort }) => mappedPort);
  const [lowestPort, highestPort] = [Math.min(...mapped), Math.max(...mapped)];
  // Of n drawn from a range, the outermost lie (n - 1)/(n + 1) of it apart on average.
  const size = Math.ceil(((highestPort - lowestPort + 1) * (mapped.length + 1)) / (mapped.length - 1));
  if (size > widestBlock) return { kind: 'random', lowestPort, highestPort };
  const margin = Math.floor((size - (highestPort - lowestPort + 1)) / 2);
  const firstPort = Math.max(1, Math.min(lowestPort - margin, ports - size));
  return { kind: 'block', firstPort, size };
}

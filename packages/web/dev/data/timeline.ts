// Made-up figures over time: the same for the same second.

import type { OneDirection, Test, Timeline, TimelineSeries } from '@pinhole/contract';

const wave = (atS: number, periodS: number, shift = 0) => Math.sin(((atS + shift) / periodS) * 2 * Math.PI);
/** The same for the same second. */
const noise = (atS: number, salt: number) => {
  let state = (atS * 2_654_435_761 + salt * 40_503) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 2_246_822_519) >>> 0;
  return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
};

export function figuresAt(atS: number, direction: OneDirection, source: number) {
  const back = direction === 'from-target' ? 1 : 0;
  const base = (back ? 47 : 31) + source * 22;
  const storm = Math.max(0, wave(atS, 86_400, 30_000 + back * 9000) - 0.9) * 10;
  return {
    isFailed: noise(Math.floor(atS / 1800), 3 + back + source) > 0.985,
    latency: base + wave(atS, 86_400) * 3 + noise(atS, 1 + back) * 4 + storm * 40,
    bound: 0.3 + noise(atS, 5) * 0.6,
    jitter: 0.8 + noise(atS, 7 + back) * 2 + storm * 6,
    loss: noise(atS, 9 + back) > 0.96 || storm > 0.4 ? Math.round(noise(atS, 11) * 5) * 2 : 0,
    throughput: 80 + noise(atS, 13) * 15 - storm * 60,
  };
}

const ageS = 15 * 86_400;

export function timeline(test: Test, from: number, to: number, points: number, nowS: number): Timeline {
  const interval = test.interval ?? 60;
  const last = Math.floor((nowS - 15) / interval) * interval;
  const first = Math.ceil((nowS - ageS) / interval) * interval;
  const isEmpty = test.testId === '14';
  const bucketS = Math.max(interval, Math.ceil((to - from) / points / interval) * interval);
  const series = (direction: OneDirection): TimelineSeries => {
    const all: TimelineSeries = {
      startS: [],
      results: [],
      failed: [],
      lossMean: [],
      lossMax: [],
      latencyMin: [],
      latencyMean: [],
      latencyMax: [],
      latencyBound: [],
      roundTripMean: [],
      jitterMean: [],
      jitterMax: [],
      throughputMin: [],
      throughputMean: [],
    };
    if (isEmpty) return all;
    for (
      let startS = Math.ceil(Math.max(from, first) / bucketS) * bucketS;
      startS <= Math.min(to, last);
      startS += bucketS
    ) {
      // An outage of the collector.
      if (wave(startS, 600_000) > 0.998) continue;
      const rounds = Array.from({ length: bucketS / interval }, (_, i) => startS + i * interval);
      const figures = rounds.map((atS) => figuresAt(atS, direction, 0));
      const good = figures.filter(({ isFailed }) => !isFailed);
      const mean = (of: 'latency' | 'loss' | 'jitter' | 'bound' | 'throughput') =>
        good.length === 0 ? null : good.reduce((sum, each) => sum + each[of], 0) / good.length;
      const most = (of: 'latency' | 'loss' | 'jitter') =>
        good.length === 0 ? null : Math.max(...good.map((each) => each[of]));
      all.startS.push(startS);
      all.results.push(rounds.length);
      all.failed.push(rounds.length - good.length);
      all.lossMean.push(mean('loss'));
      all.lossMax.push(most('loss'));
      all.latencyMin.push(mean('latency'));
      all.latencyMean.push(mean('latency'));
      all.latencyMax.push(most('latency'));
      all.latencyBound.push(mean('bound'));
      all.roundTripMean.push(good.length === 0 ? null : 78 + wave(startS, 86_400) * 4);
      all.jitterMean.push(mean('jitter'));
      all.jitterMax.push(most('jitter'));
      all.throughputMin.push(mean('throughput'));
      all.throughputMean.push(mean('throughput'));
    }
    return all;
  };
  return {
    testId: test.testId,
    bucketS,
    toTarget: test.direction === 'from-target' ? null : series('to-target'),
    fromTarget: test.direction === 'to-target' ? null : series('from-target'),
    firstRoundId: isEmpty ? null : first,
    lastRoundId: isEmpty ? null : last,
  };
}

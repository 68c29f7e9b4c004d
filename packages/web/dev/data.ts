// Made-up agents, tests, rounds and paths, as a collector would tell of them: to work on the page without one.

import type {
  Agent,
  NetworkResult,
  OneDirection,
  RoundPath,
  Running,
  Test,
  Timeline,
  TimelineSeries,
} from '@pinhole/contract';
import { roundPath } from '../src/path/scene.ts';
import { meshPath } from './mesh.ts';

const created = '2026-11-01T08:00:00Z';
const self = { self: { href: '' } };

const sites: [id: string, name: string, behindNat: boolean, state: Agent['agentState']][] = [
  ['1', 'New York', true, 'online'],
  ['2', 'Cape Town', true, 'online'],
  ['3', 'Singapore', false, 'online'],
  ['4', 'São Paulo', true, 'offline'],
  ['9', 'Frankfurt', true, 'online'],
];

export const agents: Agent[] = sites.map(([agentId, agentName, behindNat, agentState]) => ({
  agentId,
  agentName,
  agentType: 'enterprise',
  enabled: true,
  ipAddresses: [`10.${agentId}.0.2`],
  publicIpAddresses: [`203.0.113.${agentId}`],
  agentState,
  hostname: agentName.toLowerCase(),
  createdDate: created,
  lastSeen: '2026-11-22T20:00:00Z',
  interfaceIpMapping: [{ interfaceName: 'eth0', ipAddresses: [`10.${agentId}.0.2`] }],
  errorDetails: [],
  accountGroups: [],
  behindNat,
  natTraversal: { status: behindNat ? 'supported' : 'off' },
  testPort: 49153,
  agentVersion: '0.1.0',
  limitations: [],
  tests: [],
  _links: self,
}));

const simple = (id: string) => {
  const { agentId, agentName, enabled, ipAddresses, publicIpAddresses } = agents.find(
    (each) => each.agentId === id,
  )!;
  return { agentId, agentName, agentType: 'enterprise' as const, enabled, ipAddresses, publicIpAddresses };
};

function made(testId: string, testName: string, sources: string[], more: Partial<Test> = {}): Test {
  return {
    testId,
    testName,
    type: 'agent-to-agent',
    createdDate: created,
    modifiedDate: created,
    enabled: true,
    interval: 60,
    alertsEnabled: false,
    savedEvent: false,
    liveShare: false,
    direction: 'bidirectional',
    protocol: 'udp',
    targetAgentId: '9',
    port: 49153,
    dscp: 'EF (DSCP 46)',
    dscpId: '46',
    numPathTraces: 3,
    pathTraceMode: 'classic',
    randomizedStartTime: false,
    throughputMeasurements: false,
    agents: sources.map(simple),
    _links: { ...self, testResults: [] },
    ...more,
  } as Test;
}

export const tests: Test[] = [
  made('11', 'New York – Frankfurt, voice', ['1']),
  made('12', 'All sites – Frankfurt', ['1', '2', '3', '4'], {
    protocol: 'tcp',
    throughputMeasurements: true,
  }),
  made('13', 'A mesh of 700 hops', ['1', '2']),
  made('14', 'Just made', ['2']),
  made('15', 'One way only', ['3'], { direction: 'to-target', interval: 300 }),
];

const wave = (atS: number, periodS: number, shift = 0) => Math.sin(((atS + shift) / periodS) * 2 * Math.PI);
/** The same for the same second. */
const noise = (atS: number, salt: number) => {
  let state = (atS * 2_654_435_761 + salt * 40_503) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 2_246_822_519) >>> 0;
  return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
};

function figuresAt(atS: number, direction: OneDirection, source: number) {
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

const mesh = meshPath();

export function path(test: Test, roundId: number): RoundPath | null {
  if (test.testId === '13') return { ...mesh, testId: test.testId, roundId };
  if (test.testId === '15') return null;
  const sources = (test.agents ?? []).map(({ agentId }) => agentId).filter((id) => id !== '4');
  const traces = sources.flatMap((source, i) => [
    {
      direction: 'to-target' as const,
      source,
      hops: [
        `10.${source}.0.1`,
        `203.0.113.${source}`,
        '198.51.100.9',
        '192.0.2.5',
        '198.51.100.30',
        '203.0.113.77',
        '172.16.0.1',
      ],
    },
    {
      direction: 'to-target' as const,
      source,
      hops: [
        `10.${source}.0.1`,
        `203.0.113.${source}`,
        '198.51.100.10',
        '192.0.2.4',
        '*',
        '203.0.113.77',
        '172.16.0.1',
      ],
    },
    {
      direction: 'to-target' as const,
      source,
      hops: [`10.${source}.0.1`, `203.0.113.${source}`, '198.51.100.9', '192.0.2.4', '198.51.100.30'],
      ...(i === 0 ? { end: 'silent' as const } : {}),
    },
    {
      direction: 'from-target' as const,
      source,
      hops: [
        '172.16.0.1',
        '203.0.113.78',
        '198.51.100.41',
        '*',
        '198.51.100.21',
        '2001:db8:aaaa:bbbb::12',
        `203.0.113.${source}`,
        `10.${source}.0.1`,
      ],
    },
    {
      direction: 'from-target' as const,
      source,
      hops: [
        '172.16.0.1',
        '203.0.113.78',
        '198.51.100.42',
        '192.0.2.9',
        '198.51.100.22',
        '2001:db8:aaaa:bbbb::12',
        `203.0.113.${source}`,
        `10.${source}.0.1`,
      ],
    },
  ]);
  const facts = (network: string, asn: number, name: string, location: string) => ({
    network: `${network} (AS ${asn})`,
    asn,
    name,
    location,
    countryId: 'US',
  });
  const made = roundPath(traces, {
    '198.51.100.9': facts('Atlantic Transit', 64496, 'ae1.nyc.atlantic.example', 'New York, United States'),
    '198.51.100.10': facts('Atlantic Transit', 64496, 'ae2.nyc.atlantic.example', 'New York, United States'),
    '192.0.2.5': facts('Atlantic Transit', 64496, 'xe0.lon.atlantic.example', 'London, United Kingdom'),
    '192.0.2.4': {
      ...facts('Atlantic Transit', 64496, 'xe1.lon.atlantic.example', 'London, United Kingdom'),
      lossPercent: 33,
      answered: 2,
      mpls: [[{ label: 24001, trafficClass: 0, bottom: true, ttl: 1 }]],
    },
    '198.51.100.30': facts('Main Exchange', 64499, 'ams.ix.example', 'Amsterdam, Netherlands'),
    '203.0.113.77': facts('Rhein Fiber', 64500, 'cust77.rhein.example', 'Frankfurt, Germany'),
    '203.0.113.78': facts('Rhein Fiber', 64500, 'cust78.rhein.example', 'Frankfurt, Germany'),
    '10.1.0.1': { nat: ['private-prefix-ends'] },
    '172.16.0.1': { nat: ['peer-address'] },
  });
  const step = (to: string) => (to === '192.0.2.9' ? 118 : to.startsWith('192.0.2') ? 31 : 2.4);
  return {
    ...made,
    testId: test.testId,
    roundId,
    agents: made.agents.map((agent) => {
      const known = agents.find(({ agentId }) => agentId === agent.agentId);
      return { ...agent, agentName: known?.agentName ?? null, behindNat: known?.behindNat ?? false };
    }),
    nodes: made.nodes.map((node) => ({
      ...node,
      roundTrips:
        node.kind === 'hop'
          ? [{ fromAgentId: sources[0]!, leastMs: 4 + (node.columns['to-target'] ?? 3) * 9, medianMs: 50 }]
          : [],
    })),
    links: made.links.map((link) => ({
      ...link,
      delayMs: link.to.startsWith('silent') ? null : step(link.to),
    })),
    traces: made.traces.map((trace) => ({
      ...trace,
      text: [
        `traceroute to 203.0.113.9:49153 from 10.${trace.sourceAgentId}.0.2:49153, udp, classic`,
        ...trace.nodeIds
          .slice(1)
          .map(
            (id, i) =>
              `${String(i + 1).padStart(2)}  ${id.startsWith('silent') ? '* * *' : `${id}  ${(4 + i * 9).toFixed(3)} ms`}`,
          ),
        '',
      ].join('\n'),
    })),
    limitations: test.protocol === 'tcp' ? ['Singapore: in-session traces over TCP need CAP_NET_RAW.'] : [],
  };
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

// Made-up paths of a round.

import type { RoundPath, Test } from '@pinhole/contract';
import { roundPath } from '../../src/path/scene.ts';
import { meshPath } from '../mesh.ts';
import { agents } from './cast.ts';

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

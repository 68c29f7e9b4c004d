// Made-up agents and tests.

import type { Agent, Test } from '@pinhole/contract';

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

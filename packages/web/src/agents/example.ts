// Agents for the tests of this folder and its neighbours.

import type { Agent } from '@pinhole/contract';

/** Online, not behind a NAT, unless `parts` says otherwise. */
export function exampleAgent(parts: Partial<Agent> = {}): Agent {
  return {
    agentId: '1',
    agentName: 'Frankfurt',
    agentType: 'enterprise',
    enabled: true,
    ipAddresses: ['192.0.2.10'],
    publicIpAddresses: ['192.0.2.10'],
    agentState: 'online',
    hostname: 'fra-1',
    createdDate: '2026-11-01T00:00:00Z',
    lastSeen: '2026-11-22T12:00:00Z',
    interfaceIpMapping: [{ interfaceName: 'eth0', ipAddresses: ['192.0.2.10'] }],
    errorDetails: [],
    behindNat: false,
    natTraversal: { status: 'off' },
    testPort: 49153,
    agentVersion: '0.1.0',
    limitations: [],
    accountGroups: [],
    _links: { self: { href: '/v7/agents/1' } },
    ...parts,
  };
}

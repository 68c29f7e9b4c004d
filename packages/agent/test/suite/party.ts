// One agent of a session under test: its port and its rounds, without collector and server.

import { type Assignment, type RoundResult, roundResultSchema } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { Endpoint, IpAddress } from '@pinhole/wire';
import { pino } from 'pino';
import { AgentPort } from '../../src/port.ts';
import { RoundRunner } from '../../src/rounds/runner.ts';

export interface Party {
  readonly endpoint: Endpoint;
  readonly port: AgentPort;
  readonly runner: RoundRunner;
  readonly results: RoundResult[];
  assignments: Assignment[];
}

export async function openParty(net: Net, address: IpAddress, agentId: string): Promise<Party> {
  const results: RoundResult[] = [];
  const handler = {
    takeRendezvous: () => false,
    beginSession: (check: Parameters<RoundRunner['begin']>[0]) => party.runner.begin(check),
  };
  // A port of its own, free at this moment: the agent's is fixed, so it cannot ask for any.
  const probe = await net.udp.open({ local: { address, port: 0 } }, { onDatagrams: () => undefined });
  const { port: number } = probe.local;
  probe.close();
  const port = await AgentPort.open(net, number, handler);
  const party: Party = {
    endpoint: { address, port: number },
    port,
    results,
    assignments: [],
    runner: new RoundRunner({
      net,
      log: pino({ level: 'silent' }),
      port: () => port,
      registration: () => {
        throw new Error('a direct session needs no registration');
      },
      ownAgentId: () => agentId,
      assignments: () => party.assignments,
      refreshConfig: () => Promise.resolve(),
      onResults: (each) => results.push(...each.map((result) => roundResultSchema.parse(result))),
    }),
  };
  return party;
}

export const sourceId = '11';
export const targetId = '22';

/** The two halves of one test's assignment, as the collector would give them. */
export function assign(source: Party, target: Party, change: Partial<Assignment> = {}): void {
  const common = {
    testId: '7',
    testName: 'test',
    protocol: 'udp',
    direction: 'bidirectional',
    schedule: { kind: 'once', roundIds: [] },
    dscp: 0,
    payloadBytes: null,
    packetRate: null,
    pairKey: Buffer.alloc(32, 7).toString('base64'),
    ticket: null,
    ...change,
  } satisfies Partial<Assignment>;
  const peer = (agentId: string, endpoint: Endpoint | null) => ({
    agentId,
    agentName: agentId,
    behindNat: false,
    endpoint,
  });
  source.assignments = [{ ...common, role: 'source', peer: peer(targetId, target.endpoint) }];
  target.assignments = [{ ...common, role: 'target', peer: peer(sourceId, source.endpoint) }];
}

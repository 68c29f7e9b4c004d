// One agent of a session under test: its port and its rounds, without collector and server.

import { type Assignment, type RoundPhase, type RoundResult, roundResultSchema } from '@pinhole/contract';
import type { Net } from '@pinhole/net';
import type { Endpoint, IpAddress, Transport } from '@pinhole/wire';
import { pino } from 'pino';
import type { AgentPort, PortHandler } from '../../src/port/port.ts';
import { TcpPort } from '../../src/port/tcp.ts';
import { UdpPort } from '../../src/port/udp.ts';
import { RoundRunner } from '../../src/rounds/runner.ts';
import { RoundThroughputs } from '../../src/throughput/throughputs.ts';

export interface Party {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly port: AgentPort;
  readonly runner: RoundRunner;
  readonly results: RoundResult[];
  /** Of its rounds as a source. */
  readonly phases: [roundId: number, RoundPhase][];
  assignments: Assignment[];
}

/** Each party a port of its own, below what the system gives out: over TCP two could share one without an error. */
let nextPort = 20_000 + ((process.pid * 37) % 10_000);

export async function openParty(
  transport: Transport,
  net: Net,
  address: IpAddress,
  agentId: string,
): Promise<Party> {
  const results: RoundResult[] = [];
  const phases: Party['phases'] = [];
  const handler: PortHandler = {
    takeRendezvous: () => false,
    beginSession: (check, from) => party.runner.begin(check, from),
  };
  const number = nextPort++;
  const port = await (transport === 'udp' ? UdpPort : TcpPort).open(net, number, handler);
  const log = pino({ level: 'silent' });
  const throughputs = new RoundThroughputs({ net, log, port: () => port });
  const party: Party = {
    transport,
    endpoint: { address, port: number },
    port,
    results,
    phases,
    assignments: [],
    runner: new RoundRunner({
      net,
      log,
      port: () => port,
      registration: () => {
        throw new Error('a direct session needs no registration');
      },
      ownSide: () => Promise.resolve({ profile: null, mapped: null }),
      ownAgentId: () => agentId,
      assignments: () => party.assignments,
      refreshConfig: () => Promise.resolve(),
      trace: () => Promise.resolve(),
      onPhase: (_assignment, roundId, phase) => phases.push([roundId, phase]),
      measureThroughput: (session, assignment, onReceived) =>
        throughputs.measure(session, assignment, onReceived),
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
    protocol: source.transport,
    direction: 'bidirectional',
    schedule: { kind: 'once', roundIds: [] },
    dscp: 0,
    payloadBytes: null,
    packetRate: null,
    path: { mode: 'in-session', traces: 1 },
    throughput: null,
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

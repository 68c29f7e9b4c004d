// Two agents' ports and their sessions on the simulator, for tests.

import assert from 'node:assert/strict';
import type { Net, UdpSocket } from '@pinhole/net';
import { createSimulation, type NatBehaviour, type SimHost, type Simulation } from '@pinhole/net/sim';
import {
  decodeStun,
  type Endpoint,
  encodeStun,
  endpoint,
  type SessionRole,
  sessionIdBytes,
  stunMethods,
  type Transport,
} from '@pinhole/wire';
import { plan } from '../../test/samples.ts';
import { Session } from '../session/session.ts';
import type { SessionOutcome } from '../session/state.ts';
import type { AgentPort, Way } from './port.ts';
import { TcpPort } from './tcp.ts';
import { UdpPort } from './udp.ts';

export const testPort = 49_153;
export const stun = endpoint('203.0.113.10', 9119);
export const outside = { source: '198.51.100.1', target: '198.51.101.1' };
const pairKey = new Uint8Array(32).fill(7);
export interface Running {
  readonly session: Session;
  readonly outcome: Promise<SessionOutcome>;
  /** The port has let go of it. */
  readonly gone: Promise<void>;
  exhausted: number;
}

export interface Side {
  readonly role: SessionRole;
  readonly host: SimHost;
  readonly port: AgentPort;
  readonly running: Running[];
}

/** What left a host over UDP. */
export interface Sent {
  readonly atMs: number;
  readonly from: number;
  readonly to: Endpoint;
  readonly data: Uint8Array;
}

/** What a host does over UDP. */
export interface Traffic {
  readonly open: Set<UdpSocket>;
  readonly sent: Sent[];
}

export interface World {
  readonly simulation: Simulation;
  readonly source: Side;
  readonly target: Side;
  readonly udp: Record<SessionRole, Traffic>;
}

/** Two agents behind NATs of their own, each with a router behind it, 20 ms apart, and a STUN server between them. */
export async function twoAgents(
  behaviour: { source: Partial<NatBehaviour>; target: Partial<NatBehaviour> },
  seed = 1,
  transport: Transport = 'tcp',
): Promise<World> {
  const simulation = createSimulation({ seed });
  const internet = simulation.network('internet');
  const server = simulation.host({ name: 'server', network: internet, addresses: [stun.address] });
  await answerBinding(server);
  const traffic = { source: newTraffic(), target: newTraffic() };
  const open = async (role: SessionRole): Promise<Side> => {
    const [network, access] = [simulation.network(role), simulation.network(`${role}-access`)];
    const link = { outgoing: { delayMs: 10 }, incoming: { delayMs: 10 } };
    simulation.nat({
      inside: network,
      insideAddress: '10.0.0.1',
      outside: access,
      outsideAddresses: [outside[role]],
      outsideLink: link,
      behaviour: behaviour[role],
    });
    const router = outside[role].replace(/1$/, '254');
    simulation.router({
      legs: [
        { network: access, address: router },
        { network: internet, address: router },
      ],
    });
    const made = simulation.host({ name: role, network, addresses: ['10.0.0.2'] });
    const host = { ...made, net: watched(made.net, traffic[role]) };
    const opener = transport === 'tcp' ? TcpPort : UdpPort;
    const port = await opener.open(host.net, testPort, {
      takeRendezvous: () => false,
      beginSession: ({ sessionId }) => startSession(side, sessionId, false).session,
    });
    const side: Side = { role, host, running: [], port };
    return side;
  };
  return { simulation, source: await open('source'), target: await open('target'), udp: traffic };
}

function newTraffic(): Traffic {
  return { open: new Set(), sent: [] };
}

/** `net`, whose UDP sockets are counted, and what they send is written down. */
function watched(net: Net, { open, sent }: Traffic): Net {
  return {
    ...net,
    udp: {
      features: net.udp.features,
      open: async (options, handler) => {
        const made = await net.udp.open(options, handler);
        const socket: UdpSocket = {
          local: made.local,
          send: (request) => {
            const { data, to } = request;
            sent.push({ atMs: net.clock.monotonicNs() / 1e6, from: made.local.port, to, data });
            return made.send(request);
          },
          sendBatch: (requests) => requests.map((each) => socket.send(each)),
          close: () => {
            open.delete(socket);
            made.close();
          },
        };
        open.add(socket);
        return socket;
      },
    },
  };
}

async function answerBinding({ net }: SimHost): Promise<void> {
  const answer = (request: Uint8Array, from: Endpoint) => {
    const decoded = decodeStun(request);
    assert.ok(decoded.ok && decoded.value.message.method === stunMethods.binding);
    const { transactionId, method } = decoded.value.message;
    const attributes = [{ type: 'xor-mapped-address', endpoint: from }] as const;
    return encodeStun({ class: 'success', method, transactionId, attributes });
  };
  await net.tcp.listen({ local: stun }, (connection) =>
    connection.start({
      onData: (data) => connection.write(answer(data, connection.remote)),
      onClose: () => undefined,
    }),
  );
  const socket = await net.udp.open(
    { local: stun },
    {
      onDatagrams: (batch) => {
        for (const { data, from } of batch) socket.send({ data: answer(data, from), to: from });
      },
    },
  );
}

/** `isKnown`: to the port, before the peer's first check. */
export function startSession(
  side: Side,
  sessionId: Uint8Array,
  isKnown: boolean,
  on: { onConnected?: () => void; onFinished?: (outcome: SessionOutcome) => void; isAlone?: boolean } = {},
): Running {
  const { port, role, running } = side;
  const nowMs = port.clock.monotonicNs() / 1e6;
  const finished = Promise.withResolvers<SessionOutcome>();
  const over = Promise.withResolvers<void>();
  const session = new Session({
    port,
    sessionId,
    pairKey,
    setup: {
      role,
      plan: role === 'source' ? plan : null,
      punch: {
        candidates: [],
        startAtMs: nowMs,
        deadlineMs: nowMs + 9_000,
        byConnection: port instanceof TcpPort,
      },
      check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
      isAlone: on.isAlone ?? false,
    },
    onConnected: () => on.onConnected?.(),
    onFinished: (outcome) => {
      finished.resolve(outcome);
      on.onFinished?.(outcome);
    },
    onGone: () => {
      port.release(session);
      over.resolve();
    },
  });
  const result: Running = { session, outcome: finished.promise, gone: over.promise, exhausted: 0 };
  running.push(result);
  if (isKnown) {
    port.sessions.add(session);
    session.start();
  }
  return result;
}

export function reach(side: Side, running: Running, way: Partial<Way>, inMs = 0): void {
  side.port.reach(running.session, {
    candidates: [],
    startAtMs: side.port.clock.monotonicNs() / 1e6 + inMs,
    openerTtl: null,
    search: null,
    onExhausted: () => {
      running.exhausted += 1;
    },
    ...way,
  });
}

let sessions = 0;
export function newSessionId(): Uint8Array {
  const id = Buffer.alloc(sessionIdBytes);
  id.writeUInt32BE(++sessions);
  return id;
}

/** One session, known at both ends. */
export function bothStart({ source, target }: World): { atSource: Running; atTarget: Running } {
  const sessionId = newSessionId();
  return { atSource: startSession(source, sessionId, true), atTarget: startSession(target, sessionId, true) };
}

export function assertMeasured(
  outcome: SessionOutcome,
): asserts outcome is SessionOutcome & { kind: 'measured' } {
  assert.equal(outcome.kind, 'measured', JSON.stringify(outcome));
}

// Two agents' ports and their sessions on the simulator, for tests.

import assert from 'node:assert/strict';
import { createSimulation, type NatBehaviour, type SimHost, type Simulation } from '@pinhole/net/sim';
import {
  decodeStun,
  encodeStun,
  endpoint,
  type SessionPlan,
  type SessionRole,
  sessionIdBytes,
  stunMethods,
} from '@pinhole/wire';
import { Session } from '../session/session.ts';
import type { SessionOutcome } from '../session/state.ts';
import type { Way } from './port.ts';
import { TcpPort } from './tcp.ts';

export const testPort = 49_153;
export const stun = endpoint('203.0.113.10', 9119);
export const outside = { source: '198.51.100.1', target: '198.51.100.2' };
const pairKey = new Uint8Array(32).fill(7);
const plan: SessionPlan = {
  probeCount: 10,
  gapUs: 20_000,
  payloadBytes: 0,
  dscp: 0,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 1000,
};

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
  readonly port: TcpPort;
  readonly running: Running[];
}

export interface World {
  readonly simulation: Simulation;
  readonly source: Side;
  readonly target: Side;
}

/** Two agents behind NATs of their own, 20 ms apart, and a STUN server between them. */
export async function twoAgents(
  behaviour: { source: Partial<NatBehaviour>; target: Partial<NatBehaviour> },
  seed = 1,
): Promise<World> {
  const simulation = createSimulation({ seed });
  const internet = simulation.network('internet');
  const server = simulation.host({ name: 'server', network: internet, addresses: [stun.address] });
  await listenForBinding(server);
  const open = async (role: SessionRole): Promise<Side> => {
    const network = simulation.network(role);
    const link = { outgoing: { delayMs: 10 }, incoming: { delayMs: 10 } };
    simulation.nat({
      inside: network,
      insideAddress: '10.0.0.1',
      outside: internet,
      outsideAddresses: [outside[role]],
      outsideLink: link,
      behaviour: behaviour[role],
    });
    const host = simulation.host({ name: role, network, addresses: ['10.0.0.2'] });
    const side: Side = {
      role,
      host,
      running: [],
      port: await TcpPort.open(host.net, testPort, {
        takeRendezvous: () => false,
        beginSession: ({ sessionId }) => startSession(side, sessionId, false).session,
      }),
    };
    return side;
  };
  return { simulation, source: await open('source'), target: await open('target') };
}

async function listenForBinding({ net }: SimHost): Promise<void> {
  await net.tcp.listen({ local: stun }, (connection) =>
    connection.start({
      onData: (data) => {
        const decoded = decodeStun(data);
        assert.ok(decoded.ok && decoded.value.message.method === stunMethods.binding);
        const { transactionId, method } = decoded.value.message;
        const attributes = [{ type: 'xor-mapped-address', endpoint: connection.remote }] as const;
        connection.write(encodeStun({ class: 'success', method, transactionId, attributes }));
      },
      onClose: () => undefined,
    }),
  );
}

/** `isKnown`: to the port, before the peer's first check. */
export function startSession(side: Side, sessionId: Uint8Array, isKnown: boolean): Running {
  const { port, role, running } = side;
  const nowMs = port.clock.monotonicNs() / 1e6;
  const started = Promise.withResolvers<SessionOutcome>();
  const over = Promise.withResolvers<void>();
  const session = new Session({
    port,
    sessionId,
    pairKey,
    setup: {
      role,
      plan: role === 'source' ? plan : null,
      punch: { candidates: [], startAtMs: nowMs, deadlineMs: nowMs + 9_000 },
      check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
    },
    onFinished: started.resolve,
    onGone: () => {
      port.release(session);
      over.resolve();
    },
  });
  const result: Running = { session, outcome: started.promise, gone: over.promise, exhausted: 0 };
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
  return new Uint8Array(sessionIdBytes).fill(++sessions);
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

// How two agents behind kinds of NAT come together, in virtual time: their ports, sessions and NATs, and what the NAT
// traversal server would tell them, without its messages, and without what is measured afterwards.

import {
  type AgentPort,
  Approach,
  askMapped,
  type NotMet,
  ownSide,
  Session,
  type SessionOutcome,
  type Start,
  TcpPort,
  UdpPort,
  wayOf,
} from '@pinhole/agent/parts';
import { errorSentence, type Protocol } from '@pinhole/contract';
import { pairingOf, type SidePlan, unknownProfile } from '@pinhole/nat';
import type { Net } from '@pinhole/net';
import type { NatBehaviour } from '@pinhole/net/sim';
import {
  decodeStun,
  type Endpoint,
  encodeStun,
  ip,
  type NatProfile,
  type SessionPlan,
  sessionIdBytes,
} from '@pinhole/wire';
import { newWorld, outsideAddresses, serverAddresses, testPort } from './sim-kinds.ts';

type Role = keyof typeof outsideAddresses;

/** One side's NATs, from the host outwards, and what its compatibility check has found. */
export interface SimSide {
  readonly nats: readonly NatBehaviour[];
  readonly profile: NatProfile;
}

export interface SimPair {
  readonly source: SimSide;
  readonly target: SimSide;
  readonly protocol: Protocol;
  readonly seed: number;
  /** On each site's link, each way. @default 0 */
  readonly lossRate?: number;
}

const pairKey = new Uint8Array(32).fill(7);
const plan: SessionPlan = {
  probeCount: 1,
  gapUs: 1000,
  payloadBytes: 0,
  dscp: 0,
  toTarget: true,
  fromTarget: true,
  lossThresholdMs: 1000,
};
const roundMs = 9_700;
const sessionMs = { source: 8_000, target: 12_000 } as const;
/** The server's lead. */
const startLeadMs = 20;
/**
 * How far apart the two may begin. NATs that both answer SYNs open only to SYNs that cross, so less than one way; the
 * server knows the ways by their shortest round trips.
 */
const mostSkewMs = 10;
/** Where packets are lost. */
const mostAsked = 10;
const limitMs = 30_000;
const stun: Endpoint = { address: serverAddresses[0]!, port: 9119 };

interface Side {
  readonly net: Net;
  readonly protocol: Protocol;
  readonly port: AgentPort;
  /** Null where the server cannot be reached. */
  readonly registered: Endpoint | null;
  /** The target's, from its first Start on. */
  session: Session | null;
}

export interface SimOutcome {
  /** The method by which they came together, or the error's sentence. */
  readonly words: string;
  /** In virtual time, since before the agents registered. */
  readonly endedAtMs: number;
}

export async function outcomeOf(pair: SimPair): Promise<SimOutcome> {
  const { simulation, server, siteOf, oneWayMs } = newWorld(pair.seed, pair.lossRate);
  const skewMs = () => server.net.random.below(Math.min(mostSkewMs, oneWayMs));
  const program = async () => {
    await answerBinding(server.net, pair.protocol);
    const [source, target] = await Promise.all([
      openSide(siteOf('source', pair.source.nats).net, pair, 'source'),
      openSide(siteOf('target', pair.target.nats).net, pair, 'target'),
    ]);
    const words = await round(pair, source, target, skewMs);
    return { words, endedAtMs: simulation.nowMs };
  };
  return simulation.runUntil(program(), limitMs);
}

async function openSide(net: Net, { protocol, lossRate = 0 }: SimPair, role: Role): Promise<Side> {
  const local = { address: ip('0.0.0.0'), port: testPort };
  const question = { transport: protocol, local, reusePort: true, server: stun, timeoutMs: 1_500 };
  let asked = await askMapped(net, question);
  // An agent asks until it is registered.
  for (let tries = 1; asked === null && lossRate > 0 && tries < mostAsked; tries++) {
    asked = await askMapped(net, question);
  }
  // Over TCP the connection is the registration; over UDP the port's own socket follows.
  if (protocol === 'udp') asked?.close();
  const opener = protocol === 'udp' ? UdpPort : TcpPort;
  const port = await opener.open(net, testPort, {
    takeRendezvous: () => false,
    // A target that is reached plainly begins with the first check.
    beginSession: ({ sessionId }) => newSession(side, role, sessionId),
  });
  const side: Side = { net, protocol, port, registered: asked?.mapped ?? null, session: null };
  return side;
}

async function round(pair: SimPair, source: Side, target: Side, skewMs: () => number): Promise<string> {
  const sessionId = source.net.random.bytes(sessionIdBytes);
  const connected = Promise.withResolvers<string>();
  let method: string = 'direct';
  const approach = new Approach({
    clock: source.net.clock,
    port: source.port,
    peerAgentId: '22',
    connectedByMs: source.net.clock.monotonicNs() / 1e6 + roundMs,
    begin: ({ onConnected, onFinished }) => {
      const toldConnected = () => {
        onConnected();
        connected.resolve(method);
      };
      const session = newSession(source, 'source', sessionId, toldConnected, onFinished);
      source.port.sessions.add(session);
      session.start();
      return session;
    },
    meet: async (attempt) => {
      const start = await meet(pair, source, target, sessionId, attempt, skewMs);
      if (!('failure' in start)) method = start.method;
      return start;
    },
  });
  const reached = pair.target.nats.length === 0 ? approach.plainly(publicly('target')) : approach.behindNat();
  const failed = reached.then((found) => {
    if ('failure' in found) return errorSentence(found.failure.errorCode, found.failure.party);
    const isDirect = found.method === 'direct';
    return errorSentence(
      isDirect ? 'agent-unreachable' : 'connection-failed',
      isDirect ? 'target' : found.atFault,
    );
  });
  return Promise.race([connected.promise, failed]);
}

/** What the server does at a meeting, without its messages: both sides tell of themselves, both are told to start. */
async function meet(
  pair: SimPair,
  source: Side,
  target: Side,
  sessionId: Uint8Array,
  attempt: number,
  skewMs: () => number,
): Promise<Start | NotMet> {
  if (source.registered === null) return notRegistered('source');
  if (target.registered === null) return notRegistered('target');
  const { protocol } = pair;
  const ownOf = ({ net, port }: Side, { profile }: SimSide) =>
    ownSide(
      { net, port: () => port, profile: () => profile, server: () => stun },
      protocol,
      sessionId,
      attempt > 1,
    );
  const ofSource = await ownOf(source, pair.source);
  const ofTarget = await ownOf(target, pair.target);
  const [sourceAt, targetAt] = [ofSource.mapped ?? source.registered, ofTarget.mapped ?? target.registered];
  const pairing = pairingOf(
    { profile: ofSource.profile ?? unknownProfile, port: sourceAt.port },
    { profile: ofTarget.profile ?? unknownProfile, port: targetAt.port },
    protocol,
  );
  const start = (peer: Endpoint, { delayMs, openerTtl, search }: SidePlan): Start => ({
    kind: 'start',
    sessionId,
    peers: [peer],
    startInMs: startLeadMs + delayMs + skewMs(),
    method: pairing.method,
    atFault: pairing.atFault,
    openerTtl,
    search,
  });
  const { clock } = target.net;
  if (target.session === null) {
    target.session = newSession(target, 'target', sessionId);
    target.port.sessions.add(target.session);
    target.session.start();
  }
  target.port.reach(target.session, wayOf(start(sourceAt, pairing.target), clock.monotonicNs() / 1e6));
  return start(targetAt, pairing.source);
}

function notRegistered(party: Role): NotMet {
  return { failure: { errorCode: 'nat-negotiation-failed', party }, evidence: '' };
}

function newSession(
  { port, protocol }: Side,
  role: Role,
  sessionId: Uint8Array,
  onConnected: () => void = () => undefined,
  onFinished: (outcome: SessionOutcome) => void = () => undefined,
): Session {
  const nowMs = port.clock.monotonicNs() / 1e6;
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
        deadlineMs: nowMs + sessionMs[role],
        byConnection: protocol === 'tcp',
      },
      check: { kind: 'check', testId: '7', sourceAgentId: '11', roundId: 60 },
    },
    onConnected,
    onFinished,
    onGone: () => port.release(session),
  });
  return session;
}

function publicly(role: Role): Endpoint {
  return { address: ip(outsideAddresses[role]), port: testPort };
}

async function answerBinding({ udp, tcp }: Net, protocol: Protocol): Promise<void> {
  const answer = (request: Uint8Array, mapped: Endpoint) => {
    const decoded = decodeStun(request);
    if (!decoded.ok) throw new Error(decoded.reason);
    const { method, transactionId } = decoded.value.message;
    const attributes = [{ type: 'xor-mapped-address', endpoint: mapped }] as const;
    return encodeStun({ class: 'success', method, transactionId, attributes });
  };
  if (protocol === 'tcp') {
    await tcp.listen({ local: stun }, (connection) =>
      connection.start({
        onData: (data) => connection.write(answer(data, connection.remote)),
        onClose: () => undefined,
      }),
    );
    return;
  }
  const socket = await udp.open(
    { local: stun },
    {
      onDatagrams: (batch) => {
        for (const { data, from } of batch) socket.send({ data: answer(data, from), to: from });
      },
    },
  );
}

// What an agent is told to do. Pure: the same facts give the same configuration, down to the credentials, so that a
// digest of it tells whether anything changed.

import { createHash, createHmac } from 'node:crypto';
import type { AgentConfig, Assignment, Schedule, TraversalAccess } from '@pinhole/contract';
import { encodeTicket, traversalCredential } from '@pinhole/wire';
import type { AgentRecord } from '../store/agents.ts';
import type { TestRecord, TestSettings } from '../store/tests.ts';
import { endpointSeenFrom } from './reach.ts';
import { offsetMs } from './schedule.ts';

/** Where the NAT traversal servers are; without any, agents behind a NAT can only be reached directly. */
export interface TraversalPlacement {
  readonly servers: readonly {
    /** Null stands for the host in the collector's URL. */
    readonly host: string | null;
    readonly ports: readonly number[];
  }[];
}

export interface ConfigurationInput {
  readonly agent: AgentRecord;
  /** Tests that the agent is in. */
  readonly tests: readonly TestRecord[];
  /** All agents of these tests, by id. */
  readonly agents: ReadonlyMap<string, AgentRecord>;
  /** The rounds that a pair still has to run of an instant test. */
  readonly openRounds: (test: TestRecord, sourceAgentId: string) => readonly number[];
  /** Until when somebody looks at a test; null where nobody does. */
  readonly watchedUntilMs: (testId: string) => number | null;
  readonly placement: TraversalPlacement;
  readonly traversalSecret: Uint8Array;
  readonly pairSecret: string;
  readonly nowMs: number;
}

/** AgentConfig.assignments' bound. */
const maxAssignments = 10_000;

/** A collector's outage of a day stops nothing: what an agent holds is valid for 36 h at least when it gets it. */
const credentialLifetimeMs = 48 * 3_600_000;
/** Credentials are the same for all of an epoch, so that they change a configuration twice a day only. */
const credentialEpochMs = 12 * 3_600_000;

export function buildConfiguration(input: ConfigurationInput): AgentConfig {
  const { agent } = input;
  const expiresAtMs = credentialExpiryMs(input.nowMs);
  const pairs = input.tests.filter((test) => test.enabled).flatMap((test) => pairsOf(test, input));
  const assignments = pairs
    .map((pair) => assignment(pair, input, expiresAtMs))
    .filter((entry) => entry !== null)
    .slice(0, maxAssignments);
  const needsTraversal =
    agent.behindNat || assignments.some(({ role, peer }) => role === 'source' && peer.behindNat);
  return {
    agentId: agent.agentId,
    agentName: agent.agentName,
    enabled: agent.enabled,
    behindNat: agent.behindNat,
    ...(agent.behindNatSinceMs === null ? {} : { behindNatSinceMs: agent.behindNatSinceMs }),
    traversal: needsTraversal ? traversalAccess(input, expiresAtMs) : null,
    assignments,
    ...watchedOf(assignments, input.watchedUntilMs),
  };
}

/** Of what the agent is the source in: it alone tells how far a round is. */
function watchedOf(
  assignments: readonly Assignment[],
  untilMsOf: ConfigurationInput['watchedUntilMs'],
): Pick<AgentConfig, 'watched'> {
  const testIds = new Set(assignments.filter(({ role }) => role === 'source').map(({ testId }) => testId));
  const watched = [...testIds].flatMap((testId) => {
    const untilMs = untilMsOf(testId);
    return untilMs === null ? [] : [{ testId, untilMs }];
  });
  return watched.length === 0 ? {} : { watched };
}

/** Names a configuration by its content. */
export function configurationDigest(config: AgentConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('base64url');
}

export function credentialExpiryMs(nowMs: number): number {
  return nowMs - (nowMs % credentialEpochMs) + credentialLifetimeMs;
}

interface Pair {
  readonly test: TestRecord;
  readonly source: AgentRecord;
  readonly target: AgentRecord;
}

/** The pairs of a test that the agent is one end of; none where an end is gone or disabled. */
function pairsOf(test: TestRecord, { agent, agents }: ConfigurationInput): Pair[] {
  const target = agents.get(test.targetAgentId);
  if (target?.enabled !== true) return [];
  return test.sourceAgentIds
    .filter((sourceId) => sourceId === agent.agentId || target.agentId === agent.agentId)
    .map((sourceId) => agents.get(sourceId))
    .filter((source) => source?.enabled === true)
    .map((source) => ({ test, source: source as AgentRecord, target }));
}

function assignment(pair: Pair, input: ConfigurationInput, expiresAtMs: number): Assignment | null {
  const { test, source, target } = pair;
  const isSource = source.agentId === input.agent.agentId;
  const peer = isSource ? target : source;
  const schedule = scheduleOf(test, input.openRounds(test, source.agentId));
  if (schedule === null) return null;
  return {
    testId: test.testId,
    testName: test.testName,
    role: isSource ? 'source' : 'target',
    peer: {
      agentId: peer.agentId,
      agentName: peer.agentName,
      behindNat: peer.behindNat,
      endpoint: endpointSeenFrom(input.agent, peer),
    },
    protocol: test.settings.protocol,
    direction: test.settings.direction,
    schedule,
    dscp: Number(test.settings.dscpId),
    payloadBytes: test.settings.mss,
    packetRate: test.settings.fixedPacketRate === 0 ? null : test.settings.fixedPacketRate,
    path: { mode: test.settings.pathTraceMode, traces: test.settings.numPathTraces },
    throughput: throughputOf(test.settings),
    pairKey: pairKey(input.pairSecret, pair),
    ticket: isSource && target.behindNat ? ticket(pair, input.traversalSecret, expiresAtMs) : null,
  };
}

function scheduleOf(test: TestRecord, openRounds: readonly number[]): Schedule | null {
  if (test.intervalS === null) {
    return openRounds.length === 0 ? null : { kind: 'once', roundIds: openRounds.slice(0, maxOpenRounds) };
  }
  return {
    kind: 'every',
    intervalS: test.intervalS,
    offsetMs: offsetMs(test.testId, test.intervalS),
    randomized: test.settings.randomizedStartTime,
    activeSinceMs: test.activeSinceMs,
  };
}

/** v7 leaves it open what a UDP test without throughputRate sends; a tenth of Fast Ethernet harms few links. */
const defaultRateMbps = 10;

function throughputOf(settings: TestSettings): Assignment['throughput'] {
  if (!settings.throughputMeasurements) return null;
  return {
    durationMs: settings.throughputDuration,
    rateMbps: settings.protocol === 'udp' ? (settings.throughputRate ?? defaultRateMbps) : null,
  };
}

/** The bound of the contract's schedule. */
export const maxOpenRounds = 50;

/** The same for both ends, and for nobody else. */
function pairKey(secret: string, { test, source, target }: Pair): string {
  const name = `${test.testId}|${source.agentId}|${target.agentId}`;
  return createHmac('sha256', secret).update(name).digest('base64');
}

function ticket({ test, source, target }: Pair, secret: Uint8Array, expiresAtMs: number): string {
  const bytes = encodeTicket(secret, {
    testId: test.testId,
    sourceAgentId: source.agentId,
    targetAgentId: target.agentId,
    expiresAtS: expiresAtMs / 1000,
  });
  return Buffer.from(bytes).toString('base64');
}

function traversalAccess(input: ConfigurationInput, expiresAtMs: number): TraversalAccess | null {
  if (input.placement.servers.length === 0) return null;
  return {
    servers: input.placement.servers.map(({ host, ports }) => ({ host, ports: [...ports] })),
    ...traversalCredential(input.traversalSecret, input.agent.agentId, expiresAtMs / 1000),
    expiresAtMs,
  };
}

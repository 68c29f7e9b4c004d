// A real collector on loopback, on real files, with a clock that can be put forward.

import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  AgentFacts,
  CheckInRequest,
  CheckInResponse,
  EnrollResponse,
  FailedResult,
  MeasuredResult,
  PathTrace,
  TracedHop,
  TracedResult,
} from '@pinhole/contract';
import type { Clock, Random } from '@pinhole/net';
import pino from 'pino';
import { type Collector, type CollectorOptions, startCollector } from '../src/index.ts';
import { assertDescribed } from './v7/described.ts';

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  below: (limit) => randomInt(limit),
};

export interface TestClock extends Clock {
  /** Puts the clock forward and calls what falls due by that. */
  advance(byMs: number): void;
}

export function testClock(): TestClock {
  let aheadMs = 0;
  const timers = new Set<{ dueMs: number; fire(): void }>();
  const wallMs = () => Date.now() + aheadMs;
  return {
    wallMs,
    monotonicNs: () => performance.now() * 1e6 + aheadMs * 1e6,
    after(delayMs, callback) {
      const entry = { dueMs: wallMs() + delayMs, fire };
      const handle = setTimeout(fire, delayMs);
      timers.add(entry);
      function cancel() {
        clearTimeout(handle);
        timers.delete(entry);
      }
      function fire() {
        cancel();
        callback();
      }
      return { cancel };
    },
    advance(byMs) {
      aheadMs += byMs;
      for (const timer of [...timers]) if (timer.dueMs <= wallMs()) timer.fire();
    },
  };
}

export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-collector-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface World {
  readonly collector: Collector;
  readonly clock: TestClock;
  readonly dataDir: string;
  /** With the API token. A body that is no string is sent as JSON. */
  rest(method: string, path: string, body?: unknown): Promise<Answer>;
  enroll(agentName: string, facts?: Partial<AgentFacts>): Promise<TestAgent>;
  /** Stops the collector and starts another on the same folder and clock. */
  restart(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into bodies of every kind
  readonly body: any;
}

export interface TestAgent {
  readonly agentId: string;
  readonly agentSecret: string;
  /** The whole answer to a check-in; what is not given is as at enrolment. */
  post(report?: Partial<CheckInRequest>): Promise<Answer>;
  checkIn(report?: Partial<CheckInRequest>): Promise<CheckInResponse>;
  changes(version: number): Promise<Answer>;
}

export async function startWorld(
  t: Pick<TestContext, 'after'>,
  options: Partial<CollectorOptions> = {},
): Promise<World> {
  const dataDir = options.dataDir ?? temporaryFolder(t);
  const clock = testClock();
  const start = () =>
    startCollector({
      listen: { host: '127.0.0.1', port: 0 },
      dataDir,
      traversal: { servers: [{ host: null, ports: [9119, 9120] }] },
      // Tests ask no server that is not their own.
      reverseDns: false,
      clock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
      ...options,
    });
  const world = { collector: await start() };
  t.after(() => world.collector.close());

  const secret = (path: string) => readFileSync(path, 'utf8').trim();
  return {
    get collector() {
      return world.collector;
    },
    clock,
    dataDir,
    rest: (method, path, body) =>
      ask(world.collector.url + path, method, secret(world.collector.apiTokenFile), body),
    async enroll(agentName, change = {}) {
      const agentFacts: AgentFacts = { ...facts, ...change };
      const { body } = await ask(`${world.collector.url}/agent/v1/enroll`, 'POST', null, {
        accountToken: secret(world.collector.accountTokenFile),
        agentName,
        facts: agentFacts,
      });
      return testAgent(() => world.collector.url, body, agentFacts);
    },
    async restart() {
      await world.collector.close();
      world.collector = await start();
    },
  };
}

function testAgent(
  url: () => string,
  { agentId, agentSecret }: EnrollResponse,
  agentFacts: AgentFacts,
): TestAgent {
  const post = (report: Partial<CheckInRequest> = {}) =>
    ask(`${url()}/agent/v1/check-in`, 'POST', agentSecret, {
      configVersion: 0,
      facts: agentFacts,
      registration,
      results: [],
      ...report,
    });
  return {
    agentId,
    agentSecret,
    post,
    checkIn: async (report) => (await post(report)).body,
    changes: (version) => ask(`${url()}/agent/v1/changes?version=${version}`, 'GET', agentSecret),
  };
}

export async function ask(
  url: string,
  method: string,
  token: string | null,
  body?: unknown,
): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, init);
  const text = await response.text();
  const answer = {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : JSON.parse(text),
  };
  assertDescribed(method, url, answer);
  return answer;
}

export const facts: AgentFacts = {
  hostname: 'host.example',
  version: '0.1.0',
  port: 49_153,
  interfaces: [{ interfaceName: 'eth0', ipAddresses: ['192.168.1.2'] }],
  limitations: [],
};

export const registration: CheckInRequest['registration'] = {
  status: 'off',
  tcp: null,
  udp: null,
  detail: null,
};

type Key = Pick<MeasuredResult, 'testId' | 'roundId' | 'sourceAgentId' | 'targetAgentId' | 'direction'>;

export function measured(key: Key, lost = 0): MeasuredResult {
  return {
    outcome: 'measured',
    ...key,
    startedAtMs: key.roundId * 1000 + 100,
    finishedAtMs: key.roundId * 1000 + 2600,
    method: 'direct',
    targetEndpoint: { address: '192.0.2.2', port: 49_153 },
    sourceEndpoint: { address: '192.0.2.1', port: 49_153 },
    measurement: {
      sent: 50,
      received: 50 - lost,
      late: 0,
      duplicates: 0,
      reordered: 0,
      lossPercent: 2 * lost,
      delay: {
        meanMs: 10,
        minMs: 9,
        medianMs: 10.5,
        p95Ms: 11.5,
        maxMs: 12,
        errorBoundMs: 9,
        jitterMs: 0.5,
        pdv95Ms: 1,
        rfc3550JitterMs: 0.4,
      },
      roundTrip: { meanMs: 20, minMs: 18, medianMs: 21, p95Ms: 23, maxMs: 24 },
      arrivedDscp: 0,
      clock: { offsetMs: 1.5, skewPpm: 2, steppedByMs: null },
    },
  };
}

export function failed(key: Key): FailedResult {
  return {
    outcome: 'failed',
    ...key,
    startedAtMs: key.roundId * 1000,
    finishedAtMs: key.roundId * 1000 + 9000,
    errorCode: 'connection-failed',
    party: 'target',
    evidence: 'no answer to 12 probes',
  };
}

/** Through one router for each address; null for one that is silent. The last is the peer. */
export function traced(key: Key, routes: readonly (readonly (string | null)[])[]): TracedResult {
  return {
    outcome: 'traced',
    ...key,
    startedAtMs: key.roundId * 1000 + 100,
    finishedAtMs: key.roundId * 1000 + 4100,
    traces: routes.map((addresses) => trace(key, addresses)),
    limitation: null,
  };
}

function trace(key: Key, addresses: readonly (string | null)[]): PathTrace {
  const [near, far] = [
    { address: '192.168.1.2', port: 49_153 },
    { address: '203.0.113.2', port: 49_153 },
  ];
  return {
    mode: 'classic',
    protocol: 'udp',
    source: near,
    target: far,
    end: addresses.at(-1) === far.address ? 'reached' : 'silent',
    endIcmp: null,
    hops: addresses.map((address, index) => hop(index + 1, address, address === far.address)),
    pathMtu: 1500,
    mss: null,
    ttlRewrittenAt: null,
    startedAtMs: key.roundId * 1000 + 100,
    finishedAtMs: key.roundId * 1000 + 4100,
  };
}

function hop(ttl: number, address: string | null, isPeer: boolean): TracedHop {
  return {
    ttl,
    address,
    sent: 3,
    roundTripsMs: address === null ? [] : [ttl + 0.25, ttl + 0.75],
    icmp: address === null || isPeer ? null : { type: 11, code: 0 },
    quotedTtl: address === null || isPeer ? null : 1,
    mpls: [],
    mtu: null,
    nat: null,
  };
}

// A link with a state folder of its own, and a collector that answers as the test says.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type AgentConfig,
  type CheckInRequest,
  checkInRequestSchema,
  enrollRequestSchema,
  type NatTraversal,
  natTraversalSchema,
} from '@pinhole/contract';
import { type DiscoveryInput, startDiscovery, stepDiscovery, verdictOf } from '@pinhole/nat';
import { createNodeNet } from '@pinhole/net';
import { ip } from '@pinhole/wire';
import { pino } from 'pino';
import { distribution, labelsOf } from '../compatibility/labels.ts';
import { AgentError, type AgentErrorCode } from '../errors.ts';
import { StateFolder } from '../state/folder.ts';
import { CollectorApi } from './api.ts';
import { CollectorLink } from './link.ts';

export const net = createNodeNet();
export const agentSecret = 'the secret of the agent';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** A collector that answers as the test says, and remembers what it was asked. */
export interface TestCollector {
  readonly url: string;
  readonly checkIns: CheckInRequest[];
  /** The header Connection of each request. */
  readonly connections: (string | undefined)[];
  readonly enrollments: unknown[];
  /** Versions asked about, and the answers that are held. */
  readonly changes: { readonly version: number; readonly response: ServerResponse }[];
  onEnroll: () => Answer;
  onCheckIn: (request: CheckInRequest) => Answer;
  onChanges: ((version: number) => Answer) | 'hold';
}

async function testCollector(t: TestContext): Promise<TestCollector> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    collector.connections.push(request.headers.connection);
    const body: unknown = parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString());
    const url = new URL(request.url ?? '', 'http://collector');
    const authorized = request.headers.authorization === `Bearer ${agentSecret}`;
    if (url.pathname === '/agent/v1/enroll') {
      collector.enrollments.push(enrollRequestSchema.parse(body));
      reply(response, collector.onEnroll());
    } else if (!authorized) reply(response, { status: 401 });
    else if (url.pathname === '/agent/v1/check-in') {
      const checkIn = checkInRequestSchema.parse(body);
      collector.checkIns.push(checkIn);
      reply(response, collector.onCheckIn(checkIn));
    } else {
      const version = Number(url.searchParams.get('version'));
      collector.changes.push({ version, response });
      if (collector.onChanges !== 'hold') reply(response, collector.onChanges(version));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const collector: TestCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    checkIns: [],
    connections: [],
    enrollments: [],
    changes: [],
    onEnroll: () => ({ status: 201, body: { agentId: '11', agentSecret } }),
    onCheckIn: ({ results }) => acknowledge(results.length),
    onChanges: 'hold',
  };
  return collector;
}

export function reply(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function acknowledge(acknowledged: number, configVersion = 1, config?: AgentConfig): Answer {
  return { status: 200, body: { acknowledged, configVersion, ...(config && { config }) } };
}

export const config: AgentConfig = {
  agentId: '11',
  agentName: 'agent',
  enabled: true,
  behindNat: false,
  traversal: null,
  assignments: [],
};

/** The compatibility check of an agent that nobody answers. */
export function check(checkedAtMs: number): NatTraversal {
  const input: DiscoveryInput = {
    serverAddress: ip('192.0.2.9'),
    serverPorts: [9119, 9120],
    registered: null,
    localAddresses: [ip('192.168.1.2')],
    keepAlives: { heldForMs: null, lostAfterMs: [] },
  };
  let state = startDiscovery(input);
  for (let nowMs = 0; state.report === null; ) {
    const step = stepDiscovery(state, { kind: 'tick' }, nowMs, net.random);
    state = step.state;
    nowMs = step.wakeAtMs ?? nowMs;
  }
  const { report } = state;
  const recent = distribution([labelsOf(report)]);
  return natTraversalSchema.parse({ checkedAtMs, report, verdict: verdictOf(report), recent });
}

/** An agent's link, with a state folder of its own. */
export async function agent(
  t: TestContext,
  { enrolled = true, checked = () => null }: { enrolled?: boolean; checked?: () => NatTraversal | null } = {},
) {
  const collector = await testCollector(t);
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-link-'));
  const state = new StateFolder(folder);
  if (enrolled) await state.keepIdentity({ agentId: '11', agentSecret, collectorUrl: collector.url });
  const ending = new AbortController();
  const configs: AgentConfig[] = [];
  const fatal: AgentError[] = [];
  let disabled = 0;
  const link = new CollectorLink({
    net,
    log: pino({ level: 'silent' }),
    api: new CollectorApi(collector.url, fetch, ending.signal),
    state,
    collectorUrl: collector.url,
    accountToken: 'token',
    agentName: 'agent',
    facts: () => ({ hostname: 'host', version: '1', port: 49_153, interfaces: [], limitations: [] }),
    registration: () => ({ status: 'off', tcp: null, udp: null, detail: null }),
    natTraversal: checked,
    onConfig: (each) => configs.push(each),
    onDisabled: () => {
      disabled += 1;
    },
    onFatal: (error) => fatal.push(error),
  });
  const close = async () => {
    ending.abort();
    await link.close();
  };
  t.after(async () => {
    await close();
    state.close();
    rmSync(folder, { recursive: true });
  });
  return { collector, state, link, configs, fatal, close, disabled: () => disabled };
}

export function passed(delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}

export async function until(holds: () => boolean, limitMs = 20_000): Promise<void> {
  for (let waits = 0; !holds(); waits++) {
    assert.ok(waits * 20 < limitMs, `not within ${limitMs} ms: ${holds}`);
    await passed(20);
  }
}

export function code(expected: AgentErrorCode) {
  return (error: unknown) => error instanceof AgentError && error.code === expected;
}

export function sentRounds({ checkIns }: TestCollector): number[][] {
  return checkIns.map(({ results }) => results.map(({ roundId }) => roundId));
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type AgentConfig,
  type Assignment,
  type CheckInRequest,
  checkInRequestSchema,
  enrollRequestSchema,
  type FailedResult,
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

const net = createNodeNet();
const agentSecret = 'the secret of the agent';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** A collector that answers as the test says, and remembers what it was asked. */
interface TestCollector {
  readonly url: string;
  readonly checkIns: CheckInRequest[];
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
    enrollments: [],
    changes: [],
    onEnroll: () => ({ status: 201, body: { agentId: '11', agentSecret } }),
    onCheckIn: ({ results }) => acknowledge(results.length),
    onChanges: 'hold',
  };
  return collector;
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function acknowledge(acknowledged: number, configVersion = 1, config?: AgentConfig): Answer {
  return { status: 200, body: { acknowledged, configVersion, ...(config && { config }) } };
}

const config: AgentConfig = {
  agentId: '11',
  agentName: 'agent',
  enabled: true,
  behindNat: false,
  traversal: null,
  assignments: [],
};

function assignment(schedule: Assignment['schedule']): Assignment {
  return {
    testId: '7',
    testName: 'test',
    role: 'source',
    peer: { agentId: '22', agentName: 'target', behindNat: false, endpoint: null },
    protocol: 'udp',
    direction: 'to-target',
    schedule,
    dscp: 0,
    payloadBytes: null,
    packetRate: null,
    pairKey: Buffer.alloc(32).toString('base64'),
    ticket: null,
  };
}

function result(roundId: number): FailedResult {
  return {
    outcome: 'failed',
    testId: '7',
    roundId,
    sourceAgentId: '11',
    targetAgentId: '22',
    direction: 'to-target',
    startedAtMs: 0,
    finishedAtMs: 0,
    errorCode: 'session-lost',
    party: 'target',
    evidence: '',
  };
}

/** The compatibility check of an agent that nobody answers. */
function check(checkedAtMs: number): NatTraversal {
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
async function agent(
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

function passed(delayMs: number): Promise<void> {
  return new Promise((resolve) => net.clock.after(delayMs, resolve));
}

async function until(holds: () => boolean, limitMs = 20_000): Promise<void> {
  for (let waits = 0; !holds(); waits++) {
    assert.ok(waits * 20 < limitMs, `not within ${limitMs} ms: ${holds}`);
    await passed(20);
  }
}

function code(expected: AgentErrorCode) {
  return (error: unknown) => error instanceof AgentError && error.code === expected;
}

function sentRounds({ checkIns }: TestCollector): number[][] {
  return checkIns.map(({ results }) => results.map(({ roundId }) => roundId));
}

describe('enrolling', { concurrency: true }, () => {
  it('happens once, and what it brings is kept', async (t) => {
    const { collector, state, link } = await agent(t, { enrolled: false });
    await link.start();
    assert.deepEqual(state.identity(), { agentId: '11', agentSecret, collectorUrl: collector.url });
    assert.equal(link.agentId, '11');
    assert.equal(collector.enrollments.length, 1);
    assert.equal(collector.checkIns.length, 1);
  });

  it('is not done again, unless with another collector', async (t) => {
    const known = await agent(t);
    await known.link.start();
    assert.equal(known.collector.enrollments.length, 0);
    const other = await agent(t);
    await other.state.keepIdentity({ agentId: '9', agentSecret, collectorUrl: 'https://other.example' });
    await other.link.start();
    assert.equal(other.link.agentId, '11');
  });

  for (const [name, answer] of [
    ['with a reason', { status: 401, body: { detail: 'not the account group token' } }],
    ['by a page that is no JSON', { status: 404, body: '<html>not the account group token</html>' }],
  ] as const) {
    it(`that is refused ${name} is the end`, async (t) => {
      const { collector, state, link } = await agent(t, { enrolled: false });
      collector.onEnroll = () => answer;
      await assert.rejects(link.start(), code('enrollment-refused'));
      assert.equal(state.identity(), null);
      assert.equal(collector.enrollments.length, 1);
    });
  }

  it('goes on until the collector is there', async (t) => {
    const { collector, link } = await agent(t, { enrolled: false });
    const answers: Answer[] = [
      { status: 503, body: '<html>' },
      { status: 201, body: { agentId: 'x' } },
    ];
    const enrolled = collector.onEnroll;
    collector.onEnroll = () => answers.shift() ?? enrolled();
    await link.start();
    assert.equal(collector.enrollments.length, 3);
  });

  it('ends when the agent is stopped meanwhile', async (t) => {
    const { collector, link, close } = await agent(t, { enrolled: false });
    collector.onEnroll = () => ({ status: 503 });
    const started = link.start();
    await until(() => collector.enrollments.length === 1);
    await close();
    await started;
    assert.equal(collector.checkIns.length, 0);
  });
});

describe('a check-in', { concurrency: true }, () => {
  it('brings the configuration, which is kept, and not again while it holds', async (t) => {
    const { collector, state, link, configs } = await agent(t);
    collector.onCheckIn = ({ configVersion }) => acknowledge(0, 4, configVersion === 4 ? undefined : config);
    await link.start();
    await link.checkIn();
    assert.deepEqual(
      collector.checkIns.map(({ configVersion }) => configVersion),
      [0, 4],
    );
    assert.deepEqual(configs, [config]);
    assert.deepEqual(state.heldConfig(), config);
  });

  it('that fails at the start leaves the agent with what it holds, but for one-off rounds', async (t) => {
    const { collector, state, link, configs } = await agent(t);
    const regular = assignment({ kind: 'every', intervalS: 60, offsetMs: 0, activeSinceMs: 0 });
    const oneOff = assignment({ kind: 'once', roundIds: [60] });
    await state.keepConfig({ ...config, assignments: [regular, oneOff] });
    collector.onCheckIn = () => ({ status: 503 });
    await link.start();
    assert.deepEqual(
      configs.map(({ assignments }) => assignments),
      [[regular]],
    );
    assert.equal(collector.checkIns[0]?.configVersion, 0);
  });

  it('carries 200 results at most, and the rest follow at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add(Array.from({ length: 450 }, (_, i) => result(i)));
    await link.start();
    assert.deepEqual(
      sentRounds(collector).map(({ length }) => length),
      [200, 200, 50],
    );
    assert.equal(state.spool.size, 0);
  });

  it('that acknowledges a part keeps the rest, which follows at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1), result(2), result(3)]);
    collector.onCheckIn = () => acknowledge(2);
    await link.start();
    assert.deepEqual(sentRounds(collector), [[1, 2, 3], [3]]);
    assert.equal(state.spool.size, 0);
  });

  it('that acknowledges nothing is not repeated at once', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1)]);
    collector.onCheckIn = () => acknowledge(0);
    await link.start();
    assert.deepEqual([collector.checkIns.length, state.spool.size], [1, 1]);
  });

  it('gathers what there is to say', async (t) => {
    const { collector, state, link } = await agent(t);
    await link.start();
    for (const round of [1, 2]) {
      state.spool.add([result(round)]);
      link.soon();
    }
    await until(() => collector.checkIns.length === 2);
    assert.deepEqual(sentRounds(collector)[1], [1, 2]);
  });

  it('tells of a compatibility check until the collector has it, and of each new one', async (t) => {
    let checked = check(1);
    const { collector, link } = await agent(t, { checked: () => checked });
    const { onCheckIn } = collector;
    collector.onCheckIn = () => ({ status: 503, body: {} });
    await link.start();
    collector.onCheckIn = onCheckIn;
    await link.checkIn();
    await link.checkIn();
    checked = check(2);
    await link.checkIn();
    await link.checkIn();
    const told = collector.checkIns.map(({ natTraversal }) => natTraversal?.checkedAtMs);
    assert.deepEqual(told, [1, 1, undefined, 2, undefined]);
  });

  it('asked for during another one follows it', async (t) => {
    const { collector, link } = await agent(t);
    await link.start();
    const before = collector.checkIns.length;
    await Promise.all([link.checkIn(), link.checkIn(), link.checkIn()]);
    assert.equal(collector.checkIns.length, before + 2);
  });

  for (const [name, answer] of [
    ['answered with 500', { status: 500, body: { detail: 'no disk' } }],
    ['answered with a page of a proxy', { status: 502, body: '<html>' }],
    ['answered with something else', { status: 200, body: { hello: 'world' } }],
    ['refused for too many requests', { status: 429 }],
  ] as const) {
    it(`${name} keeps results and is tried again`, async (t) => {
      const { collector, state, link, fatal } = await agent(t);
      state.spool.add([result(1)]);
      collector.onCheckIn = ({ results }) =>
        collector.checkIns.length < 3 ? answer : acknowledge(results.length);
      await link.start();
      assert.deepEqual([collector.checkIns.length, state.spool.size], [1, 1]);
      // Nothing to say is so urgent that a collector in trouble is to be pressed.
      link.soon();
      await until(() => state.spool.size === 0);
      assert.deepEqual(sentRounds(collector), [[1], [1], [1]]);
      assert.deepEqual(fatal, []);
    });
  }

  for (const poisons of [[5], [0, 1], [3, 100, 199, 200]]) {
    it(`with results ${poisons} that the collector cannot take loses these alone`, async (t) => {
      const { collector, state, link } = await agent(t);
      state.spool.add(Array.from({ length: 250 }, (_, i) => result(i)));
      const taken = new Set<number>();
      collector.onCheckIn = ({ results }) => {
        if (results.some(({ roundId }) => poisons.includes(roundId))) {
          return { status: 400, body: { detail: 'not understood' } };
        }
        for (const { roundId } of results) taken.add(roundId);
        return acknowledge(results.length);
      };
      await link.start();
      assert.equal(state.spool.size, 0);
      assert.equal(taken.size, 250 - poisons.length);
    });
  }

  it('that is refused without results as well costs none', async (t) => {
    const { collector, state, link } = await agent(t);
    state.spool.add([result(1), result(2), result(3)]);
    collector.onCheckIn = () => ({ status: 400, body: { detail: 'facts: too many interfaces' } });
    await link.start();
    assert.equal(state.spool.size, 3);
    assert.deepEqual(
      sentRounds(collector).map(({ length }) => length),
      [3, 2, 1, 0],
    );
    collector.onCheckIn = ({ results }) => acknowledge(results.length);
    await until(() => state.spool.size === 0);
    assert.deepEqual(new Set(sentRounds(collector).slice(4).flat()), new Set([1, 2, 3]));
  });

  it('whose results cannot be read or removed is one that failed, not the end', async (t) => {
    const { collector, state, link, fatal } = await agent(t);
    await link.start();
    state.spool.close();
    await link.checkIn();
    assert.deepEqual([collector.checkIns.length, fatal], [1, []]);
  });
});

describe('an agent that the collector does not know any more', { concurrency: true }, () => {
  it('does not start', async (t) => {
    const { collector, link, fatal } = await agent(t);
    collector.onCheckIn = () => ({ status: 401, body: { detail: 'no such agent' } });
    await assert.rejects(link.start(), code('agent-deleted'));
    assert.deepEqual(fatal, []);
  });

  it('says so once, and asks no more', async (t) => {
    const { collector, link, fatal } = await agent(t);
    await link.start();
    collector.onCheckIn = () => ({ status: 401 });
    await Promise.all([link.checkIn(), link.checkIn()]);
    const asked = collector.checkIns.length;
    link.soon();
    await link.checkIn();
    await passed(500);
    assert.deepEqual(
      fatal.map((error) => error.code),
      ['agent-deleted'],
    );
    assert.equal(collector.checkIns.length, asked);
  });
});

describe('an agent that the collector refuses for now', { concurrency: true }, () => {
  it('rests, keeps its results, and takes up its work when it is told to', async (t) => {
    const { collector, state, link, configs, fatal, disabled } = await agent(t);
    collector.onCheckIn = () => acknowledge(0, 4, config);
    await link.start();
    state.spool.add([result(1)]);
    collector.onCheckIn = () => ({ status: 403, body: { detail: 'disabled' } });
    await link.checkIn();
    assert.deepEqual([disabled(), state.spool.size, fatal], [1, 1, []]);
    assert.equal(state.heldConfig(), null);
    collector.onCheckIn = ({ results }) => acknowledge(results.length, 4, config);
    await link.checkIn();
    assert.equal(collector.checkIns.at(-1)?.configVersion, 0);
    assert.deepEqual([configs.length, state.spool.size], [2, 0]);
  });

  it('does not press, though it is told of changes', async (t) => {
    const { collector, link, disabled } = await agent(t);
    collector.onCheckIn = () => ({ status: 403 });
    collector.onChanges = () => ({ status: 200, body: { configVersion: 5 } });
    await link.start();
    await passed(2_000);
    assert.ok(disabled() >= 1);
    assert.ok(collector.checkIns.length <= 2, `${collector.checkIns.length} check-ins`);
    assert.ok(collector.changes.length <= 1);
  });
});

describe('a change of the configuration', { concurrency: true }, () => {
  it('is fetched within a second', async (t) => {
    const { collector, link, configs } = await agent(t);
    await link.start();
    await until(() => collector.changes.length === 1);
    collector.onCheckIn = () => acknowledge(0, 2, config);
    reply(collector.changes[0]!.response, { status: 200, body: { configVersion: 2 } });
    const toldAtNs = net.clock.monotonicNs();
    await until(() => configs.length === 1);
    const tookMs = (net.clock.monotonicNs() - toldAtNs) / 1e6;
    // Ten times what is promised: the order is what is tested, and not this machine.
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
    await until(() => collector.changes.length === 2);
    assert.equal(collector.changes[1]?.version, 2);
  });

  for (const [name, onChanges] of [
    ['is answered at once with none', () => ({ status: 204 })],
    ['is answered with one that does not come', () => ({ status: 200, body: { configVersion: 9 } })],
    ['fails', () => ({ status: 503 })],
  ] as const) {
    it(`that ${name} is not asked for again and again`, async (t) => {
      const { collector, link } = await agent(t);
      collector.onChanges = onChanges;
      await link.start();
      await until(() => collector.changes.length === 1);
      const askedAtNs = net.clock.monotonicNs();
      await until(() => collector.changes.length === 3);
      // The pauses before the second and the third question: 1 s and 2 s at least.
      const tookMs = (net.clock.monotonicNs() - askedAtNs) / 1e6;
      assert.ok(tookMs > 2_900, `asked three times in ${tookMs} ms`);
      assert.ok(collector.checkIns.length <= 4, `${collector.checkIns.length} check-ins`);
    });
  }

  it('each time it is asked for is not fetched without a pause', async (t) => {
    const { collector, link } = await agent(t);
    let version = 1;
    collector.onChanges = () => ({ status: 200, body: { configVersion: version + 1 } });
    collector.onCheckIn = () => acknowledge(0, ++version, config);
    await link.start();
    await passed(2_000);
    assert.ok(collector.checkIns.length <= 12, `${collector.checkIns.length} check-ins`);
  });
});

describe('a closed link', () => {
  it('has nothing under way, whatever was: a held request, a wait, a check-in', async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const held = await agent(t);
    await held.link.start();
    await until(() => held.collector.changes.length === 1);
    const failing = await agent(t);
    failing.collector.onCheckIn = () => ({ status: 503 });
    failing.collector.onChanges = () => ({ status: 503 });
    await failing.link.start();
    await until(() => failing.collector.changes.length === 1);
    const busy = await agent(t);
    await busy.link.start();
    const checkIn = busy.link.checkIn();
    for (const { close } of [held, failing, busy]) await close();
    await checkIn;
    assert.equal(timers(), before);
    const asked = [held, failing, busy].map(({ collector }) => collector.checkIns.length);
    for (const { link } of [held, failing, busy]) {
      link.soon();
      await link.checkIn();
    }
    await passed(300);
    assert.deepEqual(
      [held, failing, busy].map(({ collector }) => collector.checkIns.length),
      asked,
    );
    assert.equal(timers(), before);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  type AgentConfig,
  type Assignment,
  type CheckInRequest,
  progressRequestSchema,
} from '@pinhole/contract';
import { createSimulation } from '@pinhole/net/sim';
import { endpoint } from '@pinhole/wire';
import { pino } from 'pino';
import { startAgent } from './agent.ts';
import { AgentError } from './errors.ts';

const startMs = Date.UTC(2026, 0);

const everyMinute: Assignment = {
  testId: '7',
  testName: 'test',
  role: 'source',
  peer: { agentId: '22', agentName: 'target', behindNat: false, endpoint: endpoint('192.0.2.2', 49_153) },
  protocol: 'udp',
  direction: 'to-target',
  schedule: { kind: 'every', intervalS: 60, offsetMs: 0, randomized: false, activeSinceMs: 0 },
  dscp: 0,
  payloadBytes: null,
  packetRate: null,
  path: { mode: 'in-session', traces: 1 },
  throughput: null,
  pairKey: Buffer.alloc(32).toString('base64'),
  ticket: null,
};

const config: AgentConfig = {
  agentId: '11',
  agentName: 'agent',
  enabled: true,
  behindNat: false,
  traversal: null,
  assignments: [everyMinute],
};

/** An agent in virtual time, whose target is not there, and its collector: `answer` is what a check-in gets. */
function world(t: TestContext) {
  const simulation = createSimulation({ seed: 5, wallMs: startMs });
  const network = simulation.network('internet');
  const { net } = simulation.host({ name: 'agent', network, addresses: ['192.0.2.1'] });
  const stateDir = mkdtempSync(join(tmpdir(), 'pinhole-agent-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const fatal: string[] = [];
  const checkIns: { readonly atMs: number; readonly request: CheckInRequest }[] = [];
  /** Seconds from the start, and the phase that a round then had. */
  const progress: string[] = [];
  const made = {
    simulation,
    progress,
    progressAnswer: () => new Response(null, { status: 204 }),
    net,
    fatal,
    checkIns,
    answer: ({ configVersion }: CheckInRequest): Response =>
      Response.json({ acknowledged: 200, configVersion: 1, ...(configVersion === 1 ? {} : { config }) }),
    /** Rounds that the collector has been told of, in seconds from the start; the path of each beside. */
    rounds: () =>
      checkIns.flatMap(({ request }) =>
        request.results
          .filter(({ outcome }) => outcome !== 'traced')
          .map(({ roundId }) => roundId - startMs / 1000),
      ),
    start: () => startAgent({ ...options, collectorUrl: 'http://collector.example' }),
    /** Virtual time, with room in between for what the agent does to its real disk. */
    async passed(durationMs: number) {
      const untilMs = simulation.nowMs + durationMs;
      while (simulation.nowMs < untilMs) {
        await simulation.run({ untilMs: Math.min(untilMs, simulation.nowMs + 1_000) });
        await setTimeout(1);
      }
    },
  };
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.endsWith('/enroll')) {
      return Response.json({ agentId: '11', agentSecret: 'the secret of the agent' }, { status: 201 });
    }
    if (url.endsWith('/check-in')) {
      const request = JSON.parse(String(init.body));
      checkIns.push({ atMs: simulation.nowMs, request });
      return made.answer(request);
    }
    if (url.endsWith('/progress')) {
      const { rounds } = progressRequestSchema.parse(JSON.parse(String(init.body)));
      for (const { roundId, phase } of rounds) progress.push(`${roundId - startMs / 1000} ${phase}`);
      return made.progressAnswer();
    }
    return new Promise((resolve, reject) => {
      const held = net.clock.after(50_000, () => resolve(new Response(null, { status: 204 })));
      init.signal?.addEventListener('abort', () => {
        held.cancel();
        reject(new Error('aborted'));
      });
    });
  };
  const options = {
    net,
    log: pino({ level: 'silent' }),
    accountToken: 'token',
    agentName: 'agent',
    stateDir,
    version: '1',
    fetch: ((url: string, init: RequestInit) => answer(url, init)) as typeof fetch,
    onFatal: (error: AgentError) => fatal.push(error.code),
  };
  return made;
}

describe('an agent', () => {
  it('runs its rounds and reports each', async (t) => {
    const { start, passed, rounds } = world(t);
    const agent = await start();
    await passed(200_000);
    assert.deepEqual(rounds(), [0, 60, 120, 180]);
    await agent.close();
  });

  it('runs no rounds while the collector refuses it, checks in each minute, and takes them up after', async (t) => {
    const made = world(t);
    const agent = await made.start();
    await made.passed(30_000);
    const { answer } = made;
    made.answer = () => Response.json({ detail: 'disabled' }, { status: 403 });
    await made.passed(300_000);
    const refused = made.checkIns.filter(({ atMs }) => atMs > 30_000);
    assert.ok(refused.length >= 4 && refused.length <= 10, `${refused.length} check-ins`);
    made.answer = answer;
    await made.passed(120_000);
    // It is told at its next check-in only: the round of the first minute has begun by then.
    assert.deepEqual(
      made.rounds().filter((round) => round > 60 && round < 360),
      [],
    );
    assert.ok(made.rounds().includes(420));
    assert.deepEqual(made.fatal, []);
    await agent.close();
  });

  it('does the same when it is told that it is disabled', async (t) => {
    const made = world(t);
    const agent = await made.start();
    await made.passed(30_000);
    made.answer = () =>
      Response.json({ acknowledged: 200, configVersion: 2, config: { ...config, enabled: false } });
    await made.passed(300_000);
    assert.deepEqual(
      [...new Set(made.rounds())].filter((round) => round > 60),
      [],
    );
    await agent.close();
  });

  it('tells how far its rounds are while somebody looks, and nothing else changes', async (t) => {
    const made = world(t);
    const agent = await made.start();
    await made.passed(70_000);
    assert.equal(made.progress.length, 0);
    // It hears of that at its next check-in, in the course of the round of 120 s.
    const watched = { testId: '7', untilMs: startMs + 220_000 };
    made.answer = () =>
      Response.json({ acknowledged: 200, configVersion: 2, config: { ...config, watched: [watched] } });
    await made.passed(200_000);
    assert.deepEqual(
      made.progress.filter((each) => !each.startsWith('120 ')),
      ['180 connecting', '180 tracing', '180 done'],
    );
    assert.deepEqual(made.rounds(), [0, 60, 120, 180, 240]);
    await agent.close();
  });

  it('runs its rounds as well where nobody takes word of how far they are', async (t) => {
    const made = world(t);
    made.progressAnswer = () => Response.json({ detail: 'no such path' }, { status: 404 });
    made.answer = () =>
      Response.json({
        acknowledged: 200,
        configVersion: 1,
        config: { ...config, watched: [{ testId: '7', untilMs: startMs + 600_000 }] },
      });
    const agent = await made.start();
    await made.passed(100_000);
    assert.ok(made.progress.length >= 6);
    assert.deepEqual(made.rounds(), [0, 60]);
    assert.deepEqual(made.fatal, []);
    await agent.close();
  });

  it('that was deleted ends by itself, before it says so', async (t) => {
    const made = world(t);
    await made.start();
    made.answer = () => Response.json({ detail: 'deleted' }, { status: 401 });
    await made.passed(120_000);
    assert.deepEqual(made.fatal, ['agent-deleted']);
    const asked = made.checkIns.length;
    await made.passed(600_000);
    assert.equal(made.checkIns.length, asked);
    // Port and folder are free again.
    await assert.rejects(
      made.start(),
      (error) => error instanceof AgentError && error.code === 'agent-deleted',
    );
  });

  it('leaves nothing to happen when it is closed, in the middle of a round', async (t) => {
    const made = world(t);
    const agent = await made.start();
    await made.passed(60_500);
    await agent.close();
    await agent.close();
    const closedAtMs = made.simulation.nowMs;
    await made.simulation.run();
    assert.ok(
      made.simulation.nowMs - closedAtMs < 1_000,
      `busy until ${made.simulation.nowMs - closedAtMs} ms`,
    );
    await (await made.start()).close();
  });

  it('whose port is taken does not start, and leaves its folder free', async (t) => {
    const made = world(t);
    const socket = await made.net.udp.open({ local: endpoint('0.0.0.0', 49_153) }, { onDatagrams: () => {} });
    await assert.rejects(
      made.start(),
      (error) => error instanceof AgentError && error.code === 'port-unavailable',
    );
    socket.close();
    await (await made.start()).close();
  });
});

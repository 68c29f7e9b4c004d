// A collector, and agents at the very ends of one emulated link: in the core and on the server. What the link's record
// says is then what happened between the agents, but for a cable of no length at each end.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NetworkResult, networkResultsSchema } from '@pinhole/contract';
import { buildLab, eventually, type Lab, type LinkDescription, type Place, restClient } from '@pinhole/lab';
import { executable, waitLimitMs } from '../test/system.ts';

/** The link is the server's: `up` is from the server to the core. */
const linkName = 'server';
const apiToken = 'api-token-of-this-bench-0123456789';
const accountToken = 'account-token-of-this-bench-0123456789';
/** What is on its way, in the link or in an agent's output, when a round's results are there. */
const settleMs = 150;

/** One probe of the peer's and its reflection: T1 to T4, each by the clock that it was read from. */
export type Exchange = readonly [
  sequence: number,
  t1Ns: number | null,
  t2Ns: number,
  t3Ns: number | null,
  t4Ns: number | null,
];

/** What an agent logs of a round at the level `trace`. */
export interface WrittenDown {
  readonly testId: string;
  readonly roundId: number;
  /** Its own probes', and the peer's. */
  readonly ssids: readonly [own: number, peer: number];
  readonly exchanges: readonly Exchange[];
}

export interface Agent {
  readonly name: string;
  readonly place: Place;
  readonly agentId: string;
  /** What it has written down of this round; null where it has not measured. */
  writtenDown(testId: string, roundId: number): WrittenDown | null;
}

export class AccuracySystem {
  readonly core: Place;
  readonly server: Place;
  readonly #lab: Lab;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'pinhole-accuracy-'));
  readonly #rest: ReturnType<typeof restClient>;
  readonly #url: string;
  readonly #ended: string[] = [];
  #link: { up?: object; down?: object } = {};
  #records = 0;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.core = lab.core;
    this.server = lab.server;
    this.#url = `http://${lab.server.addresses[0]}:8080`;
    this.#rest = restClient(this.#url, apiToken);
  }

  static async use(body: (system: AccuracySystem) => Promise<void>): Promise<void> {
    const lab = await buildLab({ sites: [{ name: 'none', nat: 'none' }], link: {} }, { verify: false });
    const system = new AccuracySystem(lab);
    try {
      await system.#startCollector();
      await body(system);
    } finally {
      await lab.close();
      rmSync(system.#folder, { recursive: true, force: true });
    }
  }

  /** What the link does from now on, from the core to the server and back. */
  async setLink(there: object, back: object): Promise<void> {
    this.#link = { up: back, down: there };
    await this.#lab.setLink(linkName, this.#link as LinkDescription);
  }

  /** Records what passes the link while `run` runs; the file of the record. */
  async record(run: () => Promise<unknown>): Promise<string> {
    const recordFile = path.join(this.#folder, `record${this.#records++}.json`);
    const { up, down } = this.#link;
    const recorded = { up: { ...up, recordFile }, down: { ...down, recordFile } };
    await this.#lab.setLink(linkName, recorded as LinkDescription);
    try {
      await run();
      await sleep(settleMs);
    } finally {
      await this.#lab.setLink(linkName, this.#link as LinkDescription);
    }
    return recordFile;
  }

  /** Starts an agent, in the core or on the server, and waits until the collector knows it. */
  async startAgent(name: string, place: Place, port: number, env: NodeJS.ProcessEnv = {}): Promise<Agent> {
    const written = new Map<string, WrittenDown>();
    const args = ['agent', '--collector', this.#url, '--name', name, '--port', String(port)];
    const child = place.spawn(executable, [...args, '--state', path.join(this.#folder, name)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PINHOLE_ACCOUNT_TOKEN: accountToken,
        PINHOLE_LOG_LEVEL: 'trace',
        PINHOLE_LOG_FORMAT: 'json',
        ...env,
      },
    });
    this.#watch(name, child);
    eachLine(child, (line) => {
      if (!line.includes('"exchanges":')) return;
      const round = JSON.parse(line) as WrittenDown;
      written.set(`${round.testId} ${round.roundId}`, round);
    });
    const agentId = await this.#present(`the agent ${name}`, async () => {
      type Listed = { agents: { agentName: string; agentId: string }[] };
      const { agents } = await this.#rest.request<Listed>('GET', '/agents');
      return agents.find(({ agentName }) => agentName === name)?.agentId ?? null;
    });
    return {
      name,
      place,
      agentId,
      writtenDown: (testId, roundId) => written.get(`${testId} ${roundId}`) ?? null,
    };
  }

  /** A round from one agent to the other, both directions: of a new test, or one more of a test. Its results. */
  async round(
    source: Agent,
    target: Agent,
    testId: string | null,
  ): Promise<{ testId: string; results: NetworkResult[] }> {
    const known = testId === null ? 0 : (await this.#results(testId)).length;
    const id = testId ?? (await this.#createTest(source, target));
    if (testId !== null) await this.#rest.request('POST', `/tests/${testId}/run`);
    const results = await this.#present(`a round from ${source.name} to ${target.name}`, async () => {
      const all = await this.#results(id);
      return all.length >= known + 2 ? all.slice(0, 2) : null;
    });
    return { testId: id, results };
  }

  async #createTest(source: Agent, target: Agent): Promise<string> {
    const body = {
      testName: `${source.name} to ${target.name}`,
      protocol: 'udp',
      direction: 'bidirectional',
      targetAgentId: target.agentId,
      agents: [{ agentId: source.agentId }],
    };
    return (await this.#rest.request<{ testId: string }>('POST', '/tests/agent-to-agent/instant', body))
      .testId;
  }

  async #results(testId: string): Promise<NetworkResult[]> {
    const body = await this.#rest.request('GET', `/test-results/${testId}/network?window=1h`);
    return networkResultsSchema.parse(body).results;
  }

  async #startCollector(): Promise<void> {
    const args = ['collector', '--listen', `${this.server.addresses[0]}:8080`, '--no-embedded-traversal'];
    const child = this.server.spawn(executable, [...args, '--data', path.join(this.#folder, 'data')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PINHOLE_API_TOKEN: apiToken, PINHOLE_ACCOUNT_TOKEN: accountToken },
    });
    this.#watch('the collector', child);
    await this.#present('the collector', async () =>
      (await fetch(`${this.#url}/healthz`)).ok ? true : null,
    );
  }

  #watch(name: string, child: ChildProcess): void {
    child.once('exit', (code) => this.#ended.push(`${name} ended with exit code ${code}`));
  }

  async #present<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
    const answer = await eventually(
      async () => (this.#ended.length > 0 ? undefined : ask()),
      waitLimitMs,
      50,
    );
    if (answer == null)
      throw new Error(`${this.#ended.join('; ') || 'Nothing has ended'}; waited for ${what}`);
    return answer;
  }
}

function eachLine(child: ChildProcess, take: (line: string) => void): void {
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(line);
  });
}

// A whole system in the lab, of real processes: collector, NAT traversal server, agents.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  agentsSchema,
  type ConnectionMethod,
  type NetworkResult,
  networkResultsSchema,
} from '@pinhole/contract';
import {
  buildLab,
  eventually,
  type Lab,
  type LabDescription,
  type Place,
  type RestClient,
  restClient,
} from '@pinhole/lab';

export const executable = fileURLToPath(new URL('../../../bin/pinhole', import.meta.url));

const collectorPort = 8080;
const apiToken = 'api-token-of-this-test-0123456789';
const accountToken = 'account-token-of-this-test-0123456789';
/** Each wait ends when what is waited for is there; only a fault reaches this. */
export const waitLimitMs = 60_000;

type Site = LabDescription['sites'][number];
export type SiteNat = Site['nat'];

export interface SystemOptions {
  /** From one site to another, of all sites or of some. */
  readonly delayMs?: number | Readonly<Record<string, number>>;
  readonly lan?: string;
  /** Routers on the ways to and from some sites. */
  readonly paths?: Readonly<Record<string, Site['path']>>;
  /** Agents are programs of an ordinary user, without any capability. @default false */
  readonly asUser?: boolean;
}

export interface Program {
  readonly child: ChildProcess;
  /** Its end is no surprise. */
  mayEnd: boolean;
  /** What it has printed so far. */
  output(): string;
  /** Sends the signal and waits for the end; the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

export class System {
  readonly lab: Lab;
  readonly rest: RestClient;
  readonly collectorUrl: string;
  readonly folder: string;
  readonly #asUser: boolean;
  /** All that were started, in order. */
  readonly programs: Program[] = [];

  private constructor(lab: Lab, asUser: boolean) {
    this.lab = lab;
    this.#asUser = asUser;
    this.collectorUrl = `http://${lab.server.addresses[0]}:${collectorPort}`;
    this.rest = restClient(this.collectorUrl, apiToken);
    this.folder = mkdtempSync(path.join(tmpdir(), 'pinhole-system-'));
    // Each agent makes its own folder in it.
    if (asUser) chmodSync(this.folder, 0o1777);
  }

  /** A lab with these sites, `test` run in it, and all of it gone again. */
  static async use(
    nats: Readonly<Record<string, SiteNat>>,
    test: (system: System) => Promise<void>,
    { delayMs = {}, lan, paths = {}, asUser = false }: SystemOptions = {},
  ): Promise<void> {
    const sites = Object.entries(nats).map(([name, nat]) => {
      const ownMs = typeof delayMs === 'number' ? delayMs : (delayMs[name] ?? 0);
      // Each site's link has half of the way to another site; the server is in the middle.
      return { name, nat, lan, path: paths[name], ...(ownMs > 0 && { link: { delayMs: ownMs / 2 } }) };
    });
    const lab = await buildLab({ sites }, { verify: false });
    const system = new System(lab, asUser);
    try {
      await test(system);
    } catch (error) {
      system.#tell();
      throw error;
    } finally {
      await lab.close();
      rmSync(system.folder, { recursive: true, force: true });
    }
  }

  /** A part of a test, in this lab. When it fails, what the programs have printed so far is told. */
  part(t: TestContext, name: string, body: () => Promise<void>): Promise<void> {
    return t.test(name, async () => {
      try {
        await body();
      } catch (error) {
        this.#tell();
        throw error;
      }
    });
  }

  #tell(): void {
    for (const { child, output } of this.programs)
      process.stderr.write(`--- ${child.spawnargs.join(' ')}\n${output().slice(-3000)}\n`);
  }

  host(site: string): Place {
    const host = this.lab.sites.get(site)?.hosts[0];
    assert.ok(host !== undefined, `no site ${site}`);
    return host;
  }

  /** From now on the site's NAT does this to what passes it: nftables statements, one a line. */
  async cut(site: string, ...statements: readonly string[]): Promise<void> {
    const input = `table ip cut {
  chain forward {
    type filter hook forward priority -10
    ${statements.join('\n    ')}
  }
}
`;
    const { code, stderr } = await this.lab.sites.get(site)!.nat!.run('nft', ['-f', '-'], { input });
    assert.equal(code, 0, stderr);
  }

  start(place: Place, args: readonly string[], env: NodeJS.ProcessEnv = {}, asUser = false): Program {
    const child = place.spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'], env, asUser });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const program: Program = {
      child,
      mayEnd: false,
      output: () => output,
      async end(signal) {
        program.mayEnd = true;
        const gone = once(child, 'exit');
        child.kill(signal);
        const [code, by] = await gone;
        return code ?? by;
      },
    };
    this.programs.push(program);
    return program;
  }

  async startCollector(...more: readonly string[]): Promise<Program> {
    const [first, second] = this.lab.server.addresses;
    const traversal = more.includes('--no-embedded-traversal')
      ? []
      : ['--traversal-address', `${first},${second}`];
    const args = [
      'collector',
      '--listen',
      `${first}:${collectorPort}`,
      '--data',
      `${this.folder}/data`,
      ...traversal,
      ...more,
    ];
    const program = this.start(this.lab.server, args, {
      PINHOLE_API_TOKEN: apiToken,
      PINHOLE_ACCOUNT_TOKEN: accountToken,
    });
    await this.present('the collector', async () =>
      (await fetch(`${this.collectorUrl}/healthz`)).ok ? true : null,
    );
    return program;
  }

  startAgent(site: string, collectorUrl = this.collectorUrl): Program {
    const args = ['agent', '--collector', collectorUrl, '--name', site, '--state', `${this.folder}/${site}`];
    return this.start(this.host(site), args, { PINHOLE_ACCOUNT_TOKEN: accountToken }, this.#asUser);
  }

  /** Starts an agent in each site, ticks "Behind a NAT" where asked, and waits until all are ready. Ids by site. */
  async startAgents(behindNat: Readonly<Record<string, boolean>>): Promise<Record<string, string>> {
    const sites = Object.keys(behindNat);
    for (const site of sites) this.startAgent(site);
    const ids = await this.enrolled(...sites);
    const ticked = sites.filter((site) => behindNat[site]);
    for (const site of ticked) await this.rest.request('PUT', `/agents/${ids[site]}`, { behindNat: true });
    await this.registered(...ticked);
    return ids;
  }

  /** Waits until the collector knows the agents of these sites. Ids by site. */
  async enrolled(...sites: readonly string[]): Promise<Record<string, string>> {
    return this.present('the agents', async () => {
      const ids = Object.fromEntries(
        (await this.agents()).map(({ agentName, agentId }) => [agentName, agentId]),
      );
      return sites.every((site) => site in ids) ? ids : null;
    });
  }

  async registered(...sites: readonly string[]): Promise<void> {
    await this.present('the registrations', async () => {
      const found = (await this.agents()).filter((agent) => sites.includes(agent.agentName));
      return found.every(
        ({ registration }) => registration?.status === 'registered' && registration.udp !== null,
      )
        ? true
        : null;
    });
  }

  /** Waits for the first compatibility check of each: it has the server send packets of many kinds. */
  async checked(...sites: readonly string[]): Promise<void> {
    await this.present('the compatibility checks', async () => {
      const found = (await this.agents()).filter((agent) => sites.includes(agent.agentName));
      return found.every(({ natTraversal }) => natTraversal.status !== 'checking') ? true : null;
    });
  }

  async agents() {
    return agentsSchema.parse(await this.rest.request('GET', '/agents')).agents;
  }

  /** A bidirectional UDP test that runs now; its first round has this id. */
  async instantTest(
    sourceId: string | undefined,
    targetId: string | undefined,
    more: object = {},
  ): Promise<string> {
    const { testId } = await this.rest.request<{ testId: string }>('POST', '/tests/agent-to-agent/instant', {
      testName: `${sourceId} to ${targetId} ${JSON.stringify(more)}`,
      protocol: 'udp',
      direction: 'bidirectional',
      targetAgentId: targetId,
      agents: [{ agentId: sourceId }],
      ...more,
    });
    return testId;
  }

  async runAgain(testId: string): Promise<number> {
    return (await this.rest.request<{ roundId: number }>('POST', `/tests/${testId}/run`)).roundId;
  }

  async results(testId: string): Promise<NetworkResult[]> {
    return networkResultsSchema.parse(
      await this.rest.request('GET', `/test-results/${testId}/network?window=1h`),
    ).results;
  }

  /** The results of a test, once there are `count`. */
  async resultsOf(testId: string, count: number): Promise<NetworkResult[]> {
    return this.present(`${count} results of test ${testId}`, async () => {
      const found = await this.results(testId);
      return found.length >= count ? found : null;
    });
  }

  /** What `ask` gives once it is there. Fails at once when a program has ended that nobody has ended. */
  async present<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
    const dead = () => this.programs.find(({ child, mayEnd }) => !mayEnd && child.exitCode !== null);
    const answer = await eventually(async () => (dead() === undefined ? ask() : undefined), waitLimitMs);
    assert.equal(dead()?.child.spawnargs.join(' '), undefined, 'a program ended by itself');
    assert.ok(answer !== null, `waited ${waitLimitMs / 1000} s for ${what}`);
    return answer as T;
  }
}

export function assertMeasured(results: readonly NetworkResult[], method: ConnectionMethod): void {
  for (const result of results) {
    assert.equal(result.errorDetails, undefined, `${result.errorDetails}: ${result.errorEvidence}`);
    assert.equal(result.loss, 0, JSON.stringify(result));
    assert.equal(result.measurement?.sent, 50);
    assert.equal(result.method, method);
  }
}

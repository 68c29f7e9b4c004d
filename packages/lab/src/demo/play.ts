// What a demo does once its network stands: agents enrol, tests are made as their agents are ready, rounds are shown.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent, NetworkResult } from '@pinhole/contract';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';
import type { Programs } from './programs.ts';
import { eventually, type RestClient, readToken, restClient } from './rest.ts';
import { roundLine } from './rounds.ts';
import { say } from './say.ts';
import type { DemoAgent, DemoTest, Scenario } from './scenario.ts';

export interface DemoPlay {
  readonly programs: Programs;
  readonly scenario: Scenario;
  /** As the agents reach it. */
  readonly collectorUrl: string;
  /** As the person at the terminal reaches it. */
  readonly pageUrl: string;
  /** Where an agent runs; null for this machine. */
  readonly placeOf: (agentName: string) => Place | null;
  readonly agentOptions: (index: number) => readonly string[];
  /** End after so many rounds of the first test. */
  readonly rounds: number | null;
  readonly signal: AbortSignal;
  readonly folder: string;
}

/** Generous: the first start of a program on a busy machine takes seconds. */
const startLimitMs = 60_000;
/** Node.js needs a second of a core to start; more at once only start later. */
const startsAtOnce = 3;
const assemblingEveryMs = 300;
/** REST takes 1,200 requests a minute, and the page wants some of them. */
const followingEveryMs = 2_000;
const intervalS = 60;

export async function playDemo(play: DemoPlay): Promise<void> {
  const { programs, signal } = play;
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  aborted.catch(() => undefined);
  await Promise.race([show(play), programs.failed, aborted]);
}

async function show(play: DemoPlay): Promise<void> {
  const { collectorUrl, pageUrl, scenario, rounds, folder } = play;
  const isUp = () => fetch(`${collectorUrl}/healthz`).then((response) => (response.ok ? true : null));
  if ((await eventually(isUp, startLimitMs)) === null)
    throw new LabError('program-failed', `The collector did not answer within ${startLimitMs / 1000} s.`);
  const [apiToken, accountToken, password] = ['api-token', 'account-token', 'admin-password'].map((name) =>
    readToken(`${folder}/collector/${name}`),
  );
  if (apiToken == null || accountToken == null || password == null)
    throw new LabError('program-failed', 'The collector has left no tokens, or no password.');
  const guestPassword = await addGuest(collectorUrl, apiToken);
  say(`
    Open        ${pageUrl}
    Name        admin
    Password    ${password}

Or sign in as guest with the password ${guestPassword}, who may only look.
Rounds go on each minute; Ctrl-C ends the demo and leaves nothing behind.
By REST:  curl -H "Authorization: Bearer ${apiToken}" ${pageUrl}/v7/agents
`);

  const rest = restClient(collectorUrl, apiToken);
  const ownRule = scenario.alertRule;
  const alertRule =
    ownRule === null ? null : await rest.request<{ ruleId: string }>('POST', '/alerts/rules', ownRule);
  const cast = assembly(play, rest, accountToken, alertRule?.ruleId ?? null);
  const followed = followRounds(rest, scenario);
  for (let firstTestRounds = 0; rounds === null || firstTestRounds < rounds; ) {
    const tests = await cast.step();
    firstTestRounds += await followed.step(tests);
    const isComplete = tests.size === scenario.tests.length;
    await sleep(isComplete ? followingEveryMs : assemblingEveryMs);
  }
}

/** Somebody who may only look; the password. */
async function addGuest(collectorUrl: string, apiToken: string): Promise<string> {
  const password = randomBytes(8).toString('hex');
  const response = await fetch(`${collectorUrl}/page/people`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'guest', password, access: 'read' }),
  });
  if (!response.ok)
    throw new LabError('program-failed', `The collector takes no guest: ${await response.text()}`);
  return password;
}

/** Starts the agents, sets them up as they enrol, and makes each test when all of its agents are ready. */
function assembly(play: DemoPlay, rest: RestClient, accountToken: string, ruleId: string | null) {
  const { scenario, programs } = play;
  const endMs = performance.now() + startLimitMs;
  const ids = new Map<string, string>();
  const ready = new Set<string>();
  const tests = new Map<DemoTest, string>();
  let started = 0;

  function start({ name }: DemoAgent): void {
    const state = `${play.folder}/agent-${started + 1}`;
    const args = ['agent', '--collector', play.collectorUrl, '--name', name, '--state', state];
    programs.start(`agent-${started + 1}`, play.placeOf(name), [...args, ...play.agentOptions(started)], {
      PINHOLE_ACCOUNT_TOKEN: accountToken,
    });
    started += 1;
  }

  async function meet(agent: Agent, { name, behindNat, disabled }: DemoAgent): Promise<void> {
    if (!ids.has(name)) {
      ids.set(name, agent.agentId);
      if (behindNat || disabled)
        await rest.request('PUT', `/agents/${agent.agentId}`, { behindNat, enabled: disabled !== true });
    } else if (!ready.has(name) && isReady(agent)) {
      ready.add(name);
      say(agentLine(agent));
    }
  }

  async function create(test: DemoTest): Promise<void> {
    const { sources, target, hasOwnRule, ...settings } = test;
    const { testId } = await rest.request<{ testId: string }>('POST', '/tests/agent-to-agent', {
      interval: intervalS,
      ...settings,
      ...(hasOwnRule && ruleId !== null && { alertRules: [ruleId] }),
      targetAgentId: ids.get(target),
      agents: sources.map((name) => ({ agentId: ids.get(name) })),
    });
    tests.set(test, testId);
  }

  return {
    /** The tests that are made, with their ids. */
    async step(): Promise<ReadonlyMap<DemoTest, string>> {
      if (tests.size === scenario.tests.length) return tests;
      for (; started < scenario.agents.length && started - ids.size < startsAtOnce; )
        start(scenario.agents[started]!);
      const { agents } = await rest.request<{ agents: Agent[] }>('GET', '/agents');
      for (const wanted of scenario.agents) {
        const agent = agents.find(({ agentName }) => agentName === wanted.name);
        if (agent !== undefined) await meet(agent, wanted);
      }
      for (const test of scenario.tests) {
        const isNext = !tests.has(test) && [...test.sources, test.target].every((name) => ready.has(name));
        if (isNext) await create(test);
      }
      if (tests.size < scenario.tests.length && performance.now() > endMs) {
        const missing = scenario.agents.map(({ name }) => name).filter((name) => !ready.has(name));
        throw new LabError('program-failed', `Waited in vain for ${missing.join(', ')}.`);
      }
      return tests;
    },
  };
}

/** Registered and checked where it is to be: what a check has found is what a pair of agents is planned by. */
function isReady({ behindNat, enabled, registration, natTraversal }: Agent): boolean {
  if (!behindNat || !enabled) return true;
  const isRegistered = registration?.status === 'registered' && registration.udp !== null;
  return isRegistered && natTraversal.status !== 'off' && natTraversal.status !== 'checking';
}

function agentLine({ agentName, enabled, behindNat, natTraversal, publicIpAddresses }: Agent): string {
  const state = !enabled
    ? 'disabled'
    : !behindNat
      ? 'Behind a NAT not ticked'
      : natTraversal.status === 'supported'
        ? 'behind a NAT'
        : 'NAT Issues: NAT traversal not supported';
  return `  ${agentName.padEnd(20)} ${publicIpAddresses.join(', ').padEnd(16)} ${state}`;
}

/** Says each round of each pair once, when all of its directions are in. */
function followRounds(rest: RestClient, { agents, tests }: Scenario) {
  const shown = new Set<string>();
  const pairWidth = Math.max(
    ...tests.flatMap(({ sources, target }) => sources.map((source) => `${source} – ${target}`.length)),
  );
  const isSwitchedOff = ({ sources, target, enabled }: DemoTest) =>
    enabled === false ||
    [...sources, target].some((name) => agents.find((agent) => agent.name === name)?.disabled === true);

  return {
    /** How many rounds of the first test it has said. */
    async step(made: ReadonlyMap<DemoTest, string>): Promise<number> {
      let ofFirst = 0;
      for (const [test, testId] of made) {
        if (isSwitchedOff(test)) continue;
        const url = `/test-results/${testId}/network?window=3m`;
        const { results } = await rest.request<{ results: NetworkResult[] }>('GET', url);
        const rounds = Map.groupBy(
          results.toReversed(),
          ({ roundId, agent }) => `${testId} ${agent.agentId} ${roundId}`,
        );
        for (const [round, rows] of rounds) {
          const directions = test.direction === 'bidirectional' ? 2 : 1;
          if (shown.has(round) || rows.length < directions) continue;
          shown.add(round);
          const { agent, targetAgent } = rows[0]!;
          const pair = `${agent.agentName} – ${targetAgent.agentName}`;
          say(roundLine(`${test.protocol.toUpperCase()}  ${pair.padEnd(pairWidth)}`, rows));
          if (test === tests[0]) ofFirst += 1;
        }
      }
      return ofFirst;
    },
  };
}

// What a demo does once its network stands: agents enrol, a test is made, rounds are shown.

import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';
import type { Programs } from './programs.ts';
import { eventually, type RestClient, readToken, restClient } from './rest.ts';
import { type ResultRow, roundLines } from './rounds.ts';
import { say } from './say.ts';

export interface DemoPlay {
  readonly programs: Programs;
  /** As the agents reach it. */
  readonly collectorUrl: string;
  /** As the person at the terminal reaches it. */
  readonly restUrl: string;
  readonly agents: readonly { readonly name: string; readonly place: Place | null }[];
  readonly agentOptions: (index: number) => readonly string[];
  readonly behindNat: boolean;
  readonly rounds: number | null;
  readonly signal: AbortSignal;
  /** @default where inside.ts has put it */
  readonly dataFolder?: string;
}

interface AgentRow {
  readonly agentId: string;
  readonly agentName: string;
  readonly registration?: { readonly status: string; readonly udp: { address: string; port: number } | null };
}

/** Generous: the first start of a program on a busy machine takes seconds. */
const startLimitMs = 60_000;

export async function playDemo(play: DemoPlay): Promise<void> {
  const { programs, signal } = play;
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  aborted.catch(() => undefined);
  await Promise.race([show(play), programs.failed, aborted]);
}

async function show(play: DemoPlay): Promise<void> {
  const { programs, collectorUrl, restUrl, agents, behindNat, dataFolder = '/run/pinhole-demo' } = play;
  say('\nStarting the collector with its NAT traversal server …');
  const folder = `${dataFolder}/collector`;
  await present('the collector', () =>
    fetch(`${collectorUrl}/healthz`).then((response) => (response.ok ? true : null)),
  );
  const [apiToken, accountToken] = [readToken(`${folder}/api-token`), readToken(`${folder}/account-token`)];
  if (apiToken === null || accountToken === null)
    throw new LabError('program-failed', 'The collector has left no tokens.');
  const rest = restClient(collectorUrl, apiToken);

  say('Starting an agent in each site …');
  agents.forEach(({ name, place }, i) => {
    const args = [
      'agent',
      '--collector',
      collectorUrl,
      '--name',
      name,
      '--state',
      `${dataFolder}/${name}`,
      ...play.agentOptions(i),
    ];
    programs.start(name, place, args, { PINHOLE_ACCOUNT_TOKEN: accountToken });
  });
  const enrolled = await present('the agents', async () => {
    const found = await listAgents(rest);
    return agents.every(({ name }) => found.some((each) => each.agentName === name)) ? found : null;
  });
  const ids = agents.map(({ name }) => enrolled.find((each) => each.agentName === name)!.agentId);

  if (behindNat) await tickBehindNat(rest, ids);
  const [sourceId, targetId] = ids;
  const { testId } = await rest.request<{ testId: string }>('POST', '/tests/agent-to-agent', {
    testName: 'Demo: site A to site B',
    protocol: 'udp',
    direction: 'bidirectional',
    interval: 60,
    targetAgentId: targetId,
    agents: [{ agentId: sourceId }],
  });
  say('Created a bidirectional UDP Agent to Agent test, a round each minute. The first begins now.\n');
  say(`REST:  curl -H "Authorization: Bearer ${apiToken}" ${restUrl}/v7/test-results/${testId}/network\n`);
  await followRounds(play, rest, testId);
}

async function tickBehindNat(rest: RestClient, ids: readonly string[]): Promise<void> {
  say('Ticking "Behind a NAT" on both; each now registers with the NAT traversal server …');
  for (const id of ids) await rest.request('PUT', `/agents/${id}`, { behindNat: true });
  const registered = await present('the registrations', async () => {
    const found = (await listAgents(rest)).filter(({ agentId }) => ids.includes(agentId));
    return found.every(
      ({ registration }) => registration?.status === 'registered' && registration.udp !== null,
    )
      ? found
      : null;
  });
  for (const { agentName, registration } of registered) {
    say(`  ${agentName} is seen as ${registration?.udp?.address}:${registration?.udp?.port}`);
  }
}

async function listAgents(rest: RestClient): Promise<AgentRow[]> {
  return (await rest.request<{ agents: AgentRow[] }>('GET', '/agents')).agents;
}

async function followRounds({ rounds, programs }: DemoPlay, rest: RestClient, testId: string): Promise<void> {
  const shown = new Set<number>();
  while (rounds === null || shown.size < rounds) {
    const { results } = await rest.request<{ results: ResultRow[] }>(
      'GET',
      `/test-results/${testId}/network?window=10m`,
    );
    const byRound = Map.groupBy(results, ({ roundId }) => roundId);
    for (const [roundId, rows] of [...byRound].sort(([a], [b]) => a - b)) {
      if (shown.has(roundId) || rows.length < 2) continue;
      shown.add(roundId);
      for (const line of roundLines(roundId, rows)) say(line);
      if (shown.size === 1 && rounds === null)
        say('Rounds go on each minute; Ctrl-C ends the demo and leaves nothing behind.\n');
    }
    await Promise.race([sleep(500), programs.failed]);
  }
}

async function present<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const answer = await eventually(ask, startLimitMs);
  if (answer === null)
    throw new LabError('program-failed', `Waited ${startLimitMs / 1000} s for ${what}, in vain.`);
  return answer;
}

// The lab of a matrix with its programs: a site and an agent for each kind, one collector with its NAT traversal server.

import { type Agent, agentsSchema } from '@pinhole/contract';
import { type Programs, startPrograms } from '../demo/programs.ts';
import { eventually, type RestClient, readToken, restClient } from '../demo/rest.ts';
import { LabError } from '../error.ts';
import { buildLab, type Lab } from '../lab.ts';
import { type NatKind, natKinds } from '../nat/kinds.ts';
import { asOne } from '../nat/layers.ts';
import type { Cell } from './cells.ts';
import { sideBySide } from './side-by-side.ts';

export interface MatrixSystem {
  readonly rest: RestClient;
  /** Rejects once a program has ended by itself, or the signal has come. */
  readonly interrupted: Promise<never>;
  /** The agents for a cell; two of a kind for a kind with itself. */
  agentIds(cell: Cell): { sourceId: string; targetId: string };
  close(): Promise<void>;
}

const collectorPort = 8080;
/** Generous: dozens of programs start on what may be two busy cores. */
const startLimitMs = 180_000;
/** REST takes 1,200 requests a minute, of all that wait at once. */
const askEveryMs = 500;
/** A site to another, and a site to the server, are twice this apart, each way. */
const linkDelayMs = 10;
/** Node.js needs a second of a core to start; more at once only start later. */
const startsAtOnce = 4;

/** `folder` takes the programs' state and logs. Throws LabError. */
export async function startMatrixSystem(
  cells: readonly Cell[],
  folder: string,
  signal: AbortSignal,
): Promise<MatrixSystem> {
  const seats = seatsOf(cells);
  const link = { delayMs: linkDelayMs };
  const lab = await buildLab(
    { sites: seats.map(({ site, kind }) => ({ name: site, nat: kind, link })), link },
    { verify: false },
  );
  const programs = startPrograms(folder, signal);
  const interrupted = Promise.race([programs.failed, abortion(signal)]);
  // Whoever waits for something races it against this; nobody may be waiting just now.
  interrupted.catch(() => undefined);
  const close = async () => {
    await programs.stop();
    await lab.close();
  };
  try {
    const rest = await startCollector({ lab, programs, folder, interrupted });
    const ids = await startAgents({ lab, programs, folder, interrupted }, seats, rest);
    const idOf = (kind: NatKind, nth: number) =>
      ids.get(seats.find((seat) => seat.kind === kind && seat.nth === nth)?.site ?? '')!;
    return {
      rest,
      interrupted,
      agentIds: ({ source, target }) => ({
        sourceId: idOf(source, 0),
        targetId: idOf(target, source === target ? 1 : 0),
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Seat {
  readonly site: string;
  readonly kind: NatKind;
  readonly nth: number;
}

/** A site for each kind, and a second one where a kind meets itself. */
function seatsOf(cells: readonly Cell[]): Seat[] {
  const kinds = [...new Set(cells.flatMap(({ source, target }) => [source, target]))];
  return kinds.flatMap((kind, index) => {
    const isTwice = cells.some(({ source, target }) => source === kind && target === kind);
    return (isTwice ? ['a', 'b'] : ['a']).map((letter, nth) => ({
      site: `${letter}${index + 1}`,
      kind,
      nth,
    }));
  });
}

interface Stage {
  readonly lab: Lab;
  readonly programs: Programs;
  readonly folder: string;
  readonly interrupted: Promise<never>;
}

async function startCollector({ lab, programs, folder, interrupted }: Stage): Promise<RestClient> {
  const [first, second] = lab.server.addresses;
  const url = collectorUrl(lab);
  programs.start('collector', lab.server, [
    'collector',
    '--listen',
    `${first}:${collectorPort}`,
    '--data',
    `${folder}/collector`,
    '--traversal-address',
    `${first},${second}`,
  ]);
  await present(interrupted, 'the collector', async () => ((await fetch(`${url}/healthz`)).ok ? true : null));
  const token = readToken(`${folder}/collector/api-token`);
  if (token === null) throw new LabError('program-failed', 'The collector has left no token.');
  return restClient(url, token);
}

function collectorUrl(lab: Lab): string {
  return `http://${lab.server.addresses[0]}:${collectorPort}`;
}

/** Starts an agent in each seat, and waits until each has registered that can. Agents' ids by site. */
async function startAgents(
  { lab, programs, folder, interrupted }: Stage,
  seats: readonly Seat[],
  rest: RestClient,
): Promise<Map<string, string>> {
  const env = { PINHOLE_ACCOUNT_TOKEN: readToken(`${folder}/collector/account-token`) ?? '' };
  const ids = new Map<string, string>();
  await sideBySide(seats, startsAtOnce, async ({ site, kind }) => {
    const args = ['agent', '--collector', collectorUrl(lab), '--name', site, '--state', `${folder}/${site}`];
    programs.start(site, lab.sites.get(site)!.hosts[0]!, args, env);
    const agent = await present(
      interrupted,
      `the agent ${site}`,
      async () => (await listAgents(rest)).find(({ agentName }) => agentName === site) ?? null,
    );
    ids.set(site, agent.agentId);
    if (natKinds[kind].length > 0) await rest.request('PUT', `/agents/${agent.agentId}`, { behindNat: true });
  });
  const awaited = new Map(
    seats.filter(({ kind }) => natKinds[kind].length > 0).map((seat) => [seat.site, seat.kind]),
  );
  await present(interrupted, 'the registrations', async () => {
    for (const { agentName, registration } of await listAgents(rest)) {
      const kind = awaited.get(agentName);
      // A NAT that forgets connections may lose it again: once is enough.
      if (kind !== undefined && isRegistered(kind, registration)) awaited.delete(agentName);
    }
    return awaited.size === 0 ? true : null;
  });
  return ids;
}

function isRegistered(kind: NatKind, registration: Agent['registration']): boolean {
  const blocked = asOne(natKinds[kind])?.blocked ?? [];
  if (blocked.includes('traversal-tcp')) return true;
  const overUdp = blocked.length > 0 || (registration?.udp ?? null) !== null;
  return registration?.status === 'registered' && overUdp;
}

async function listAgents(rest: RestClient): Promise<Agent[]> {
  return agentsSchema.parse(await rest.request('GET', '/agents')).agents;
}

async function present<T>(
  interrupted: Promise<never>,
  what: string,
  ask: () => Promise<T | null>,
): Promise<T> {
  const answer = await Promise.race([eventually(ask, startLimitMs, askEveryMs), interrupted]);
  if (answer === null)
    throw new LabError('program-failed', `Waited ${startLimitMs / 1000} s for ${what}, in vain.`);
  return answer;
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

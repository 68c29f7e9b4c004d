// The lab of a matrix with its programs: a site and an agent for each kind, one collector with its NAT traversal server.

import { type Agent, agentsSchema } from '@pinhole/contract';
import { compileCache, type Programs, startPrograms } from '../demo/programs.ts';
import { eventually, type RestClient, readToken, restClient } from '../demo/rest.ts';
import { LabError } from '../error.ts';
import { buildLab, type Lab } from '../lab.ts';
import { type NatKind, natKinds } from '../nat/kinds.ts';
import { asOne } from '../nat/layers.ts';
import type { Cell } from './cells.ts';
import { linkDelayMs } from './timing.ts';

export interface MatrixSystem {
  readonly rest: RestClient;
  /** Rejects once a program has ended by itself, or the signal has come. */
  readonly interrupted: Promise<never>;
  /** The agents for a cell. */
  agentIds(cell: Cell): { sourceId: string; targetId: string };
  close(): Promise<void>;
}

const collectorPort = 8080;
/** Generous: dozens of programs start on what may be two busy cores. */
const startLimitMs = 180_000;
/** REST takes 1,200 requests a minute. */
const askEveryMs = 400;
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
      agentIds: (cell) => {
        const [source, target] = agentsOf(cell);
        return { sourceId: idOf(cell.source, source), targetId: idOf(cell.target, target) };
      },
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

/** A site for each agent of each kind. */
function seatsOf(cells: readonly Cell[]): Seat[] {
  const counts = new Map<NatKind, number>();
  for (const cell of cells) {
    const [source, target] = agentsOf(cell);
    counts.set(cell.source, Math.max(counts.get(cell.source) ?? 0, source + 1));
    counts.set(cell.target, Math.max(counts.get(cell.target) ?? 0, target + 1));
  }
  return [...counts].flatMap(([kind, count], index) =>
    Array.from({ length: count }, (_, nth) => ({ site: `k${index + 1}n${nth + 1}`, kind, nth })),
  );
}

function agentsOf({ source, target, agents }: Cell): readonly [number, number] {
  return agents ?? [0, source === target ? 1 : 0];
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

/**
 * Starts an agent in each seat, and waits until each has registered that can, and until the first compatibility check of
 * each is in: pairs are planned by what the checks found out. Agents' ids by site.
 */
async function startAgents(
  { lab, programs, folder, interrupted }: Stage,
  seats: readonly Seat[],
  rest: RestClient,
): Promise<Map<string, string>> {
  const env = {
    PINHOLE_ACCOUNT_TOKEN: readToken(`${folder}/collector/account-token`) ?? '',
    ...(await compileCache(folder)),
  };
  const kinds = new Map(seats.map(({ site, kind }) => [site, kind]));
  const ids = new Map<string, string>();
  const ready = new Set<string>();
  let started = 0;
  await present(interrupted, 'the agents with their registrations and compatibility checks', async () => {
    for (const agent of await listAgents(rest)) {
      const { agentName: site, agentId } = agent;
      const kind = kinds.get(site)!;
      const isBehindNat = natKinds[kind].length > 0;
      if (!ids.has(site)) {
        if (isBehindNat) await rest.request('PUT', `/agents/${agentId}`, { behindNat: true });
        ids.set(site, agentId);
      }
      // A NAT that forgets connections may lose a registration again: once is enough.
      if (!isBehindNat || isReady(kind, agent)) ready.add(site);
    }
    for (; started < seats.length && started - ids.size < startsAtOnce; started++) {
      const { site } = seats[started]!;
      const args = [
        'agent',
        '--collector',
        collectorUrl(lab),
        '--name',
        site,
        '--state',
        `${folder}/${site}`,
      ];
      programs.start(site, lab.sites.get(site)!.hosts[0]!, args, env);
    }
    return ready.size === seats.length ? true : null;
  });
  return ids;
}

function isReady(kind: NatKind, { registration, natTraversal }: Agent): boolean {
  // In the list as it was before the tick, no check was asked for yet.
  return (
    natTraversal.status !== 'off' && natTraversal.status !== 'checking' && isRegistered(kind, registration)
  );
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

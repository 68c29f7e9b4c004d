// Measures the NATs of a lab with plain sockets, so that a test on them can be trusted.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { natLabel, natLayers } from '../description.ts';
import { LabError } from '../error.ts';
import type { Lab, Site } from '../lab.ts';
import { asOne } from '../nat/layers.ts';
import { serverName } from '../node.ts';
import { differences } from './differences.ts';
import { judge, type Measured } from './judge.ts';
import type { HostTask, Observation } from './observation.ts';

/** How long silence lasts before it is taken for silence: first in haste, then for a machine that is busy. */
const usualWaitsMs = [400, 3000];
/** Without the lifetimes that are waited for. */
const hostTimeoutMs = 30_000;

/**
 * Measures all sites at once; one that is not as described, again with the next wait. Throws LabError
 * `nat-not-as-described` or `verify-failed`.
 */
export async function verifyLab(
  lab: Lab,
  waitsMs: readonly number[] = usualWaitsMs,
): Promise<ReadonlyMap<string, Measured>> {
  const server = lab.server.spawn(process.execPath, [program('server-main.ts'), ...lab.server.addresses], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  try {
    const ready = once(createInterface({ input: server.stdout! }), 'line');
    if (!(await Promise.race([ready.then(() => true), ended.then(() => false)]))) {
      throw new LabError('verify-failed', 'The measuring program in the server namespace did not start.');
    }
    const sites = [...lab.sites.values()];
    const results = await Promise.all(sites.map((site) => verifySite(lab, site, waitsMs)));
    const complaints = results.flatMap(({ complaint }) => complaint ?? []);
    if (complaints.length > 0) throw new LabError('nat-not-as-described', complaints.join('\n'));
    return new Map(sites.map(({ name }, index) => [name, results[index]!.measured]));
  } finally {
    server.stdin!.end();
    await ended;
  }
}

interface SiteResult {
  readonly measured: Measured;
  /** A sentence where the site is not what it is called. */
  readonly complaint: string | null;
}

async function verifySite(lab: Lab, site: Site, waitsMs: readonly number[]): Promise<SiteResult> {
  const { nat } = site.description;
  const layers = natLayers(nat);
  const way = lab.way(site.name, serverName);
  // The last hop is the server.
  const hops = way.ttlRewrittenAt === null ? way.hops.length - 1 : null;
  let result: SiteResult | null = null;
  for (const waitMs of waitsMs) {
    const observation = await observe(lab, site, waitMs);
    const measured = judge(observation);
    const faults = differences(layers, hops, observation, measured);
    if (faults.length === 0) return { measured, complaint: null };
    const evidence = measured.evidence.join('; ');
    result = {
      measured,
      complaint: `Site ${site.name} is not ${natLabel(nat)}: ${faults.join('; ')}. Seen: ${evidence}.`,
    };
  }
  return result!;
}

async function observe(lab: Lab, site: Site, waitMs: number): Promise<Observation> {
  const behaviour = asOne(natLayers(site.description.nat));
  const [first, second] = lab.server.addresses;
  const task: HostTask = {
    serverAddresses: [first!, second!],
    publicAddress: site.publicAddress,
    waitMs,
    udpLifetimeMs: behaviour?.udpLifetimeMs ?? null,
    tcpIdleMs: behaviour?.tcpIdle?.afterMs ?? null,
  };
  const args = [program('host-main.ts'), JSON.stringify(task)];
  const longestMs = Math.max(task.udpLifetimeMs ?? 0, task.tcpIdleMs ?? 0);
  const { code, stdout, stderr } = await site.hosts[0]!.run(process.execPath, args, {
    timeoutMs: hostTimeoutMs + 2 * longestMs,
  });
  if (code === 0) return JSON.parse(stdout) as Observation;
  throw new LabError(
    'verify-failed',
    `The measuring program in site ${site.name} failed (exit code ${code}): ${stderr.trim()}`,
  );
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

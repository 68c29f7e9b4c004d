// `pinhole demo`: the inner half, which lives in the lab's core.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { parseDescription } from '../description.ts';
import { LabError } from '../error.ts';
import { buildLab, type Lab } from '../lab.ts';
import { planTopology } from '../topology.ts';
import { namesOf, serveNames } from './names/names.ts';
import { networksFile } from './networks.ts';
import { playDemo } from './play.ts';
import { compileCache, startPrograms } from './programs.ts';
import { say } from './say.ts';
import { demoAlertRule, demoDescription, demoSites, demoTests } from './scenario.ts';

export interface DemoTask {
  /** Where the outer half passes connections in. */
  readonly socketPath: string;
  /** What the page is called outside. */
  readonly pageUrl: string;
  readonly rounds: number | null;
}

const collectorPort = 8080;
/** In here only: it goes with the namespaces. */
const folder = '/run/pinhole-demo';

const task: DemoTask = JSON.parse(process.argv[2] ?? '{}');
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());

process.exitCode = await run().catch((error: unknown) => {
  if (ending.signal.aborted) return 0;
  process.stderr.write(`${error instanceof LabError ? error.message : String((error as Error).stack)}\n`);
  return 1;
});
process.exit();

async function run(): Promise<number> {
  const natted = demoSites.filter(({ site }) => site.nat !== 'none').length;
  say(`Building ${demoSites.length} sites, ${natted} of them behind NATs, with routers between them …`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [lab, cache] = await Promise.all([
    buildLab(demoDescription, { verify: false }),
    compileCache(folder),
  ]);
  Object.assign(process.env, cache);
  try {
    const programs = startPrograms(folder, ending.signal);
    await startCollector(lab, programs);
    openInner(task.socketPath, String(lab.server.addresses[0]));
    await playDemo({
      programs,
      scenario: {
        agents: demoSites.flatMap(({ agents }) => agents),
        tests: demoTests,
        alertRule: demoAlertRule,
      },
      collectorUrl: `http://${lab.server.addresses[0]}:${collectorPort}`,
      pageUrl: task.pageUrl,
      placeOf: (agentName) => placeOf(lab, agentName),
      agentOptions: () => [],
      rounds: task.rounds,
      signal: ending.signal,
      folder,
    });
    await programs.stop();
    return 0;
  } finally {
    await lab.close();
  }
}

/** It knows the demo's networks and names, as far as this machine lets it. */
async function startCollector(lab: Lab, programs: ReturnType<typeof startPrograms>): Promise<void> {
  const [first, second] = lab.server.addresses;
  const networks = `${folder}/networks.csv`;
  writeFileSync(networks, networksFile(demoSites));
  const topology = planTopology(parseDescription(demoDescription));
  const gateway = topology.server.routes[0]!.via[0]!;
  const hasNames = await serveNames(namesOf(topology), gateway, folder);
  programs.start('collector', lab.server, [
    'collector',
    '--listen',
    `${first}:${collectorPort}`,
    '--data',
    `${folder}/collector`,
    ...[first, second].flatMap((address) => ['--traversal-address', String(address)]),
    '--networks',
    networks,
    ...(hasNames ? [] : ['--no-reverse-dns']),
  ]);
}

function placeOf(lab: Lab, agentName: string) {
  const { site, agents } = demoSites.find((each) => each.agents.some(({ name }) => name === agentName))!;
  return lab.sites.get(site.name)!.hosts[agents.findIndex(({ name }) => name === agentName)]!;
}

/** The other end of the outer half's door. */
function openInner(socketPath: string, host: string): void {
  const server = createServer((outside) => {
    const collector = createConnection({ host, port: collectorPort });
    outside.on('error', () => collector.destroy());
    collector.on('error', () => outside.destroy());
    outside.pipe(collector).pipe(outside);
  });
  server.listen(socketPath);
}

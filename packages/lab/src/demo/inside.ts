// `pinhole demo`: the inner half, which lives in the lab's core.

import { mkdirSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { LabError } from '../error.ts';
import { buildLab, type Lab } from '../lab.ts';
import { playDemo } from './play.ts';
import { startPrograms } from './programs.ts';
import { say } from './say.ts';

export interface DemoTask {
  /** Where the outer half passes connections in. */
  readonly socketPath: string;
  /** What REST is called outside. */
  readonly restUrl: string;
  readonly rounds: number | null;
}

const collectorPort = 8080;
/** In here only: it goes with the namespaces. */
const dataFolder = '/run/pinhole-demo';

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
  say('Building two sites, each behind a NAT that drops whatever it did not ask for …');
  const lab = await buildLab({
    sites: [
      { name: 'a', nat: 'eim-apdf' },
      { name: 'b', nat: 'eim-apdf' },
    ],
  });
  try {
    sayTopology(lab);
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const [address, second] = lab.server.addresses;
    const collectorUrl = `http://${address}:${collectorPort}`;
    const programs = startPrograms(dataFolder, ending.signal);
    openInner(task.socketPath, String(address));
    const traversal = [address, second].flatMap((each) => ['--traversal-address', String(each)]);
    programs.start('collector', lab.server, [
      'collector',
      '--listen',
      `${address}:${collectorPort}`,
      '--data',
      `${dataFolder}/collector`,
      ...traversal,
    ]);
    const sites = [...lab.sites.values()].map((site) => ({
      name: `site-${site.name}`,
      place: site.hosts[0]!,
    }));
    const played = playDemo({
      programs,
      collectorUrl,
      restUrl: task.restUrl,
      agents: sites,
      agentOptions: () => [],
      behindNat: true,
      rounds: task.rounds,
      signal: ending.signal,
    });
    await played;
    await programs.stop();
    return 0;
  } finally {
    await lab.close();
  }
}

function sayTopology(lab: Lab): void {
  const lines = [...lab.sites.values()].map(
    (site) =>
      `  site ${site.name}: agent ${site.hosts[0]?.addresses[0]} ── NAT ${site.publicAddress} ── router ── Internet`,
  );
  say(`${lines.join('\n')}\n  collector and NAT traversal server: ${lab.server.addresses.join(' and ')}`);
  say('Both NATs measured: endpoint-independent mapping, address and port-dependent filtering.');
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

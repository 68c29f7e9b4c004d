// The demo where there can be no lab: the same programs and the same page, on this machine's loopback.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LabError } from '../error.ts';
import type { DemoOptions } from './demo.ts';
import { playDemo } from './play.ts';
import { startPrograms } from './programs.ts';
import { loopbackScenario } from './scenario.ts';

const agentPorts = [49153, 49154];

export async function runLoopbackDemo({ listen, rounds }: DemoOptions): Promise<number> {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-demo-'));
  const programs = startPrograms(folder, ending.signal);
  try {
    const port = await freePort(listen);
    const collectorUrl = `http://${listen.host}:${port}`;
    programs.start('collector', null, [
      'collector',
      '--listen',
      `${listen.host}:${port}`,
      '--data',
      `${folder}/collector`,
      '--no-embedded-traversal',
    ]);
    await playDemo({
      programs,
      scenario: loopbackScenario,
      collectorUrl,
      pageUrl: collectorUrl,
      placeOf: () => null,
      agentOptions: (i) => ['--port', String(agentPorts[i])],
      rounds: rounds ?? null,
      signal: ending.signal,
      folder,
    });
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    await programs.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The wanted port, or any where it is taken. */
async function freePort({ host, port }: DemoOptions['listen']): Promise<number> {
  for (const wanted of [port, 0]) {
    const server = createServer();
    const taken = await new Promise<number | null>((resolve) => {
      server.once('error', () => resolve(null));
      server.listen(wanted, host, () => resolve((server.address() as { port: number }).port));
    });
    server.close();
    if (taken !== null) return taken;
  }
  throw new LabError('program-failed', `No port of ${host} can be had.`);
}

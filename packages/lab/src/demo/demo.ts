// `pinhole demo`: the outer half. It enters the lab's namespaces, where inside.ts does the work, and lets this
// machine reach the page and REST that are served in there: a TCP port here, a Unix socket that both sides see, and
// from there to the collector.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { labAvailable } from '../enter/available.ts';
import { enterPrivateNamespaces } from '../enter/enter.ts';
import type { DemoTask } from './inside.ts';
import { runLoopbackDemo } from './loopback.ts';

export interface DemoOptions {
  /** Where the page and REST are to be reached; another port is taken where this one is not free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** End after so many rounds of the first test. @default never */
  readonly rounds?: number;
}

/** Resolves with the exit code. */
export async function runDemo({ listen, rounds }: DemoOptions): Promise<number> {
  const availability = await labAvailable();
  if (!availability.available) {
    process.stdout.write(
      `${availability.reason}\nSo there are no NATs in this demo: two agents on this machine's loopback.\n\n`,
    );
    return runLoopbackDemo({ listen, rounds });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-demo-'));
  const socketPath = path.join(folder, 'page.sock');
  const server = await openDoor(listen, socketPath);
  try {
    const { port } = server.address() as { port: number };
    const task: DemoTask = { socketPath, pageUrl: `http://${listen.host}:${port}`, rounds: rounds ?? null };
    const inside = fileURLToPath(new URL('./inside.ts', import.meta.url));
    return await enterPrivateNamespaces([process.execPath, inside, JSON.stringify(task)]);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Passes connections on to the Unix socket. */
async function openDoor({ host, port }: DemoOptions['listen'], socketPath: string): Promise<Server> {
  const server = createServer((outside) => {
    outside.on('error', () => outside.destroy());
    if (!existsSync(socketPath)) {
      outside.destroy();
      return;
    }
    const inside = createConnection(socketPath);
    inside.on('error', () => outside.destroy());
    outside.on('close', () => inside.destroy());
    inside.on('close', () => outside.destroy());
    outside.pipe(inside).pipe(outside);
  });
  // Connections in progress do not keep a finished demo from ending.
  server.on('connection', (socket) => socket.unref());
  for (const wanted of [port, 0]) {
    const error = await new Promise<Error | null>((resolve) => {
      server.once('error', resolve);
      server.listen(wanted, host, () => resolve(null));
    });
    if (error === null) return server;
  }
  throw new Error(`no port of ${host} can be had`);
}

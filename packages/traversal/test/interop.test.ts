// Clients that others wrote, unchanged, against this server. They are Debian's packages coturn and stun-client.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createNet } from '@pinhole/net';
import { patienceMs, startServer } from './client.ts';

interface Client {
  readonly command: string;
  readonly debianPackage: string;
  /** The server has 127.0.0.1 and 127.0.0.2, and these ports. */
  readonly args: (port: number) => string[];
  /** What it must have found out. */
  readonly says: (ports: readonly [number, number]) => readonly RegExp[];
}

const clients: readonly Client[] = [
  {
    command: 'turnutils_stunclient',
    debianPackage: 'coturn',
    args: (port) => ['-p', String(port), '127.0.0.1'],
    // The second and third answers come from the endpoint named in OTHER-ADDRESS.
    says: ([first, second]) => [
      new RegExp(`response 1\\n.*Response origin: : 127\\.0\\.0\\.1:${first}`),
      new RegExp(`response 2\\n.*Response origin: : 127\\.0\\.0\\.2:${second}`),
      new RegExp(`response 3\\n.*Response origin: : 127\\.0\\.0\\.2:${second}`),
      /UDP reflexive addr: 127\.0\.0\.1:\d+/,
    ],
  },
  {
    command: 'stun',
    debianPackage: 'stun-client',
    args: (port) => [`127.0.0.1:${port}`, '-v'],
    // RFC 3489: each test got its answer, from where it asked for.
    says: ([first, second]) => [
      /test I = 1\ntest II = 1\ntest III = 1\ntest I\(2\) = 1\nis nat {2}= 0/,
      /Primary: Open/,
      new RegExp(`SourceAddress = 127\\.0\\.0\\.2:${first}`),
      new RegExp(`SourceAddress = 127\\.0\\.0\\.1:${second}`),
    ],
  },
];

describe('an unmodified STUN client', () => {
  for (const { command, debianPackage, args, says } of clients) {
    // Where CI promises to have them, a missing one is a failure.
    const missing = isInstalled(command) ? false : `${command} is not installed (Debian: ${debianPackage})`;
    it(command, { skip: process.env.CI === 'true' ? false : missing }, async () => {
      assert.equal(missing, false);
      const { net } = createNet();
      const server = await startServer(net, ['127.0.0.1', '127.0.0.2']);
      try {
        const [first = 0, second = 0] = server.endpoints.map(({ port }) => port);
        const output = await run(command, args(first));
        for (const line of says([first, second])) assert.match(output, line);
      } finally {
        server.close();
        await net.close();
      }
    });
  }
});

/** Standard output and error, whatever the exit code: `stun` tells the kind of NAT by it. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const outcome = await promisify(execFile)(command, args, { timeout: patienceMs }).catch((error) => error);
  return `${outcome.stdout}${outcome.stderr}`;
}

function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

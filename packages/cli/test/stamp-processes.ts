// `pinhole stamp` as real processes over loopback, and plain sockets beside them.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StampReport } from '@pinhole/agent/parts';

const executable = fileURLToPath(new URL('../../../bin/pinhole', import.meta.url));
export const keyText = 'a key that both ends know';

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The first match of the output; rejects where the program ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

export function run(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(executable, ['stamp', ...args], { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const said = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(stdout);
        if (match !== null) resolve(match);
      };
      child.stdout.on('data', look);
      ended.then((end) => reject(new Error(`ended: ${end.stdout}${end.stderr}`)), reject);
      look();
    });
  return { child, ended, said };
}

/** A reflector on a free port of loopback. */
export async function reflect(t: TestContext, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const reflector = run(t, ['reflect', '--listen', '127.0.0.1:0', ...args], env);
  const [, port] = await reflector.said(/127\.0\.0\.1:(\d+)/);
  return { ...reflector, port: Number(port) };
}

/** Sends a round of 10 probes and reads its figures. */
export async function send(
  t: TestContext,
  port: number,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
) {
  const target = `127.0.0.1:${port}`;
  const { code, stdout, stderr } = await run(t, ['send', target, '--count', '10', '--json', ...args], env)
    .ended;
  assert.equal(stderr, '');
  return { code, report: JSON.parse(stdout) as StampReport & { startedAt: string } };
}

export async function openSocket(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}

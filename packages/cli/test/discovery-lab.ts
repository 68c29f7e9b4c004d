// Discoveries in the lab: a NAT traversal server with two addresses, and an agent's driver on any host.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DiscoveryReport, TrialOutcome, TrialPlan } from '@pinhole/nat';
import { secret } from './discoverer.ts';
import type { System } from './system.ts';

/** As the discoverer's. */
const testPortNumber = 49_153;

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Resolves once it serves. */
export async function startServer(system: System): Promise<void> {
  const secretFile = `${system.folder}/traversal-secret`;
  writeFileSync(secretFile, secret);
  const addresses = system.lab.server.addresses.flatMap((address) => ['--address', address]);
  const args = ['traversal', ...addresses, '--secret-file', secretFile];
  const server = system.start(system.lab.server, args);
  await system.present('the NAT traversal server', async () =>
    server.output().includes('ready') ? true : null,
  );
}

/** What an agent in this site finds out. Each site's has an id of its own: the server counts what each asks for. */
export async function discoverIn(
  system: System,
  site: string,
): Promise<{ report: DiscoveryReport; tookMs: number }> {
  const agentId = String([...system.lab.sites.keys()].indexOf(site) + 1);
  return run(system, site, 'discoverer-main.ts', agentId);
}

/**
 * This site's test port has sent to the server, and then a packet from another port of the server's host comes to it
 * before one has gone there: behind a NAT that can be poisoned, what the test port then sends there leaves from another
 * port of the NAT's, and so does what it sends anywhere for the first time.
 */
export async function poisonTestPort(system: System, site: string): Promise<void> {
  const address = String(system.lab.server.addresses[0]);
  const [server, peer] = [9119, 33_333].map((port) => ({ address, port }));
  const { publicAddress } = system.lab.sites.get(site)!;
  const sent = (port: number, to: { address: string; port: number }) => [
    '--eval',
    `const socket = require('node:dgram').createSocket('udp4');
     socket.bind(${port}, () => socket.send('early', ${to.port}, '${to.address}', () => socket.close()));`,
  ];
  const early = sent(peer!.port, { address: publicAddress, port: testPortNumber });
  for (const [host, args] of [
    [system.host(site), sent(testPortNumber, server!)],
    [system.lab.server, early],
    [system.host(site), sent(testPortNumber, peer!)],
  ] as const) {
    const { code, stderr } = await host.run(process.execPath, args);
    assert.equal(code, 0, stderr);
  }
}

/** What becomes of these trials of lifetimes in this site, side by side. */
export async function tryIn(
  system: System,
  site: string,
  plans: readonly TrialPlan[],
): Promise<TrialOutcome[]> {
  return run(system, site, 'trials-main.ts', JSON.stringify(plans));
}

async function run<T>(system: System, site: string, name: string, argument: string): Promise<T> {
  const args = [program(name), String(system.lab.server.addresses[0]), argument];
  // Programs that start together start in half the time.
  const env = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? `${system.folder}/compile-cache` };
  const { code, stdout, stderr } = await system.host(site).run(process.execPath, args, { env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

// The names of a lab's addresses: which they are, and a name server that the lab's programs ask.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IpAddress } from '@pinhole/wire';
import { execute } from '../../execute.ts';
import { isolatedNodes } from '../../script.ts';
import type { Topology } from '../../topology.ts';
import { answerPtr } from './ptr.ts';

const dnsPort = 53;
const resolverFile = '/etc/resolv.conf';
const timeoutMs = 10_000;

/** As routers' addresses are called as a rule: the interface, then the router. `example` is nobody's (RFC 2606). */
export function namesOf(topology: Topology): Map<IpAddress, string> {
  return new Map(
    [topology.core, ...isolatedNodes(topology)].flatMap((node) =>
      node.interfaces.flatMap(({ name, addresses }) =>
        addresses.map(({ address }): [IpAddress, string] => [address, `${name}.${node.name}.example`]),
      ),
    ),
  );
}

/**
 * Serves these names at an address of the core, and has the programs that are started in the lab from now on ask there.
 * False, with nothing changed, where this machine does not let it.
 */
export async function serveNames(
  names: ReadonlyMap<IpAddress, string>,
  address: IpAddress,
  folder: string,
): Promise<boolean> {
  const target = reachableTarget();
  if (target === null) return false;
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address: from }) => {
    const answer = answerPtr(query, names);
    if (answer !== null) socket.send(answer, port, from);
  });
  try {
    socket.bind(dnsPort, address);
    await once(socket, 'listening');
  } catch {
    return false;
  }
  // An answer that cannot be sent is lost, as others are.
  socket.on('error', () => {});
  socket.unref();
  const own = path.join(folder, 'resolv.conf');
  writeFileSync(own, `nameserver ${address}\n`);
  // The mounts are the lab's own, as its network is.
  const { code } = await execute('mount', ['--bind', own, target], { timeoutMs });
  if (code !== 0) socket.close();
  return code === 0;
}

/** The file behind the resolver's configuration; one under /run, which the lab has for itself, is made if need be. */
function reachableTarget(): string | null {
  try {
    return realpathSync(resolverFile);
  } catch {
    // It is missing, or points to where the lab has nothing.
  }
  try {
    const target = path.resolve(path.dirname(resolverFile), readlinkSync(resolverFile));
    if (!target.startsWith('/run/')) return null;
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, '');
    return target;
  } catch {
    return null;
  }
}

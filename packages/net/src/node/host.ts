import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { addressFamily, type IpAddress, parseIpAddress } from '@pinhole/wire';
import type { Host, InterfaceAddresses } from '../types.ts';

export const systemHost: Host = {
  get hostname() {
    return hostname();
  },
  interfaces() {
    const found: InterfaceAddresses[] = [];
    for (const [interfaceName, entries] of Object.entries(networkInterfaces())) {
      const ipAddresses = (entries ?? [])
        .filter((entry) => !entry.internal)
        .map((entry) => parseIpAddress(entry.address))
        .filter((address) => address !== null);
      if (ipAddresses.length > 0) found.push({ interfaceName, ipAddresses });
    }
    return found;
  },
  sourceFor(destination) {
    const socket = createSocket(addressFamily(destination) === 4 ? 'udp4' : 'udp6');
    return new Promise<IpAddress | null>((resolve) => {
      socket.once('error', () => resolve(null));
      socket.once('connect', () => resolve(parseIpAddress(socket.address().address)));
      // Only the route is asked for; the port is of no importance, but must be one.
      socket.connect(9, destination);
    }).finally(() => socket.close());
  },
  async resolve(name) {
    const literal = parseIpAddress(name);
    if (literal !== null) return [literal];
    try {
      const answers = await lookup(name, { all: true });
      const addresses = answers.map((answer) => parseIpAddress(answer.address));
      return [...new Set(addresses.filter((address): address is IpAddress => address !== null))];
    } catch {
      return [];
    }
  },
};

// Two homes behind NATs, and a server on the network between them.

import { endpoint } from '@pinhole/wire';
import {
  createSimulation,
  type LinkOptions,
  type NatBehaviour,
  type SimHost,
  type Simulation,
} from '../src/sim/index.ts';
import type { Datagram, IcmpReport, UdpSocket } from '../src/types.ts';

export const SERVER = '203.0.113.10';
export const A_OUTSIDE = '198.51.100.1';
export const B_OUTSIDE = '198.51.100.2';

export interface HomesOptions {
  readonly seed?: number;
  readonly a?: Partial<NatBehaviour>;
  readonly b?: Partial<NatBehaviour>;
  /** From each NAT to the internet and back. */
  readonly link?: LinkOptions;
}

export interface Homes {
  readonly simulation: Simulation;
  readonly a: SimHost;
  readonly neighbourOfA: SimHost;
  readonly b: SimHost;
  readonly server: SimHost;
}

export function twoHomes({ seed = 1, a = {}, b = {}, link = {} }: HomesOptions = {}): Homes {
  const simulation = createSimulation({ seed });
  const internet = simulation.network('internet');
  const server = simulation.host({ name: 'server', network: internet, addresses: [SERVER, '203.0.113.11'] });
  const home = (name: string, outsideAddress: string, behaviour: Partial<NatBehaviour>) => {
    const network = simulation.network(name);
    simulation.nat({
      inside: network,
      insideAddress: '10.0.0.1',
      outside: internet,
      outsideAddresses: [outsideAddress],
      outsideLink: { outgoing: link, incoming: link },
      behaviour,
    });
    const host = (last: number) =>
      simulation.host({ name: `${name}${last}`, network, addresses: [`10.0.0.${last}`] });
    return { first: host(2), second: host(3) };
  };
  const [homeA, homeB] = [home('a', A_OUTSIDE, a), home('b', B_OUTSIDE, b)];
  return { simulation, a: homeA.first, neighbourOfA: homeA.second, b: homeB.first, server };
}

export interface Peer {
  readonly socket: UdpSocket;
  readonly received: Datagram[];
  readonly errors: IcmpReport[];
}

/** A socket that keeps what it hears. */
export async function openUdp({ net }: SimHost, port = 0, address = '0.0.0.0'): Promise<Peer> {
  const received: Datagram[] = [];
  const errors: IcmpReport[] = [];
  const socket = await net.udp.open(
    { local: endpoint(address, port) },
    {
      onDatagrams: (batch) => received.push(...batch),
      onUnreachable: (report) => errors.push(report),
    },
  );
  return { socket, received, errors };
}

// A host: addresses on one or more networks, and the sockets that packets to them belong to.

import { addressFamily, type Endpoint, type IpAddress, ip } from '@pinhole/wire';
import type { Generator } from './generator.ts';
import type { Attachment, Node } from './network.ts';
import { type IcmpPacket, icmpError, type Packet, type TcpPacket, type UdpPacket } from './packet.ts';
import type { World } from './world.ts';

const LOOPBACKS: readonly IpAddress[] = [ip('127.0.0.1'), ip('::1')];
const UNSPECIFIED: readonly IpAddress[] = [ip('0.0.0.0'), ip('::')];
/** From one socket of a host to another. */
const LOCAL_DELIVERY_NS = 5000;

// Linux: net.ipv4.ip_local_port_range
const FIRST_EPHEMERAL_PORT = 32_768;
const EPHEMERAL_PORTS = 28_232;

/** How packets to one address leave. */
interface Way {
  readonly source: IpAddress;
  /** Null for what stays on this host. */
  readonly via: Attachment | null;
}

/** One protocol's sockets. */
export interface Stack<P extends Packet> {
  receive(packet: P): void;
  /** An error about a packet of ours. */
  receiveError(error: IcmpPacket, quoted: P): void;
}

export class SimulatedHost implements Node {
  /** None: a host forwards nothing. */
  readonly routes: readonly Attachment[] = [];
  readonly name: string;
  readonly world: World;
  readonly random: Generator;
  readonly attachments: Attachment[] = [];
  #ways = new Map<IpAddress, Way | null>();
  #waysTopology = 0;
  udp: Stack<UdpPacket> | null = null;
  tcp: Stack<TcpPacket> | null = null;
  icmp: { receive(packet: IcmpPacket): void } | null = null;

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    this.random = world.random.fork();
  }

  receive(packet: Packet): void {
    if (!this.owns(packet.destination.address)) return;
    if (packet.protocol === 'udp') this.udp?.receive(packet);
    else if (packet.protocol === 'tcp') this.tcp?.receive(packet);
    else this.#receiveError(packet);
  }

  #receiveError(packet: IcmpPacket): void {
    const { quoted } = packet;
    this.icmp?.receive(packet);
    if (quoted.protocol === 'udp') this.udp?.receiveError(packet, quoted);
    else this.tcp?.receiveError(packet, quoted);
  }

  /** @returns whether there is a way to go */
  send(packet: Packet): boolean {
    const { source, destination } = packet;
    const way = this.#wayTo(destination.address);
    if (way?.via === null) {
      this.world.after(LOCAL_DELIVERY_NS, () => this.receive(packet));
      return true;
    }
    // Bound to an address other than the usual one, it leaves by that one's network.
    const via = way?.source === source.address ? way.via : this.#attachmentOf(source.address);
    if (via === undefined) return false;
    if (via !== way?.via && !via.network.leadsTo(destination.address, this)) return false;
    via.network.send(packet, via);
    return true;
  }

  /** Answers a packet that no socket wanted. */
  refuse(packet: Packet): void {
    const error = icmpError(packet, packet.destination.address, 'port-unreachable');
    if (error !== null) this.send(error);
  }

  owns(address: IpAddress): boolean {
    return LOOPBACKS.includes(address) || this.#attachmentOf(address) !== undefined;
  }

  /** Whether a socket may be bound to `address`. */
  canBind(address: IpAddress): boolean {
    return isUnspecified(address) || this.owns(address);
  }

  /** The source address of packets to `destination`; null where no network leads there. */
  sourceFor(destination: IpAddress): IpAddress | null {
    return this.#wayTo(destination)?.source ?? null;
  }

  #wayTo(destination: IpAddress): Way | null {
    if (this.#waysTopology !== this.world.topology) {
      this.#ways = new Map();
      this.#waysTopology = this.world.topology;
    }
    let way = this.#ways.get(destination);
    if (way === undefined) {
      way = this.#findWay(destination);
      this.#ways.set(destination, way);
    }
    return way;
  }

  #findWay(destination: IpAddress): Way | null {
    if (this.owns(destination)) return { source: destination, via: null };
    const family = addressFamily(destination);
    for (const via of this.attachments) {
      const source = via.addresses.find((address) => addressFamily(address) === family);
      if (source !== undefined && via.network.leadsTo(destination, this)) return { source, via };
    }
    return null;
  }

  /** A port for which `isFree` holds; null when there is none. */
  ephemeralPort(isFree: (port: number) => boolean): number | null {
    const offset = this.random.below(EPHEMERAL_PORTS);
    for (let i = 0; i < EPHEMERAL_PORTS; i++) {
      const port = FIRST_EPHEMERAL_PORT + ((offset + i) % EPHEMERAL_PORTS);
      if (isFree(port)) return port;
    }
    return null;
  }

  #attachmentOf(address: IpAddress): Attachment | undefined {
    return this.attachments.find(({ addresses }) => addresses.includes(address));
  }
}

export function isUnspecified(address: IpAddress): boolean {
  return UNSPECIFIED.includes(address);
}

/** Whether sockets bound to the two would take each other's packets. */
export function overlaps(a: Endpoint, b: Endpoint): boolean {
  return (
    a.port === b.port &&
    addressFamily(a.address) === addressFamily(b.address) &&
    (a.address === b.address || isUnspecified(a.address) || isUnspecified(b.address))
  );
}

import { addressFamily, type IcmpError } from '@pinhole/wire';
import type { IcmpHandler, IcmpOpener, IcmpSocket } from '../types.ts';
import type { SimulatedHost } from './host.ts';
import type { IcmpPacket, TcpPacket, UdpPacket } from './packet.ts';

const UDP_HEADER_OCTETS = 8;

/** Every program here may open raw sockets. */
export class IcmpStack implements IcmpOpener {
  readonly #host: SimulatedHost;
  readonly #handlers = new Set<IcmpHandler>();

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  available(): boolean {
    return true;
  }

  async open({ onError }: IcmpHandler): Promise<IcmpSocket> {
    // A value of its own: one handler may be given to several sockets.
    const entry: IcmpHandler = { onError };
    this.#handlers.add(entry);
    return { close: () => void this.#handlers.delete(entry) };
  }

  receive(packet: IcmpPacket): void {
    if (this.#handlers.size === 0) return;
    const { world } = this.#host;
    const { source, ttl } = packet;
    const report = { from: source.address, ttl, receivedAtNs: world.nowNs, error: errorOf(packet) };
    for (const handler of [...this.#handlers]) {
      if (this.#handlers.has(handler)) world.call(() => handler.onError(report));
    }
  }

  closeAll(): void {
    this.#handlers.clear();
  }
}

function errorOf({ source, icmpType, icmpCode, quoted }: IcmpPacket): IcmpError {
  return {
    family: addressFamily(source.address),
    type: icmpType,
    code: icmpCode,
    mtu: 0,
    quoted: quotedOf(quoted),
    extensions: { mpls: [] },
  };
}

function quotedOf(packet: UdpPacket | TcpPacket): IcmpError['quoted'] {
  const { source, destination, ttl, dscp } = packet;
  const header = { source, destination, ttl, dscp };
  if (packet.protocol === 'tcp')
    return { ...header, protocol: 'tcp', tcpSequence: packet.sequence % 2 ** 32 };
  return { ...header, protocol: 'udp', udpLength: UDP_HEADER_OCTETS + packet.payload.length };
}

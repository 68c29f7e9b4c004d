import type { IpAddress } from '@pinhole/wire';
import type { Attachment, Node } from './network.ts';
import { forwarded, icmpError, type Packet } from './packet.ts';

/** Forwards between its networks, taking one from the TTL. */
export class Router implements Node {
  readonly routes: Attachment[] = [];
  /** Sends no time-exceeded. */
  readonly #silent: boolean;

  constructor(silent: boolean) {
    this.#silent = silent;
  }

  receive(packet: Packet, via: Attachment): void {
    if (this.routes.some(({ addresses }) => addresses.includes(packet.destination.address))) return;
    if (packet.ttl <= 1) {
      const error = this.#silent ? null : icmpError(packet, ownAddress(via), 'time-exceeded');
      if (error !== null) via.network.send(error, via);
      return;
    }
    const out = this.#wayTo(packet.destination.address, via);
    out?.network.send(forwarded(packet, packet.source, packet.destination, packet.ttl - 1), out);
  }

  #wayTo(address: IpAddress, via: Attachment): Attachment | undefined {
    const others = this.routes.filter((attachment) => attachment !== via);
    const visited = () => new Set([via.network]);
    return (
      others.find(({ network }) => network.reaches(address, visited())) ??
      others.find(({ network }) => network.leadsTo(address, this))
    );
  }
}

export function ownAddress({ addresses }: Attachment): IpAddress {
  return addresses[0]!;
}

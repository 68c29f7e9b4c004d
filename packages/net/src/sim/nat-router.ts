// A router whose outside sees it as one host: the NAT of nat.ts, with packets.

import type { Nat, NatBehaviour } from './nat.ts';
import type { Attachment, Node } from './network.ts';
import {
  ACK,
  type IcmpPacket,
  icmpError,
  type Packet,
  resetFor,
  SYN,
  type TcpPacket,
  type UdpPacket,
} from './packet.ts';
import { ownAddress } from './router.ts';
import type { World } from './world.ts';

export class NatRouter implements Node {
  /** None: nobody routes through a NAT without its leave. */
  readonly routes: readonly Attachment[] = [];
  readonly #world: World;
  readonly #nat: Nat;
  readonly #behaviour: NatBehaviour;
  #inside: Attachment | null = null;
  #outside: Attachment | null = null;

  constructor(world: World, nat: Nat, behaviour: NatBehaviour) {
    this.#world = world;
    this.#nat = nat;
    this.#behaviour = behaviour;
  }

  connect(inside: Attachment, outside: Attachment): void {
    this.#inside = inside;
    this.#outside = outside;
  }

  receive(packet: Packet, via: Attachment): void {
    const [inside, outside] = [this.#inside, this.#outside];
    if (inside === null || outside === null) return;
    if (via === inside) this.#fromInside(packet, inside, outside);
    else this.#fromOutside(packet, inside, outside);
  }

  #fromInside(packet: Packet, inside: Attachment, outside: Attachment): void {
    if (inside.addresses.includes(packet.destination.address)) return;
    if (packet.ttl <= 1) {
      answer(inside, icmpError(packet, ownAddress(inside), 'time-exceeded'));
      return;
    }
    const translated = this.#translateOut({ ...packet, ttl: packet.ttl - 1 }, outside);
    if (translated === null) return;
    if (!outside.addresses.includes(packet.destination.address)) outside.network.send(translated, outside);
    else if (this.#behaviour.hairpinning) this.#deliver(translated, inside);
  }

  #translateOut(packet: Packet, outside: Attachment): Packet | null {
    const { nowMs } = this.#world;
    if (packet.protocol !== 'icmp') {
      const source = this.#nat.outbound(packet.protocol, packet.source, packet.destination, nowMs);
      return source === null ? null : { ...packet, source };
    }
    const { quoted } = packet;
    const external = this.#nat.externalOf(quoted.protocol, quoted.destination, quoted.source, nowMs);
    if (external === null) return null;
    const source = { address: ownAddress(outside), port: 0 };
    return { ...packet, source, quoted: { ...quoted, destination: external } };
  }

  #fromOutside(packet: Packet, inside: Attachment, outside: Attachment): void {
    if (!outside.addresses.includes(packet.destination.address)) return;
    if (packet.ttl <= 1) {
      answer(outside, icmpError(packet, ownAddress(outside), 'time-exceeded'));
      return;
    }
    if (!this.#deliver({ ...packet, ttl: packet.ttl - 1 }, inside) && packet.protocol !== 'icmp') {
      this.#answerUnsolicited(packet, outside);
    }
  }

  /** @returns whether it met something, and no answer is due */
  #deliver(packet: Packet, inside: Attachment): boolean {
    if (packet.protocol === 'icmp') return this.#deliverError(packet, inside);
    const { nowMs } = this.#world;
    if (packet.protocol === 'tcp' && !this.#behaviour.simultaneousOpen && isSyn(packet)) return true;
    const destination = this.#nat.inbound(packet.protocol, packet.destination, packet.source, nowMs);
    if (destination === null) return false;
    inside.network.send({ ...packet, destination }, inside);
    return true;
  }

  #deliverError(packet: IcmpPacket, inside: Attachment): boolean {
    const { quoted } = packet;
    const { nowMs } = this.#world;
    const source = this.#nat.insideOf(quoted.protocol, quoted.source, quoted.destination, nowMs);
    if (source === null) return false;
    const destination = { address: source.address, port: 0 };
    inside.network.send({ ...packet, destination, quoted: { ...quoted, source } }, inside);
    return true;
  }

  #answerUnsolicited(packet: UdpPacket | TcpPacket, outside: Attachment): void {
    switch (this.#behaviour.unsolicited) {
      case 'drop':
        return;
      case 'reset':
        if (packet.protocol === 'tcp') answer(outside, resetFor(packet));
        return;
      case 'icmp':
        answer(outside, icmpError(packet, packet.destination.address, 'port-unreachable'));
        return;
    }
  }
}

function isSyn({ flags }: TcpPacket): boolean {
  return (flags & (SYN | ACK)) === SYN;
}

function answer(via: Attachment, packet: Packet | null): void {
  if (packet !== null) via.network.send(packet, via);
}

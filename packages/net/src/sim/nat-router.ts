// A router whose outside sees it as one host: the NAT of nat.ts, with packets.

import type { Endpoint } from '@pinhole/wire';
import type { Nat } from './nat.ts';
import type { NatBehaviour } from './nat-behaviour.ts';
import type { Attachment, Node } from './network.ts';
import {
  ACK,
  forwarded,
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
    if (packet.protocol === 'icmp') {
      this.#errorFromInside(packet, inside, outside);
      return;
    }
    if (this.#isBlocked(packet)) return;
    const { protocol, source: own, destination } = packet;
    const source = this.#nat.outbound(protocol, own, destination, this.#world.nowMs, opens(packet));
    if (source === null) {
      if (packet.protocol === 'tcp') this.#answerForgotten(packet, inside);
      return;
    }
    const translated = forwarded(packet, source, destination, packet.ttl - 1);
    if (!outside.addresses.includes(destination.address)) outside.network.send(translated, outside);
    else if (this.#behaviour.hairpinning) {
      const target = this.#admitted(translated);
      if (target !== null) inside.network.send(forwarded(translated, source, target, translated.ttl), inside);
    }
  }

  #errorFromInside(packet: IcmpPacket, inside: Attachment, outside: Attachment): void {
    const { quoted } = packet;
    const { nowMs } = this.#world;
    const external = this.#nat.externalOf(quoted.protocol, quoted.destination, quoted.source, nowMs);
    if (external === null) return;
    const source = { address: ownAddress(outside), port: 0 };
    const translated = {
      ...forwarded(packet, source, packet.destination, packet.ttl - 1),
      quoted: forwarded(quoted, quoted.source, external, quoted.ttl),
    };
    if (!outside.addresses.includes(packet.destination.address)) outside.network.send(translated, outside);
    else if (this.#behaviour.hairpinning) this.#errorToInside(translated, inside);
  }

  #fromOutside(packet: Packet, inside: Attachment, outside: Attachment): void {
    if (!outside.addresses.includes(packet.destination.address)) return;
    if (packet.protocol === 'icmp') {
      this.#errorToInside(packet, inside);
      return;
    }
    if (isSyn(packet) && !this.#behaviour.simultaneousOpen) return;
    const destination = this.#admitted(packet);
    // What nothing admits has arrived: its TTL no longer matters.
    if (destination === null) this.#answerUnsolicited(packet, outside);
    else if (packet.ttl <= 1) answer(outside, icmpError(packet, ownAddress(outside), 'time-exceeded'));
    else inside.network.send(forwarded(packet, packet.source, destination, packet.ttl - 1), inside);
  }

  #admitted(packet: UdpPacket | TcpPacket): Endpoint | null {
    const { protocol, source, destination } = packet;
    return this.#nat.inbound(protocol, destination, source, this.#world.nowMs, opens(packet));
  }

  #errorToInside(packet: IcmpPacket, inside: Attachment): void {
    const { quoted } = packet;
    const { nowMs } = this.#world;
    const source = this.#nat.insideOf(quoted.protocol, quoted.source, quoted.destination, nowMs);
    if (source === null) return;
    const destination = { address: source.address, port: 0 };
    const translated = {
      ...forwarded(packet, packet.source, destination, packet.ttl - 1),
      quoted: forwarded(quoted, source, quoted.destination, quoted.ttl),
    };
    inside.network.send(translated, inside);
  }

  #isBlocked({ protocol, destination }: UdpPacket | TcpPacket): boolean {
    const { blocked } = this.#behaviour;
    if (blocked.length === 0) return false;
    return blocked.some(
      (entry) => entry.protocol === protocol && (entry.destinationPorts?.includes(destination.port) ?? true),
    );
  }

  #answerForgotten(packet: TcpPacket, via: Attachment): void {
    if (this.#behaviour.tcpForgotten === 'reset' && !opens(packet)) answer(via, resetFor(packet));
  }

  #answerUnsolicited(packet: UdpPacket | TcpPacket, outside: Attachment): void {
    const { unsolicited, tcpForgotten } = this.#behaviour;
    if (packet.protocol === 'tcp' && !opens(packet) && tcpForgotten !== 're-adopt') {
      this.#answerForgotten(packet, outside);
      return;
    }
    const refuses = packet.protocol === 'tcp' && (unsolicited === 'reset' || unsolicited === 'host');
    const reports = unsolicited === 'icmp' || (unsolicited === 'host' && packet.protocol === 'udp');
    if (refuses) answer(outside, resetFor(packet));
    else if (reports) answer(outside, icmpError(packet, packet.destination.address, 'port-unreachable'));
  }
}

/** Whether a NAT that sees this packet first takes it for the beginning of something. */
function opens(packet: UdpPacket | TcpPacket): boolean {
  return packet.protocol === 'udp' || (packet.flags & SYN) !== 0;
}

function isSyn(packet: UdpPacket | TcpPacket): boolean {
  return packet.protocol === 'tcp' && (packet.flags & (SYN | ACK)) === SYN;
}

function answer(via: Attachment, packet: Packet | null): void {
  if (packet !== null) via.network.send(packet, via);
}

// What travels. A packet is never changed: who forwards it passes a copy on.

import { addressFamily, type Endpoint, type IpAddress } from '@pinhole/wire';

interface Header {
  /** The port is 0 in ICMP. */
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly ttl: number;
  readonly dscp: number;
}

export interface UdpPacket extends Header {
  readonly protocol: 'udp';
  readonly payload: Uint8Array;
}

export interface TcpPacket extends Header {
  readonly protocol: 'tcp';
  /** FIN, SYN, RST and ACK, or'ed. */
  readonly flags: number;
  /** Counted without wrapping round. */
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly payload: Uint8Array;
}

/** Of errors only. */
export interface IcmpPacket extends Header {
  readonly protocol: 'icmp';
  readonly icmpType: number;
  readonly icmpCode: number;
  /** As the sender of the error saw it. */
  readonly quoted: UdpPacket | TcpPacket;
}

export type Packet = UdpPacket | TcpPacket | IcmpPacket;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** The default of Linux, and what RFC 1700 recommended. */
export const DEFAULT_TTL = 64;

export type IcmpError = 'time-exceeded' | 'port-unreachable';

/** RFC 792 and RFC 4443: type and code. */
const ICMP_ERRORS: Readonly<Record<IcmpError, Readonly<Record<4 | 6, readonly [number, number]>>>> = {
  'time-exceeded': { 4: [11, 0], 6: [3, 0] },
  'port-unreachable': { 4: [3, 3], 6: [1, 4] },
};

/** A copy with other addresses and another TTL. Member by member: spreading an object takes many times as long. */
export function forwarded<P extends Packet>(
  packet: P,
  source: Endpoint,
  destination: Endpoint,
  ttl: number,
): P;
export function forwarded(packet: Packet, source: Endpoint, destination: Endpoint, ttl: number): Packet {
  const { dscp } = packet;
  switch (packet.protocol) {
    case 'udp':
      return { protocol: 'udp', source, destination, ttl, dscp, payload: packet.payload };
    case 'tcp': {
      const { flags, sequence, acknowledgement, payload } = packet;
      return { protocol: 'tcp', source, destination, ttl, dscp, flags, sequence, acknowledgement, payload };
    }
    case 'icmp': {
      const { icmpType, icmpCode, quoted } = packet;
      return { protocol: 'icmp', source, destination, ttl, dscp, icmpType, icmpCode, quoted };
    }
  }
}

/** What a socket's program is told of an error. No link here is too small for a packet, and no router has labels. */
export function errorReport({ source, ttl, icmpType, icmpCode }: IcmpPacket) {
  return { offender: source.address, icmpType, icmpCode, mtu: 0, ttl, extension: null };
}

/** The error that `packet` is answered with; null for an error, which is never answered (RFC 1122 section 3.2.2). */
export function icmpError(packet: Packet, sender: IpAddress, error: IcmpError): IcmpPacket | null {
  if (packet.protocol === 'icmp') return null;
  const [icmpType, icmpCode] = ICMP_ERRORS[error][addressFamily(sender)];
  return {
    protocol: 'icmp',
    source: { address: sender, port: 0 },
    destination: { address: packet.source.address, port: 0 },
    ttl: DEFAULT_TTL,
    dscp: 0,
    icmpType,
    icmpCode,
    quoted: packet,
  };
}

/** The RST that answers a segment which belongs to no connection (RFC 9293 section 3.10.7.1); null for a RST. */
export function resetFor(packet: TcpPacket): TcpPacket | null {
  if ((packet.flags & RST) !== 0) return null;
  const acknowledged = (packet.flags & ACK) !== 0;
  const length = packet.payload.length + ((packet.flags & (SYN | FIN)) !== 0 ? 1 : 0);
  return {
    protocol: 'tcp',
    source: packet.destination,
    destination: packet.source,
    ttl: DEFAULT_TTL,
    dscp: 0,
    flags: acknowledged ? RST : RST | ACK,
    sequence: acknowledged ? packet.acknowledgement : 0,
    acknowledgement: acknowledged ? 0 : packet.sequence + length,
    payload: NO_OCTETS,
  };
}

export const NO_OCTETS = new Uint8Array(0);

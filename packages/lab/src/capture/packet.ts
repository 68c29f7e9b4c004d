// What a capture tells of a packet: the fields of its IP header and of the header after it. Pure.

import { addressFromBytes, type IpAddress } from '@pinhole/wire';

export interface PacketHeaders {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** `tcp`, `udp`, `icmp`, or the number in IANA's registry. */
  readonly protocol: 'tcp' | 'udp' | 'icmp' | number;
  /** Of UDP and TCP; null for others, and for fragments but the first. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Of the whole packet, in octets, as its header says. */
  readonly length: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** The octet of TCP's flags (RFC 9293 section 3.1); null for others. */
  readonly tcpFlags: number | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
}

export const tcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

const protocolNames: Record<number, 'tcp' | 'udp' | 'icmp'> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' };

/** Reads an IPv4 or IPv6 packet, of which the end may be missing; null for what is neither. */
export function readPacket(packet: Uint8Array): PacketHeaders | null {
  const data = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (packet.length < 20) return null;
  switch (packet[0]! >> 4) {
    case 4: {
      const headerLength = (packet[0]! & 15) * 4;
      const fragmentOffset = data.getUint16(6) & 0x1fff;
      return {
        source: addressFromBytes(packet.subarray(12, 16))!,
        destination: addressFromBytes(packet.subarray(16, 20))!,
        length: data.getUint16(2),
        ttl: packet[8]!,
        ...readTransport(packet[9]!, fragmentOffset === 0 ? packet.subarray(headerLength) : empty),
      };
    }
    case 6:
      if (packet.length < 40) return null;
      return {
        source: addressFromBytes(packet.subarray(8, 24))!,
        destination: addressFromBytes(packet.subarray(24, 40))!,
        length: 40 + data.getUint16(4),
        ttl: packet[7]!,
        ...readTransport(packet[6]!, packet.subarray(40)),
      };
    default:
      return null;
  }
}

const empty = new Uint8Array();

function readTransport(number: number, header: Uint8Array) {
  const protocol = protocolNames[number] ?? number;
  const hasPorts = (protocol === 'tcp' || protocol === 'udp') && header.length >= 4;
  const port = (offset: number) => (hasPorts ? header[offset]! * 256 + header[offset + 1]! : null);
  const octet = (of: PacketHeaders['protocol'], offset: number) =>
    protocol === of ? (header[offset] ?? null) : null;
  return {
    protocol,
    sourcePort: port(0),
    destinationPort: port(2),
    tcpFlags: octet('tcp', 13),
    icmpType: octet('icmp', 0),
    icmpCode: octet('icmp', 1),
  };
}

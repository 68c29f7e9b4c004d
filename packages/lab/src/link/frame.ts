// What a link looks at in an Ethernet frame. Pure.

import { readPacket } from '../capture/packet.ts';

/** An IP packet as a fault sees it. */
export interface FlowPacket {
  readonly protocol: 'tcp' | 'udp' | 'icmp' | number;
  /** `udp 192.0.2.1:5000 192.0.2.2:6000`; without ports where the protocol has none. */
  readonly flow: string;
  /** After the header of UDP or TCP; of others, after IP's. */
  readonly payload: Uint8Array;
}

const ethernetOctets = 14;
const udpOctets = 8;

/** Null for what is no IP packet, or a broken one. The end may be missing; the payload is only lent. */
export function readFrame(frame: Uint8Array): FlowPacket | null {
  const packet = frame.subarray(ethernetOctets);
  const headers = readPacket(packet);
  if (headers === null) return null;
  const { protocol, source, destination, sourcePort, destinationPort, length } = headers;
  const ports = sourcePort === null ? ['', ''] : [`:${sourcePort}`, `:${destinationPort}`];
  const isVersion4 = packet[0]! >> 4 === 4;
  const transport = packet.subarray(isVersion4 ? (packet[0]! & 15) * 4 : 40, length);
  return {
    protocol,
    flow: `${protocol} ${source}${ports[0]} ${destination}${ports[1]}`,
    payload: transport.subarray(headerOctets(protocol, transport)),
  };
}

function headerOctets(protocol: FlowPacket['protocol'], transport: Uint8Array): number {
  if (protocol === 'udp') return udpOctets;
  return protocol === 'tcp' ? ((transport[12] ?? 0) >> 4) * 4 : 0;
}

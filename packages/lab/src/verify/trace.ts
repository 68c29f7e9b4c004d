// What the tracing program is told, and what it tells.

import type { Endpoint, IpAddress, MplsLabel } from '@pinhole/wire';

/** To this port of the peer's. */
export const tracePort = 33_434;

/** As JSON on the command line. The program says `ready`, and begins at the first line on its standard input. */
export interface TraceTask {
  /** Each is a flow of its own. */
  readonly localPorts: readonly number[];
  /** Where a flow leads to unless the peer has sent something to its port: then where that came from. */
  readonly to: Endpoint;
  /** Sends to there first, so that the own NAT lets in what the peer sends. */
  readonly opens: boolean;
  readonly maxTtl: number;
  /** How long after the last probe answers are waited for. */
  readonly waitMs: number;
}

/** What came back for a probe. */
export interface TraceAnswer {
  readonly localPort: number;
  readonly ttl: number;
  readonly from: IpAddress;
  readonly type: number;
  readonly code: number;
  /** The stack that came with it, as it stood there. */
  readonly labels: readonly MplsLabel[];
  /** Of type 3, code 4: what the next link takes; 0 otherwise. */
  readonly mtu: number;
}

/** The TTL of an answer to the one datagram that fills a packet of 1500 octets. */
export const largeProbe = 0;

const udp = 17;
const icmp = 1;
/** A probe's payload, without the TTL by which it is known again: the quoted UDP length tells it. */
export const leastPayload = 16;
const udpHeader = 8;
/** 1500 octets with IP's and UDP's header. */
export const largePayload = 1472;

/** Reads an ICMP error that came for a probe; null for other packets. From RFC 792, RFC 4884 and RFC 4950, by itself. */
export function readAnswer(packet: Uint8Array): TraceAnswer | null {
  const data = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const error = (packet[0]! & 15) * 4;
  const quoted = error + 8;
  if (packet[0]! >> 4 !== 4 || packet[9] !== icmp || packet.length < quoted + 28) return null;
  const type = packet[error]!;
  if (![3, 11].includes(type) || packet[quoted + 9] !== udp) return null;
  const transport = quoted + (packet[quoted]! & 15) * 4;
  if (packet.length < transport + udpHeader) return null;
  const payload = data.getUint16(transport + 4) - udpHeader;
  if (payload < leastPayload) return null;
  const code = packet[error + 1]!;
  return {
    localPort: data.getUint16(transport),
    ttl: payload === largePayload ? largeProbe : payload - leastPayload,
    from: packet.subarray(12, 16).join('.') as IpAddress,
    type,
    code,
    labels: readLabels(packet.subarray(quoted + packet[error + 5]! * 4), packet[error + 5]! > 0),
    mtu: type === 3 && code === 4 ? data.getUint16(error + 6) : 0,
  };
}

function readLabels(extension: Uint8Array, isThere: boolean): MplsLabel[] {
  const data = new DataView(extension.buffer, extension.byteOffset, extension.byteLength);
  // Version 2; one object, of class 1 and type 1.
  if (!isThere || extension.length < 12 || extension[0] !== 0x20 || data.getUint16(6) !== 0x0101) return [];
  const count = (data.getUint16(4) - 4) / 4;
  return Array.from({ length: count }, (_, index) => {
    const word = data.getUint32(8 + 4 * index);
    return {
      label: word >>> 12,
      trafficClass: (word >>> 9) & 7,
      bottom: (word & 0x100) !== 0,
      ttl: word & 0xff,
    };
  });
}

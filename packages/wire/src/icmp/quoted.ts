// The packet that an ICMP error is about, as it came to the error's sender: its IP header and at least 8 octets more.
//
//   IPv4 (RFC 791)   0 version, header length  1 DSCP, ECN  2 length  6 fragment  8 TTL  9 protocol  12 source  16 destination
//   IPv6 (RFC 8200)  0 version, DSCP, ECN  6 protocol  7 hop limit  8 source  24 destination                        (40)
//   UDP              0 source port  2 destination port  4 length
//   TCP              0 source port  2 destination port  4 sequence number

import { type AddressFamily, addressFromBytes, type Endpoint } from '../address.ts';

interface QuotedHeader {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** What was left of the TTL or hop limit: 1, as a rule, where it was exceeded. */
  readonly ttl: number;
  /** 6 bits. */
  readonly dscp: number;
}

interface QuotedUdp extends QuotedHeader {
  readonly protocol: 'udp';
  /** Of the datagram, with its header. */
  readonly udpLength: number;
}

interface QuotedTcp extends QuotedHeader {
  readonly protocol: 'tcp';
  /** 32 bits. */
  readonly tcpSequence: number;
}

export type QuotedPacket = QuotedUdp | QuotedTcp;

export type QuotedFailure =
  /** No IP header of the family, or fewer than 8 octets behind it. */
  | 'quoted-packet'
  /** Neither UDP nor TCP, or a later fragment. */
  | 'quoted-protocol';

const protocols: Readonly<Record<number, 'udp' | 'tcp'>> = { 6: 'tcp', 17: 'udp' };
const minHeaderBytes = { 4: 20, 6: 40 } as const;

/** From the IP header on. Never throws. */
export function decodeQuoted(bytes: Uint8Array, family: AddressFamily): QuotedPacket | QuotedFailure {
  if (bytes.length < minHeaderBytes[family] || bytes[0]! >> 4 !== family) return 'quoted-packet';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = family === 4 ? (bytes[0]! & 15) * 4 : minHeaderBytes[6];
  if (headerBytes < minHeaderBytes[family] || bytes.length < headerBytes + 8) return 'quoted-packet';
  const isLaterFragment = family === 4 && (view.getUint16(6) & 0x1fff) !== 0;
  const protocol = protocols[bytes[family === 4 ? 9 : 6]!];
  if (protocol === undefined || isLaterFragment) return 'quoted-protocol';
  const [sourceAt, addressBytes] = family === 4 ? [12, 4] : [8, 16];
  const address = (at: number) => addressFromBytes(bytes.subarray(at, at + addressBytes))!;
  const header = {
    source: { address: address(sourceAt), port: view.getUint16(headerBytes) },
    destination: { address: address(sourceAt + addressBytes), port: view.getUint16(headerBytes + 2) },
    ttl: bytes[family === 4 ? 8 : 7]!,
    dscp: family === 4 ? bytes[1]! >> 2 : (view.getUint16(0) >> 6) & 0x3f,
  };
  return protocol === 'udp'
    ? { ...header, protocol, udpLength: view.getUint16(headerBytes + 4) }
    : { ...header, protocol, tcpSequence: view.getUint32(headerBytes + 4) };
}

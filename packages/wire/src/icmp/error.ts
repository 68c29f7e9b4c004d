// ICMP errors: RFC 792 for IPv4, RFC 4443 for IPv6, with the length field of RFC 4884 §4.
//
//   0               1               2               3
//   +---------------+---------------+-------------------------------+
//   |     type      |     code      |           checksum            |
//   +---------------+---------------+-------------------------------+
//   |       0       |    length     |  MTU (IPv4, type 3, code 4)   |   IPv6: length in the first octet, or with
//   +---------------+---------------+-------------------------------+   type 2 the MTU in all four
//   |          the packet quoted, padded to 128 octets where        |
//   |          an extension structure follows (extension.ts)        |
//   +---------------------------------------------------------------+
//
//   length: of the packet quoted, in units of 4 octets (IPv4) or 8 (IPv6); 0 where no extension follows

import type { AddressFamily } from '../address.ts';
import type { Decoded } from '../outcome.ts';
import { internetChecksum } from './checksum.ts';
import { decodeIcmpExtension, encodeIcmpExtension, hasChecksum, type IcmpExtensions } from './extension.ts';
import { decodeQuoted, type QuotedFailure, type QuotedPacket } from './quoted.ts';

export interface IcmpError {
  readonly family: AddressFamily;
  readonly type: number;
  readonly code: number;
  /** Of the next link, where the packet was too big for that; otherwise 0. */
  readonly mtu: number;
  readonly quoted: QuotedPacket;
  readonly extensions: IcmpExtensions;
}

export type IcmpDecodeFailure = 'short' | 'checksum' | 'not-an-error' | QuotedFailure;

/** The errors, each by its number in the two families; null where one has none. */
export const icmpTypes = {
  destinationUnreachable: { 4: 3, 6: 1 },
  packetTooBig: { 4: null, 6: 2 },
  timeExceeded: { 4: 11, 6: 3 },
  parameterProblem: { 4: 12, 6: 4 },
} as const;

const fragmentationNeeded = 4;
const headerBytes = 8;
/** RFC 4884 §5.5: where senders that set no length begin the extension. */
const unannouncedAt = 128;
const noExtensions: IcmpExtensions = { mpls: [] };

/**
 * A message from its type on. Of IPv6 the checksum is not looked at: it covers addresses that are not there, and systems
 * verify it themselves. A faulty extension counts as none. Never throws.
 */
export function decodeIcmpError(
  bytes: Uint8Array,
  family: AddressFamily,
): Decoded<IcmpError, IcmpDecodeFailure> {
  if (bytes.length < headerBytes) return { ok: false, reason: 'short' };
  if (family === 4 && internetChecksum(bytes) !== 0) return { ok: false, reason: 'checksum' };
  const [type, code] = [bytes[0]!, bytes[1]!];
  if (!isIcmpError(type, family)) return { ok: false, reason: 'not-an-error' };
  const quoted = decodeQuoted(bytes.subarray(headerBytes), family);
  if (typeof quoted === 'string') return { ok: false, reason: quoted };
  const extension = extensionOf(bytes, type, family);
  const decoded = extension === null ? null : decodeIcmpExtension(extension);
  const extensions = decoded?.ok === true ? decoded.value : noExtensions;
  return { ok: true, value: { family, type, code, mtu: mtuOf(bytes, family), quoted, extensions } };
}

function isIcmpError(type: number, family: AddressFamily): boolean {
  return Object.values(icmpTypes).some((types) => types[family] === type);
}

/** Whether the error says that the packet was too big for the next link. */
export function isTooBig(type: number, code: number, family: AddressFamily): boolean {
  if (family === 6) return type === icmpTypes.packetTooBig[6];
  return type === icmpTypes.destinationUnreachable[4] && code === fragmentationNeeded;
}

/**
 * The extension of senders that do not announce it: behind the first 128 octets of the packet quoted, if what is there
 * has the form and the checksum of one. `quoted` begins `skippedBytes` into that packet. Null where there is none.
 */
export function unannouncedExtension(quoted: Uint8Array, skippedBytes: number): Uint8Array | null {
  const extension = quoted.subarray(Math.max(unannouncedAt - skippedBytes, 0));
  return hasChecksum(extension) && decodeIcmpExtension(extension).ok ? extension : null;
}

/** An ICMPv4 "time to live exceeded in transit" about `packet`, from its IP header on, with the labels that it had. */
export function encodeTimeExceeded(
  packet: Uint8Array,
  extensions: IcmpExtensions = noExtensions,
): Uint8Array {
  const extension = extensions.mpls.length === 0 ? new Uint8Array(0) : encodeIcmpExtension(extensions);
  // RFC 1812 §4.3.2.3: 576 octets at most, with an IP header of 20.
  const room = (576 - 20 - headerBytes - extension.length) & ~3;
  const quotedBytes = Math.min(packet.length, room);
  const paddedBytes = extension.length === 0 ? quotedBytes : Math.max((quotedBytes + 3) & ~3, unannouncedAt);
  const bytes = Buffer.alloc(headerBytes + paddedBytes + extension.length);
  bytes[0] = icmpTypes.timeExceeded[4];
  bytes[5] = extension.length === 0 ? 0 : paddedBytes / 4;
  bytes.set(packet.subarray(0, quotedBytes), headerBytes);
  bytes.set(extension, headerBytes + paddedBytes);
  bytes.writeUInt16BE(internetChecksum(bytes), 2);
  return bytes;
}

function mtuOf(bytes: Uint8Array, family: AddressFamily): number {
  if (!isTooBig(bytes[0]!, bytes[1]!, family)) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // No packet without jumbograms (RFC 2675) is larger.
  return family === 4 ? view.getUint16(6) : Math.min(view.getUint32(4), 0xffff);
}

function extensionOf(bytes: Uint8Array, type: number, family: AddressFamily): Uint8Array | null {
  // Of IPv6, RFC 4884 §4 gives a length field to these two only.
  if (family === 6 && type !== icmpTypes.destinationUnreachable[6] && type !== icmpTypes.timeExceeded[6])
    return null;
  const quoted = bytes.subarray(headerBytes);
  const announcedAt = family === 4 ? bytes[5]! * 4 : bytes[4]! * 8;
  if (announcedAt === 0) return unannouncedExtension(quoted, 0);
  return announcedAt < quoted.length ? quoted.subarray(announcedAt) : null;
}

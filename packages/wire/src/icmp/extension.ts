// What an ICMP error carries behind the packet that it quotes (RFC 4884 §7), and of it the labels of MPLS (RFC 4950 §4).
//
//   0               1               2               3
//   +-------+-----------------------+-------------------------------+
//   |2      |       reserved        |            checksum           |
//   +-------+-----------------------+-------------------------------+
//   |    length of the object       |     class     |    subtype    |   objects, one after another
//   +-------------------------------+---------------+---------------+
//   |                        its content                            |   class 1, subtype 1: a stack of labels,
//   +---------------------------------------+-----+-+---------------+   outermost first (RFC 3032 §2.1)
//   |                label                  |class|S|      TTL      |
//   +---------------------------------------+-----+-+---------------+

import type { Decoded } from '../outcome.ts';
import { internetChecksum } from './checksum.ts';

/** One entry of a packet's label stack. */
export interface MplsLabel {
  /** 20 bits. */
  readonly label: number;
  /** 0 to 7 (RFC 5462). */
  readonly trafficClass: number;
  /** The last of the stack. */
  readonly bottom: boolean;
  readonly ttl: number;
}

export interface IcmpExtensions {
  /** Outermost first; empty where there are none. */
  readonly mpls: readonly MplsLabel[];
}

export type IcmpExtensionFailure = 'short' | 'version' | 'checksum' | 'object-length';

const version = 2;
const headerBytes = 4;
const objectHeaderBytes = 4;
const mplsClass = 1;
const mplsStack = 1;
const labelBytes = 4;

/** A stack on the Internet has a handful; what a forger adds is left out. */
export const maxMplsLabels = 16;

/** The structure alone. Objects of other kinds are passed over. Never throws. */
export function decodeIcmpExtension(bytes: Uint8Array): Decoded<IcmpExtensions, IcmpExtensionFailure> {
  if (bytes.length < headerBytes) return { ok: false, reason: 'short' };
  if (bytes[0]! >> 4 !== version) return { ok: false, reason: 'version' };
  // RFC 4884 §7: zero says that none was computed.
  if (hasChecksum(bytes) && internetChecksum(bytes) !== 0) return { ok: false, reason: 'checksum' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const mpls: MplsLabel[] = [];
  let at = headerBytes;
  while (at + objectHeaderBytes <= bytes.length) {
    const end = at + view.getUint16(at);
    if (end < at + objectHeaderBytes || end > bytes.length) return { ok: false, reason: 'object-length' };
    if (bytes[at + 2] === mplsClass && bytes[at + 3] === mplsStack) {
      for (let entry = at + objectHeaderBytes; entry + labelBytes <= end; entry += labelBytes) {
        if (mpls.length < maxMplsLabels) mpls.push(decodeLabel(view.getUint32(entry)));
      }
    }
    at = end;
  }
  return { ok: true, value: { mpls } };
}

/** The structure with one stack of labels. */
export function encodeIcmpExtension({ mpls }: IcmpExtensions): Uint8Array {
  const bytes = Buffer.alloc(headerBytes + objectHeaderBytes + mpls.length * labelBytes);
  bytes[0] = version << 4;
  bytes.writeUInt16BE(bytes.length - headerBytes, headerBytes);
  bytes[headerBytes + 2] = mplsClass;
  bytes[headerBytes + 3] = mplsStack;
  mpls.forEach(({ label, trafficClass, bottom, ttl }, i) => {
    const word = label * 2 ** 12 + (trafficClass << 9) + (bottom ? 0x100 : 0) + ttl;
    bytes.writeUInt32BE(word, headerBytes + objectHeaderBytes + i * labelBytes);
  });
  bytes.writeUInt16BE(internetChecksum(bytes), 2);
  return bytes;
}

/** Whether the structure says itself that it is whole. */
export function hasChecksum(bytes: Uint8Array): boolean {
  return bytes[2] !== 0 || bytes[3] !== 0;
}

function decodeLabel(word: number): MplsLabel {
  return {
    label: word >>> 12,
    trafficClass: (word >>> 9) & 7,
    bottom: (word & 0x100) !== 0,
    ttl: word & 0xff,
  };
}

// STAMP test packets (RFC 8762 §4.2, §4.3; the session identifier is RFC 8972 §3's). All fields in network order.
//
// Octets          unauthenticated            authenticated
//                 sender      reflector      sender      reflector
//   sequence       0..3        0..3           0..3        0..3
//   timestamp      4..11       4..11   T3    16..23      16..23   T3
//   error estim.  12..13      12..13         24..25      24..25
//   SSID          14..15      14..15         26..27      26..27
//   received                  16..23   T2                32..39   T2
//   sender seq.               24..27                     48..51
//   sender time               28..35   T1                64..71   T1
//   sender error              36..37                     72..73
//   sender TTL                40                         80
//   HMAC                                     96..111     96..111
//   TLVs          44..        44..          112..       112..
//
// Everything else is zero and not looked at. The HMAC is HMAC-SHA-256 cut to 128 bits, over octets 0..95. The HMAC
// TLV covers the sequence number and the TLVs before it (RFC 8972 §4.8); only padding may follow it.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type ErrorEstimate, errorEstimateBits, errorEstimateFromBits, type StampTimestamp } from './time.ts';
import {
  decodeTlvs,
  encodeTlv,
  hmacBytes,
  type PlacedTlv,
  type Tlv,
  type TlvValue,
  tlvFlag,
  tlvHeaderBytes,
} from './tlv.ts';

export type StampMode = 'unauthenticated' | 'authenticated';

/** The mode of a session, with its key (RFC 8762 §4.4: at least 16 octets; 32 is what HMAC-SHA-256 can use). */
export type StampSecurity =
  | { readonly mode: 'unauthenticated' }
  | { readonly mode: 'authenticated'; readonly key: Uint8Array | KeyObject };

export interface SenderPacket {
  /** 32 bits. */
  readonly sequence: number;
  /** T1. */
  readonly timestamp: StampTimestamp;
  readonly errorEstimate: ErrorEstimate;
  /** Session-Sender's identifier, 16 bits; 0 where there is none. */
  readonly ssid: number;
}

export interface ReflectorPacket {
  /** A stateless reflector's is the sender's; a stateful one counts its own replies. */
  readonly sequence: number;
  /** T3. */
  readonly timestamp: StampTimestamp;
  readonly errorEstimate: ErrorEstimate;
  /** Some reflectors do not echo it: 0 then. */
  readonly ssid: number;
  /** T2. */
  readonly receiveTimestamp: StampTimestamp;
  readonly senderSequence: number;
  /** T1. */
  readonly senderTimestamp: StampTimestamp;
  readonly senderErrorEstimate: ErrorEstimate;
  /** What the sender's packet arrived with; null (0 in the packet) where the reflector does not know. */
  readonly senderTtl: number | null;
}

export interface StampEncodeOptions {
  /** In this order. Those of kind `hmac` are left out in authenticated mode, which makes its own. @default none */
  readonly tlvs?: readonly (TlvValue & { readonly flags?: number })[];
  /** Fill up to this size with an Extra Padding TLV; up to 4 octets more where a TLV's header does not fit. @default 0 */
  readonly totalBytes?: number;
}

export type StampDecodeFailure = 'too-short' | 'hmac';

export type StampDecoded<Packet> =
  | {
      readonly ok: true;
      readonly packet: Packet;
      readonly tlvs: readonly Tlv[];
      /**
       * `verified`: the HMAC TLV covers all but padding. `failed`: it is wrong, misplaced or missing in authenticated
       * mode; the TLVs must not be acted on and are to be answered with the flag I. `unprotected`: nothing to check.
       */
      readonly tlvIntegrity: 'verified' | 'failed' | 'unprotected';
      /** Octets at the end that are no TLV. */
      readonly trailingBytes: number;
    }
  | { readonly ok: false; readonly reason: StampDecodeFailure };

interface Layout {
  /** Where the TLVs begin. */
  readonly baseBytes: number;
  /** The least that decodes. */
  readonly leastSenderBytes: number;
  readonly leastReflectorBytes: number;
  readonly timestamp: number;
  readonly errorEstimate: number;
  readonly ssid: number;
  readonly receiveTimestamp: number;
  readonly senderSequence: number;
  readonly senderTimestamp: number;
  readonly senderErrorEstimate: number;
  readonly senderTtl: number;
}

const layouts: Readonly<Record<StampMode, Layout>> = {
  unauthenticated: {
    baseBytes: 44,
    // RFC 8762 §4.6: the probes of TWAMP Light may end with the error estimate.
    leastSenderBytes: 14,
    // Reflectors exist that end with the sender's error estimate, or with its TTL (41, as TWAMP Light).
    leastReflectorBytes: 38,
    timestamp: 4,
    errorEstimate: 12,
    ssid: 14,
    receiveTimestamp: 16,
    senderSequence: 24,
    senderTimestamp: 28,
    senderErrorEstimate: 36,
    senderTtl: 40,
  },
  authenticated: {
    baseBytes: 112,
    leastSenderBytes: 112,
    leastReflectorBytes: 112,
    timestamp: 16,
    errorEstimate: 24,
    ssid: 26,
    receiveTimestamp: 32,
    senderSequence: 48,
    senderTimestamp: 64,
    senderErrorEstimate: 72,
    senderTtl: 80,
  },
};

const hmacOffset = 96;

/** Octets of a packet without TLVs. */
export function stampBaseBytes(mode: StampMode): number {
  return layouts[mode].baseBytes;
}

/** Throws a RangeError for fields out of range. */
export function encodeSenderPacket(
  security: StampSecurity,
  packet: SenderPacket,
  options: StampEncodeOptions = {},
): Uint8Array {
  return finish(security, baseOf(security, packet), options, tlvFlag.unrecognized);
}

/** Throws a RangeError for fields out of range. */
export function encodeReflectorPacket(
  security: StampSecurity,
  packet: ReflectorPacket,
  options: StampEncodeOptions = {},
): Uint8Array {
  const layout = layouts[security.mode];
  const base = baseOf(security, packet);
  base.writeBigUInt64BE(packet.receiveTimestamp, layout.receiveTimestamp);
  base.writeUInt32BE(packet.senderSequence, layout.senderSequence);
  base.writeBigUInt64BE(packet.senderTimestamp, layout.senderTimestamp);
  base.writeUInt16BE(errorEstimateBits(packet.senderErrorEstimate), layout.senderErrorEstimate);
  base.writeUInt8(packet.senderTtl ?? 0, layout.senderTtl);
  return finish(security, base, options, 0);
}

/**
 * Puts the moment of sending (T1 or T3) into an encoded packet, in place, and the HMAC with it: encode ahead of time,
 * stamp right before the send. The TLVs' HMAC does not cover timestamps and stays valid.
 */
export function setTransmitTimestamp(
  security: StampSecurity,
  bytes: Uint8Array,
  timestamp: StampTimestamp,
): void {
  const buffer = view(bytes);
  buffer.writeBigUInt64BE(timestamp, layouts[security.mode].timestamp);
  if (security.mode === 'authenticated') buffer.set(baseHmac(security.key, buffer), hmacOffset);
}

/** Never throws. `tlvs` and their octets are lent from `bytes`. */
export function decodeSenderPacket(security: StampSecurity, bytes: Uint8Array): StampDecoded<SenderPacket> {
  const layout = layouts[security.mode];
  const checked = checkBase(security, bytes, layout.leastSenderBytes);
  if (!checked.ok) return checked;
  return { ok: true, packet: readSender(checked.buffer, layout), ...readTlvs(security, checked.buffer) };
}

/** Never throws. `tlvs` and their octets are lent from `bytes`. */
export function decodeReflectorPacket(
  security: StampSecurity,
  bytes: Uint8Array,
): StampDecoded<ReflectorPacket> {
  const layout = layouts[security.mode];
  const checked = checkBase(security, bytes, layout.leastReflectorBytes);
  if (!checked.ok) return checked;
  const { buffer } = checked;
  const senderTtl = buffer.length > layout.senderTtl ? buffer.readUInt8(layout.senderTtl) : 0;
  return {
    ok: true,
    packet: {
      ...readSender(buffer, layout),
      receiveTimestamp: buffer.readBigUInt64BE(layout.receiveTimestamp),
      senderSequence: buffer.readUInt32BE(layout.senderSequence),
      senderTimestamp: buffer.readBigUInt64BE(layout.senderTimestamp),
      senderErrorEstimate: errorEstimateFromBits(buffer.readUInt16BE(layout.senderErrorEstimate)),
      // No packet arrives with TTL 0: reflectors that cannot read it leave it so.
      senderTtl: senderTtl === 0 ? null : senderTtl,
    },
    ...readTlvs(security, buffer),
  };
}

function baseOf({ mode }: StampSecurity, packet: SenderPacket): Buffer {
  const layout = layouts[mode];
  const base = Buffer.alloc(layout.baseBytes);
  base.writeUInt32BE(packet.sequence, 0);
  base.writeBigUInt64BE(packet.timestamp, layout.timestamp);
  base.writeUInt16BE(errorEstimateBits(packet.errorEstimate), layout.errorEstimate);
  base.writeUInt16BE(packet.ssid, layout.ssid);
  return base;
}

function finish(
  security: StampSecurity,
  base: Buffer,
  { tlvs = [], totalBytes = 0 }: StampEncodeOptions,
  defaultFlags: number,
): Uint8Array {
  const own = security.mode === 'unauthenticated' ? tlvs : tlvs.filter(({ kind }) => kind !== 'hmac');
  const parts: Uint8Array[] = own.map((tlv) => encodeTlv(tlv, tlv.flags ?? defaultFlags));
  const protect = security.mode === 'authenticated' && needHmac(own);
  const missingBytes =
    totalBytes -
    base.length -
    parts.reduce((sum, part) => sum + part.length, 0) -
    (protect ? tlvHeaderBytes + hmacBytes : 0);
  if (missingBytes > 0) {
    const octets = new Uint8Array(Math.max(0, missingBytes - tlvHeaderBytes));
    parts.push(encodeTlv({ kind: 'extra-padding', octets }, defaultFlags));
  }
  if (protect) {
    const digest = tlvHmac(security.key, base, Buffer.concat(parts));
    parts.push(encodeTlv({ kind: 'hmac', digest }, defaultFlags));
  }
  if (security.mode === 'authenticated') base.set(baseHmac(security.key, base), hmacOffset);
  return Buffer.concat([base, ...parts]);
}

function checkBase(
  security: StampSecurity,
  bytes: Uint8Array,
  leastBytes: number,
): { ok: true; buffer: Buffer } | { ok: false; reason: StampDecodeFailure } {
  const buffer = view(bytes);
  if (buffer.length < leastBytes) return { ok: false, reason: 'too-short' };
  if (security.mode === 'authenticated') {
    const digest = buffer.subarray(hmacOffset, hmacOffset + hmacBytes);
    if (!timingSafeEqual(baseHmac(security.key, buffer), digest)) return { ok: false, reason: 'hmac' };
  }
  return { ok: true, buffer };
}

function readSender(buffer: Buffer, layout: Layout): SenderPacket {
  return {
    sequence: buffer.readUInt32BE(0),
    timestamp: buffer.readBigUInt64BE(layout.timestamp),
    errorEstimate: errorEstimateFromBits(buffer.readUInt16BE(layout.errorEstimate)),
    ssid: buffer.length < layout.ssid + 2 ? 0 : buffer.readUInt16BE(layout.ssid),
  };
}

function readTlvs(
  security: StampSecurity,
  buffer: Buffer,
): { tlvs: Tlv[]; tlvIntegrity: 'verified' | 'failed' | 'unprotected'; trailingBytes: number } {
  const area = buffer.subarray(layouts[security.mode].baseBytes);
  const { tlvs: placed, trailingBytes } = decodeTlvs(area);
  const tlvs = placed.map(({ tlv }) => tlv);
  if (security.mode === 'unauthenticated' || !needHmac(tlvs))
    return { tlvs, tlvIntegrity: 'unprotected', trailingBytes };
  const verified = tlvHmacHolds(security.key, buffer, area, placed);
  return { tlvs, tlvIntegrity: verified ? 'verified' : 'failed', trailingBytes };
}

// RFC 8972 §4.8: authenticated packets protect their TLVs, unless padding is all there is.
function needHmac(tlvs: readonly TlvValue[]): boolean {
  return tlvs.some(({ kind }) => kind !== 'extra-padding');
}

function tlvHmacHolds(
  key: Uint8Array | KeyObject,
  packet: Buffer,
  area: Buffer,
  placed: readonly PlacedTlv[],
): boolean {
  const index = placed.findIndex(({ tlv }) => tlv.kind === 'hmac');
  const found = placed[index];
  if (found?.tlv.kind !== 'hmac') return false;
  if (needHmac(placed.slice(index + 1).map(({ tlv }) => tlv))) return false;
  return timingSafeEqual(tlvHmac(key, packet, area.subarray(0, found.offset)), found.tlv.digest);
}

function baseHmac(key: Uint8Array | KeyObject, packet: Buffer): Buffer {
  return createHmac('sha256', key).update(packet.subarray(0, hmacOffset)).digest().subarray(0, hmacBytes);
}

function tlvHmac(key: Uint8Array | KeyObject, packet: Buffer, precedingTlvs: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(packet.subarray(0, 4))
    .update(precedingTlvs)
    .digest()
    .subarray(0, hmacBytes);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

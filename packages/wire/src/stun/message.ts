// STUN messages: RFC 8489 §5.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |0 0|  STUN Message Type        |         Message Length        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                   Magic Cookie = 0x2112A442                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                  Transaction ID (96 bits)                     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Message type: the method's 12 bits with the class's two between them, at 0x0100 and 0x0010.
// A message of RFC 3489 has no cookie: its transaction id is 16 octets long, and so it is kept here.

import { timingSafeEqual } from 'node:crypto';
import type { Endpoint } from '../address.ts';
import {
  attributeCode,
  decodeAttribute,
  encodeAttributeValue,
  paddedLength,
  type StunAttribute,
  type StunAttributeType,
} from './attributes.ts';
import {
  fingerprintBytes,
  fingerprintCode,
  fingerprintOf,
  type IntegrityKey,
  type IntegrityKind,
  integrityBytes,
  integrityCode,
  integrityOf,
} from './integrity.ts';

export type StunClass = 'request' | 'indication' | 'success' | 'error';

export interface StunMessage {
  readonly class: StunClass;
  /** 12 bits. */
  readonly method: number;
  /** 12 octets; 16 in a message of RFC 3489. */
  readonly transactionId: Uint8Array;
  readonly attributes: readonly StunAttribute[];
}

export const stunMethods = { binding: 0x001 } as const;

export const stunHeaderBytes = 20;
export const stunCookie = 0x2112a442;

export interface EncodeOptions {
  /** Key of MESSAGE-INTEGRITY. */
  readonly sha1Key?: IntegrityKey;
  /** Key of MESSAGE-INTEGRITY-SHA256. */
  readonly sha256Key?: IntegrityKey;
  /** Append FINGERPRINT. @default false */
  readonly fingerprint?: boolean;
}

const classBits: Record<StunClass, number> = {
  request: 0x0000,
  indication: 0x0010,
  success: 0x0100,
  error: 0x0110,
};

/** The message's octets. Attributes must be ours to send: a value that does not fit its field is cut to it. */
export function encodeStun(message: StunMessage, options: EncodeOptions = {}): Uint8Array {
  const header = encodeHeader(message);
  const parts: Uint8Array[] = [header];
  let length = 0;
  for (const attribute of message.attributes) {
    const value = encodeAttributeValue(attribute, header);
    parts.push(encodeAttribute(attributeCode(attribute), value));
    length += 4 + paddedLength(value.length);
  }
  // Each of these covers all before it, under a length that already counts the attribute itself (RFC 8489 §14.5).
  const appendOver = (code: number, bytes: number, sign: (covered: Uint8Array) => Uint8Array) => {
    length += 4 + bytes;
    writeLength(header, length);
    parts.push(encodeAttribute(code, sign(Buffer.concat(parts))));
  };
  const { sha1Key, sha256Key } = options;
  if (sha1Key !== undefined) {
    appendOver(integrityCode.sha1, integrityBytes.sha1, (covered) => integrityOf('sha1', sha1Key, covered));
  }
  if (sha256Key !== undefined) {
    appendOver(integrityCode.sha256, integrityBytes.sha256, (covered) =>
      integrityOf('sha256', sha256Key, covered),
    );
  }
  if (options.fingerprint === true) appendOver(fingerprintCode, fingerprintBytes, fingerprintOf);
  writeLength(header, length);
  return Buffer.concat(parts);
}

export type StunDecodeFailure =
  /** Shorter than a header, or than its length field says. */
  | 'truncated'
  /** The first two bits are set, or the length is no multiple of 4. */
  | 'not-stun'
  /** An attribute runs over the end, or its value does not fit its type. */
  | 'attribute'
  | 'fingerprint';

export interface DecodedStun {
  readonly message: StunMessage;
  /** Which integrity attributes it carries; verifyIntegrity says whether they hold. */
  readonly integrity: readonly IntegrityKind[];
  readonly fingerprint: boolean;
  /** Comprehension-required attributes that this codec does not know: the request is to be refused with 420. */
  readonly unknownRequired: readonly number[];
  /** For verifyIntegrity. */
  readonly signed: readonly SignedPart[];
}

interface SignedPart {
  readonly kind: IntegrityKind;
  readonly covered: Uint8Array;
  readonly value: Uint8Array;
}

/** What `bytes` begin with. Octets behind the message are ignored. Values in the result share `bytes`' memory. */
export function decodeStun(
  bytes: Uint8Array,
): { ok: true; value: DecodedStun } | { ok: false; reason: StunDecodeFailure } {
  if (bytes.length < stunHeaderBytes) return { ok: false, reason: 'truncated' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint16(0);
  const length = view.getUint16(2);
  if (type >= 0x4000 || length % 4 !== 0) return { ok: false, reason: 'not-stun' };
  const end = stunHeaderBytes + length;
  if (end > bytes.length) return { ok: false, reason: 'truncated' };

  const header = bytes.subarray(0, stunHeaderBytes);
  const attributes: StunAttribute[] = [];
  const signed: SignedPart[] = [];
  const unknownRequired: number[] = [];
  let fingerprint = false;
  for (let at = stunHeaderBytes; at < end; ) {
    if (at + 4 > end) return { ok: false, reason: 'attribute' };
    const code = view.getUint16(at);
    const valueLength = view.getUint16(at + 2);
    const next = at + 4 + paddedLength(valueLength);
    if (next > end) return { ok: false, reason: 'attribute' };
    const value = bytes.subarray(at + 4, at + 4 + valueLength);
    const kind = code === integrityCode.sha1 ? 'sha1' : code === integrityCode.sha256 ? 'sha256' : null;
    if (code === fingerprintCode) {
      if (valueLength !== fingerprintBytes) return { ok: false, reason: 'attribute' };
      if (!timingSafeEqual(value, fingerprintOf(coveredBy(bytes, at, next))))
        return { ok: false, reason: 'fingerprint' };
      fingerprint = true;
      break; // it must be the last (RFC 8489 §14.7)
    }
    // What follows an integrity attribute is not covered by it and does not count (RFC 8489 §14.5 and §14.6).
    const last = signed.at(-1)?.kind;
    if (kind !== null && (last === undefined || (last === 'sha1' && kind === 'sha256'))) {
      // RFC 8489 §14.6 lets SHA-256 be truncated to 16 octets; we and RFC 5769's peers send all.
      if (valueLength !== integrityBytes[kind]) return { ok: false, reason: 'attribute' };
      signed.push({ kind, covered: coveredBy(bytes, at, next), value });
    } else if (kind === null && last === undefined) {
      const attribute = decodeAttribute(code, value, header);
      if (attribute === null) return { ok: false, reason: 'attribute' };
      attributes.push(attribute);
      if (attribute.type === 'unknown' && code < 0x8000) unknownRequired.push(code);
    }
    at = next;
  }
  const classic = view.getUint32(4) !== stunCookie;
  const message: StunMessage = {
    class: decodeClass(type),
    method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2),
    transactionId: bytes.subarray(classic ? 4 : 8, stunHeaderBytes),
    attributes,
  };
  return {
    ok: true,
    value: { message, integrity: signed.map((each) => each.kind), fingerprint, unknownRequired, signed },
  };
}

/** Whether the message carries this integrity attribute and it was made with `key`. Takes the same time either way. */
export function verifyIntegrity(
  decoded: DecodedStun,
  kind: IntegrityKind,
  key: IntegrityKey,
): 'valid' | 'invalid' | 'absent' {
  const part = decoded.signed.find((each) => each.kind === kind);
  if (part === undefined) return 'absent';
  return timingSafeEqual(part.value, integrityOf(kind, key, part.covered)) ? 'valid' : 'invalid';
}

/** True for what starts as a message of RFC 8489 does: tells STUN from other traffic on one socket (RFC 8489 §5). */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return (
    bytes.length >= stunHeaderBytes &&
    (bytes[0] as number) < 0x40 &&
    bytes[4] === 0x21 &&
    bytes[5] === 0x12 &&
    bytes[6] === 0xa4 &&
    bytes[7] === 0x42
  );
}

type AttributeOf<T extends StunAttributeType> = Extract<StunAttribute, { type: T }>;

/** The first attribute of a type: later ones of the same do not count (RFC 8489 §14). */
export function findAttribute<T extends StunAttributeType>(
  message: StunMessage,
  type: T,
): AttributeOf<T> | undefined {
  return message.attributes.find((each) => each.type === type) as AttributeOf<T> | undefined;
}

/** The endpoints of all attributes of a type, in their order; `most` at most. */
export function findEndpoints(
  message: StunMessage,
  type: 'local-address' | 'peer-address',
  most: number,
): Endpoint[] {
  return message.attributes
    .flatMap((each) => (each.type === type ? [(each as AttributeOf<typeof type>).endpoint] : []))
    .slice(0, most);
}

function decodeClass(type: number): StunClass {
  if ((type & 0x0110) === 0x0110) return 'error';
  if ((type & 0x0110) === 0x0100) return 'success';
  return (type & 0x0110) === 0x0010 ? 'indication' : 'request';
}

function encodeHeader({ class: messageClass, method, transactionId }: StunMessage): Buffer {
  const header = Buffer.alloc(stunHeaderBytes);
  const methodBits = (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2);
  header.writeUInt16BE(methodBits | classBits[messageClass], 0);
  header.writeUInt32BE(stunCookie, 4);
  header.set(transactionId, stunHeaderBytes - transactionId.length);
  return header;
}

function encodeAttribute(code: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + paddedLength(value.length));
  bytes.writeUInt16BE(code, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

function writeLength(header: Buffer, length: number): void {
  header.writeUInt16BE(length, 2);
}

/** What an attribute at `at` covers: all before it, with the length field reaching to its own end. */
function coveredBy(bytes: Uint8Array, at: number, next: number): Uint8Array {
  const covered = Buffer.from(bytes.subarray(0, at));
  writeLength(covered, next - stunHeaderBytes);
  return covered;
}

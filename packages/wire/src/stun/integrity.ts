// What proves a STUN message whole: MESSAGE-INTEGRITY (RFC 8489 §14.5), MESSAGE-INTEGRITY-SHA256 (§14.6),
// FINGERPRINT (§14.7).

import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type IntegrityKind = 'sha1' | 'sha256';

export const integrityCode: Record<IntegrityKind, number> = { sha1: 0x0008, sha256: 0x001c };
export const integrityBytes: Record<IntegrityKind, number> = { sha1: 20, sha256: 32 };
export const fingerprintCode = 0x8028;
export const fingerprintBytes = 4;

export type IntegrityKey = Uint8Array | string | KeyObject;

export function integrityOf(kind: IntegrityKind, key: IntegrityKey, covered: Uint8Array): Uint8Array {
  return createHmac(kind, key).update(covered).digest();
}

export function fingerprintOf(covered: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((crc32(covered) ^ 0x5354554e) >>> 0);
  return bytes;
}

/** The key of a long-term credential (RFC 8489 §9.2.2): MD5 of `username:realm:password`, all already prepared. */
export function longTermKey(username: string, realm: string, password: string): Uint8Array {
  return createHash('md5').update(`${username}:${realm}:${password}`).digest();
}

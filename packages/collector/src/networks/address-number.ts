// Addresses as numbers that can be compared: IPv4 as a number, IPv6 as a bigint.

import { addressBytes, type IpAddress, parseIpAddress } from '@pinhole/wire';

export type AddressNumber = number | bigint;

export function addressNumber(address: IpAddress): AddressNumber {
  const bytes = Buffer.from(addressBytes(address));
  return bytes.length === 4 ? bytes.readUInt32BE() : BigInt(`0x${bytes.toString('hex')}`);
}

/**
 * The address written in `text`, or null. A file has a million of them, so what they usually look like is read here; the
 * rest goes the way of all addresses, which takes ten times as long.
 */
export function parseAddressNumber(text: string): AddressNumber | null {
  const value = plainIpv4(text) ?? plainIpv6(text);
  if (value !== null) return value;
  const address = parseIpAddress(text);
  return address === null ? null : addressNumber(address);
}

function plainIpv4(text: string): number | null {
  let value = 0;
  let part = -1;
  let parts = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e) {
      if (part < 0) return null;
      value = value * 256 + part;
      part = -1;
      parts += 1;
    } else if (code >= 0x30 && code <= 0x39 && part !== 0) {
      part = Math.max(part, 0) * 10 + code - 0x30;
      if (part > 255) return null;
    } else return null;
  }
  return parts === 4 && part >= 0 ? value * 256 + part : null;
}

const octets = new DataView(new ArrayBuffer(16));

function plainIpv6(text: string): bigint | null {
  const gap = text.indexOf('::');
  const groups: number[] = [];
  if (gap < 0) {
    if (!readGroups(text, 0, text.length, groups) || groups.length !== 8) return null;
  } else {
    if (gap > 0 && !readGroups(text, 0, gap, groups)) return null;
    const before = groups.length;
    if (gap + 2 < text.length && !readGroups(text, gap + 2, text.length, groups)) return null;
    if (groups.length > 7) return null;
    while (groups.length < 8) groups.splice(before, 0, 0);
  }
  for (let at = 0; at < 8; at++) octets.setUint16(2 * at, groups[at]!);
  return (octets.getBigUint64(0) << 64n) | octets.getBigUint64(8);
}

/** One group at least, of four digits at most. */
function readGroups(text: string, from: number, to: number, groups: number[]): boolean {
  let value = 0;
  let digits = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) {
      if (digits === 0) return false;
      groups.push(value);
      value = 0;
      digits = 0;
    } else {
      const digit = hexDigit(code);
      if (digit === null || digits === 4) return false;
      value = value * 16 + digit;
      digits += 1;
    }
  }
  groups.push(value);
  return digits > 0;
}

function hexDigit(code: number): number | null {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : null;
}

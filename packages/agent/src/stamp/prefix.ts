// Address prefixes (RFC 4632, RFC 4291 §2.3): who may ask.

import { addressBytes, type IpAddress, parseIpAddress } from '@pinhole/wire';

export interface AddressPrefix {
  /** 4 or 16, the family's. */
  readonly octets: Uint8Array;
  readonly bits: number;
}

/** `192.0.2.0/24`, `2001:db8::/32`, or a single address; null for anything else. */
export function parsePrefix(text: string): AddressPrefix | null {
  const [, written = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseIpAddress(written);
  if (address === null) return null;
  const octets = addressBytes(address);
  const bits = length === undefined ? octets.length * 8 : Number(length);
  return bits > octets.length * 8 ? null : { octets, bits };
}

export function isWithin({ octets, bits }: AddressPrefix, address: IpAddress): boolean {
  const own = addressBytes(address);
  if (own.length !== octets.length) return false;
  return octets.every((octet, i) => {
    const compared = Math.min(8, Math.max(0, bits - i * 8));
    return (octet ^ own[i]!) >> (8 - compared) === 0;
  });
}

// Prefixes, and ranges that are not one.

import { addressFromBytes, type IpAddress } from '@pinhole/wire';
import { type AddressNumber, parseAddressNumber } from './address-number.ts';

export interface AddressRange {
  readonly first: AddressNumber;
  readonly last: AddressNumber;
}

/** `192.0.2.0/24`; null where the text is none, or has bits behind its length. */
export function parsePrefix(text: string): AddressRange | null {
  const slash = text.lastIndexOf('/');
  const first = parseAddressNumber(text.slice(0, Math.max(0, slash)));
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  if (first === null || !/^\d{1,3}$/.test(lengthText) || length > bitsOf(first)) return null;
  const size = 1n << BigInt(bitsOf(first) - length);
  if (BigInt(first) % size !== 0n) return null;
  const last = BigInt(first) + size - 1n;
  return { first, last: typeof first === 'number' ? Number(last) : last };
}

/** The largest prefix that holds the address and lies within the range, which holds the address too. */
export function largestPrefix(address: AddressNumber, { first, last }: AddressRange): string {
  const bits = bitsOf(address);
  let base = BigInt(address);
  let length = bits;
  while (length > 0) {
    const size = 1n << BigInt(bits - length + 1);
    const wider = BigInt(address) - (BigInt(address) % size);
    if (wider < BigInt(first) || wider + size - 1n > BigInt(last)) break;
    base = wider;
    length -= 1;
  }
  return prefixText(base, bits, length);
}

/** The prefix of this length that the address is in. */
export function prefixOf(address: AddressNumber, length: number): string {
  const bits = bitsOf(address);
  const size = 1n << BigInt(bits - length);
  return prefixText(BigInt(address) - (BigInt(address) % size), bits, length);
}

function bitsOf(address: AddressNumber): 32 | 128 {
  return typeof address === 'number' ? 32 : 128;
}

function prefixText(base: bigint, bits: number, length: number): string {
  const octets = Buffer.from(base.toString(16).padStart(bits / 4, '0'), 'hex');
  const text: IpAddress = addressFromBytes(octets)!;
  return `${text}/${length}`;
}

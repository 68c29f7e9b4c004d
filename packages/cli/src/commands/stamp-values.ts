// Values of `pinhole stamp` on the command line, and its key.

import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressPrefix, parsePrefix } from '@pinhole/agent/parts';
import type { stamp } from '@pinhole/wire';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../lifecycle.ts';

/** RFC 8762 §4.1, RFC 8545: the port of TWAMP's test packets, and of STAMP's. */
export const stampPort = 862;

/** RFC 2104 §3 wants as many octets as the digest has; what STAMP sends of it has 16. */
const leastKeyBytes = 16;

/** `20ms`, `60s` or `5m`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const ms = Number(match?.[1]) * { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? 'ms']!;
  if (!(ms > 0)) throw new InvalidArgumentError('expected a time, as 20ms, 60s or 5m');
  return ms;
}

export function parseWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`expected ${least} to ${most}`);
    return value;
  };
}

export function parseAllowed(text: string): AddressPrefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new InvalidArgumentError(`${text} is no address or prefix, as 192.0.2.0/24`);
  return prefix;
}

/** `HOST`, `HOST:PORT`, `IPv6` or `[IPv6]:PORT`. */
export function parseTarget(text: string): { host: string; port: number } {
  const bare = /^[^:[\]]+$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text);
  if (bare) return { host: text, port: stampPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? stampPort);
  if (match === null || port < 1 || port > 65_535)
    throw new InvalidArgumentError('expected HOST or HOST:PORT');
  return { host: match[1] ?? match[2] ?? '', port };
}

/** Authenticated with the key of the file or of PINHOLE_STAMP_KEY, or else unauthenticated. Throws UsageError. */
export function securityOf(keyFile: string | undefined): stamp.StampSecurity {
  const text = keyFile === undefined ? process.env.PINHOLE_STAMP_KEY : readKey(keyFile);
  if (text === undefined || text === '') return { mode: 'unauthenticated' };
  const key = keyOctets(text.trim());
  if (key === null)
    throw new UsageError('The key begins with 0x, but what follows are no pairs of hexadecimal digits');
  if (key.length < leastKeyBytes)
    throw new UsageError(`The key has ${key.length} octets, and at least ${leastKeyBytes} are needed`);
  // Of octets Node would make a key object for every packet.
  return { mode: 'authenticated', key: createSecretKey(key) };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The key cannot be read: ${(error as Error).message}`);
  }
}

/** `0x…` in hexadecimal, anything else as it stands; null for hexadecimal that is none. */
function keyOctets(text: string): Uint8Array | null {
  if (!text.startsWith('0x')) return Buffer.from(text);
  const digits = text.slice(2);
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? Buffer.from(digits, 'hex') : null;
}

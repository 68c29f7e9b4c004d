// How many packets a reflector answers, in all and for each source. Sources may be forged, so that a bound for each
// alone would bound nothing.

import { addressBytes, addressFamily, type IpAddress } from '@pinhole/wire';

/** More sources than any reflector serves; 100 octets of memory each. */
const maxSources = 65_536;
/** RFC 4291 §2.5.1: the last 64 bits are the host's own to choose, and it may have as many as it likes. */
const prefixBytes6 = 8;

/** A token bucket that holds one second's worth. */
interface Bucket {
  tokens: number;
  atMs: number;
}

export interface Rates {
  readonly sourcePerSecond: number;
  readonly totalPerSecond: number;
  readonly total: Bucket;
  /** In the order of last use. */
  readonly sources: Map<string, Bucket>;
}

export function startRates(sourcePerSecond: number, totalPerSecond: number, nowMs: number): Rates {
  const total = { tokens: totalPerSecond, atMs: nowMs };
  return { sourcePerSecond, totalPerSecond, total, sources: new Map() };
}

/** Takes a token of the source's and one of all's; changes `rates` in place. */
export function takeToken(
  rates: Rates,
  source: IpAddress,
  nowMs: number,
): 'taken' | 'over-source-rate' | 'over-total-rate' {
  const { sources, sourcePerSecond, totalPerSecond } = rates;
  const name = sourceName(source);
  const bucket = sources.get(name) ?? { tokens: sourcePerSecond, atMs: nowMs };
  sources.delete(name);
  sources.set(name, bucket);
  if (sources.size > maxSources) sources.delete(sources.keys().next().value as string);
  if (!take(bucket, sourcePerSecond, nowMs)) return 'over-source-rate';
  return take(rates.total, totalPerSecond, nowMs) ? 'taken' : 'over-total-rate';
}

function take(bucket: Bucket, perSecond: number, nowMs: number): boolean {
  bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
  bucket.atMs = nowMs;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

/** Whom an address stands for: itself, or with IPv6 its /64. */
function sourceName(address: IpAddress): string {
  if (addressFamily(address) === 4) return address;
  return Buffer.from(addressBytes(address).subarray(0, prefixBytes6)).toString('hex');
}

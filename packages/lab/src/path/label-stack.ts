import type { MplsLabel } from '@pinhole/wire';

/** As errors tell them (RFC 4950): of no class, and with the TTL that a packet has where it ends. */
export function labelStack(labels: readonly number[]): MplsLabel[] {
  return labels.map((label, i) => ({ label, trafficClass: 0, bottom: i === labels.length - 1, ttl: 1 }));
}

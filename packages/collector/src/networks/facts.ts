// What is known of the network that an address is in.

import type { IpAddress } from '@pinhole/wire';

export interface NetworkFacts {
  /** `192.0.2.0/24`; of the autonomous system's announcement, as the file has it. */
  readonly prefix: string | null;
  readonly asn: number | null;
  /** Of the autonomous system, or of whatever network the file means. */
  readonly name: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryId: string | null;
  /** `Cape Town, South Africa`, or the country alone. */
  readonly location: string | null;
}

export interface NetworkDatabase {
  find(address: IpAddress): NetworkFacts;
}

export const noFacts: NetworkFacts = { prefix: null, asn: null, name: null, countryId: null, location: null };

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** Null for a code that is none; `ZZ` stands for an unknown country (CLDR). */
export function countryName(countryId: string): string | null {
  if (countryId === 'ZZ' || !/^[A-Z]{2}$/.test(countryId)) return null;
  return countryNames.of(countryId) ?? null;
}

// Networks from a MaxMind DB file, in the form of GeoLite2-ASN, -Country or -City.

import { Reader } from 'mmdb-lib';
import { z } from 'zod';
import { addressNumber } from './address-number.ts';
import { countryName, type NetworkDatabase, type NetworkFacts, noFacts } from './facts.ts';
import { prefixOf } from './prefix.ts';

/** MaxMind DB 2.0, "Binary Format": the metadata come behind this, in the file's last 128 KiB. */
const metadataMarker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const metadataWithinBytes = 131_072;

export function isMmdb(file: Buffer): boolean {
  return file.subarray(-metadataWithinBytes).includes(metadataMarker);
}

export type MmdbOutcome =
  | {
      readonly ok: true;
      readonly database: NetworkDatabase;
      readonly type: string;
      readonly builtAtMs: number;
    }
  | { readonly ok: false; readonly reason: string };

export function readMmdb(file: Buffer): MmdbOutcome {
  let reader: Reader<never>;
  try {
    reader = new Reader<never>(file);
  } catch {
    return damaged;
  }
  const { databaseType, buildEpoch, nodeCount, searchTreeSize, ipVersion } = reader.metadata;
  const isSound =
    [4, 6].includes(ipVersion) && nodeCount > 0 && searchTreeSize + metadataMarker.length < file.length;
  if (!isSound || Number.isNaN(buildEpoch.getTime())) return damaged;
  return {
    ok: true,
    database: { find: (address) => factsOf(reader, address, ipVersion) },
    type: String(databaseType),
    builtAtMs: buildEpoch.getTime(),
  };
}

const damaged: MmdbOutcome = { ok: false, reason: 'it is damaged or not whole' };

const namesSchema = z.object({ names: z.object({ en: z.string() }) });

/** The members that GeoLite2's files have, the flat one of files that have a country and nothing else. */
const recordSchema = z.object({
  autonomous_system_number: z.int().min(1).max(0xffff_ffff).optional().catch(undefined),
  autonomous_system_organization: z.string().min(1).optional().catch(undefined),
  country: z.object({ iso_code: z.string() }).optional().catch(undefined),
  country_code: z.string().optional().catch(undefined),
  city: namesSchema.optional().catch(undefined),
});

function factsOf(
  reader: Reader<never>,
  address: Parameters<typeof addressNumber>[0],
  ipVersion: number,
): NetworkFacts {
  const number = addressNumber(address);
  if (ipVersion === 4 && typeof number === 'bigint') return noFacts;
  let found: [record: unknown, prefixLength: number];
  try {
    found = reader.getWithPrefixLength(address);
  } catch {
    // Damaged behind what was looked at when it was opened.
    return noFacts;
  }
  const [record, prefixLength] = found;
  const parsed = recordSchema.safeParse(record);
  if (!parsed.success) return noFacts;
  const {
    autonomous_system_number: asn = null,
    autonomous_system_organization: name = null,
    country,
    country_code,
    city,
  } = parsed.data;
  const countryId = country?.iso_code ?? country_code ?? null;
  const places = [city?.names.en, countryId === null ? null : countryName(countryId)];
  return {
    prefix: asn === null && name === null ? null : prefixOf(number, prefixLength),
    asn,
    name,
    countryId: countryId === null || countryName(countryId) === null ? null : countryId,
    location: places.filter((place) => place != null).join(', ') || null,
  };
}

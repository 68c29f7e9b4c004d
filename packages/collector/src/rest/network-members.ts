import type { NetworkFacts } from '../networks/facts.ts';
import { optional } from './optional.ts';

/** What is known of the network that an address is in, as v7 names it; `asn` is ours. */
export function networkMembers({ prefix, asn, name, location, countryId }: NetworkFacts) {
  const system = asn === null ? null : `AS ${asn}`;
  const text = name === null || system === null ? (name ?? system) : `${name} (${system})`;
  return {
    ...optional('prefix', prefix),
    ...optional('network', text),
    ...optional('location', location),
    ...optional('asn', asn),
    ...optional('countryId', countryId),
  };
}

// Which network the demo's addresses are in, as a file for the collector's --networks. Pure.

import { defaultPublicPrefix } from '../description.ts';
import { serverPrefix } from '../node.ts';
import type { DemoSite } from './scenario.ts';

/** Lines of `prefix,asn,name,country`, after topology.ts's account of who has which addresses. */
export function networksFile(sites: readonly DemoSite[]): string {
  const lines = sites.flatMap(({ site, provider, transit }, index) => [
    line(site.public ?? defaultPublicPrefix(index), provider),
    line(`100.64.${index + 1}.0/24`, provider),
    line(`198.19.${128 + 2 * index}.0/23`, transit),
  ]);
  return [line(serverPrefix, exchange), line('203.0.113.0/24', exchange), ...lines, ''].join('\n');
}

const exchange = { name: 'Crossing Point (demo)', asn: 64_496, countryId: 'NL' };

function line(prefix: string, { name, asn, countryId }: DemoSite['provider']): string {
  return `${prefix},${asn},${name},${countryId}`;
}

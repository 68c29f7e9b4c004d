// Which hops are drawn as one.

import type { PathGraphNode } from '@pinhole/contract';
import { isPrivateAddress, networkPrefix } from './address.ts';

export const groupings = ['interface', 'network', 'prefix', 'location'] as const;
export type Grouping = (typeof groupings)[number];

export interface Group {
  readonly id: string;
  readonly label: string;
}

/** The group of a node; null where it stays by itself: agents, silent hops, and what nothing is known of. */
export function groupOf(node: PathGraphNode, grouping: Grouping): Group | null {
  if (node.kind !== 'hop' || grouping === 'interface') return null;
  const label = groupLabel(node, grouping);
  if (label === null) return null;
  // An autonomous system has several names in use.
  const key = grouping === 'network' && node.asn !== undefined ? String(node.asn) : label;
  return { id: `${grouping} ${key}`, label };
}

function groupLabel(
  { address, network, asn, location, countryId }: PathGraphNode,
  grouping: Exclude<Grouping, 'interface'>,
): string | null {
  switch (grouping) {
    case 'network':
      return network ?? (asn === undefined ? null : `AS ${asn}`);
    case 'location':
      return location ?? countryId ?? null;
    case 'prefix':
      // The same private network stands at both ends of many paths.
      return address === null || isPrivateAddress(address) ? null : networkPrefix(address);
  }
}

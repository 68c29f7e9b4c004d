// Finding hops by address, name, network or place.

import type { PathGraphNode } from '@pinhole/contract';
import { isInPrefix } from './address.ts';
import type { LaneNode } from './lanes.ts';

/** Whether one of a node's members is what is looked for; an empty text finds nothing. `192.0.2.0/26` and `AS64496` work. */
export function isFound(node: LaneNode, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return false;
  return node.label.toLowerCase().includes(wanted) || node.members.some((member) => matches(member, wanted));
}

function matches(
  { address, name, network, asn, prefix, location, countryId }: PathGraphNode,
  wanted: string,
) {
  if (address !== null && (address.startsWith(wanted) || isInPrefix(address, wanted))) return true;
  if (asn !== undefined && new RegExp(`^as ?${asn}$`).test(wanted)) return true;
  return [name, network, prefix, location, countryId].some((each) => each?.toLowerCase().includes(wanted));
}

// What a NAT does, in the words of RFC 4787 and RFC 5382, and the kinds of NAT that have a name in the lab.

/** RFC 4787 section 5: from whom a mapped port takes packets. */
export type Filtering = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** RFC 4787 section 4.1: when a second destination gets the same external port as the first. */
export type Mapping = 'endpoint-independent' | 'address-and-port-dependent';

/** RFC 4787 section 4.2.1: which external port a new mapping gets. */
export type Allocation =
  | { readonly law: 'preserving' }
  /** From the range, both ends included. */
  | { readonly law: 'range'; readonly first: number; readonly last: number };

/** RFC 5382 REQ-4: what an unsolicited packet to the NAT's public address meets. */
export type Unsolicited =
  | 'drop'
  /** RST to a SYN; nothing to UDP. */
  | 'rst'
  /** Port unreachable. */
  | 'icmp';

export interface NatBehaviour {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly allocation: Allocation;
  /** RFC 4787 section 6: hosts behind the NAT reach each other's public endpoints, seen with external source. */
  readonly hairpin: boolean;
  readonly unsolicited: Unsolicited;
}

/** The commonest NAT, of which the other kinds are variations. */
const common = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { law: 'preserving' },
  hairpin: false,
  unsolicited: 'drop',
} as const satisfies NatBehaviour;

/** The named kinds: mapping, then filtering, then what sets the kind apart. `none` is a site without NAT. */
export const natKinds = {
  none: null,
  'eim-eif': { ...common, filtering: 'endpoint-independent', hairpin: true },
  'eim-adf': { ...common, filtering: 'address-dependent' },
  'eim-apdf': common,
  'eim-apdf-rst': { ...common, unsolicited: 'rst' },
  'eim-apdf-icmp': { ...common, unsolicited: 'icmp' },
  'eim-apdf-range': { ...common, allocation: { law: 'range', first: 20000, last: 29999 } },
  'apdm-apdf': {
    ...common,
    mapping: 'address-and-port-dependent',
    allocation: { law: 'range', first: 1024, last: 65535 },
  },
} as const satisfies Record<string, NatBehaviour | null>;

export type NatKind = keyof typeof natKinds;

export const natKindNames = Object.keys(natKinds) as NatKind[];

/** The behaviour of a named kind; null where there is no NAT. */
export function behaviourOf(kind: NatKind): NatBehaviour | null {
  return natKinds[kind];
}

// The kinds of NAT that have a name in the lab: mapping, then filtering, then what sets the kind apart.

import { commonBehaviour as common, type NatBehaviour } from './behaviour.ts';

/** One NAT after the other, from the hosts outwards: none, one, or a site's behind a provider's. */
export type NatLayers = readonly NatBehaviour[];

const anyPort = { law: 'range', first: 1024, last: 65_535 } as const;
const symmetric = { ...common, mapping: 'address-and-port-dependent', allocation: anyPort } as const;

export const natKinds = {
  /** The hosts have public addresses, and nothing is filtered. */
  none: [],
  /** A full cone: whoever knows the port gets in. */
  'eim-eif': [{ ...common, filtering: 'endpoint-independent', hairpin: true }],
  /** A restricted cone: whoever's address was sent to gets in, from any port. */
  'eim-adf': [{ ...common, filtering: 'address-dependent' }],
  /** A port-restricted cone: most home routers. */
  'eim-apdf': [common],
  /** The same, and two agents behind it may use their public endpoints. */
  'eim-apdf-hairpin': [{ ...common, hairpin: true }],
  /** Refuses what it did not ask for: TCP punching then is a matter of timing. */
  'eim-apdf-rst': [{ ...common, unsolicited: 'rst' }],
  'eim-apdf-icmp': [{ ...common, unsolicited: 'icmp' }],
  /** The public port is not the local one. */
  'eim-apdf-range': [{ ...common, allocation: { law: 'range', first: 20_000, last: 29_999 } }],
  /** The next port for the next source, the same one for all its destinations. */
  'eim-apdf-sequential': [
    { ...common, allocation: { law: 'sequential', first: 30_000, last: 30_999, step: 1 } },
  ],
  /** A Linux router without an input filter: a first packet in moves the flow to another port. */
  'eim-apdf-poisonable': [{ ...common, unsolicited: 'host', poisonable: true }],
  /** The same with its answers filtered: poisoned, and silent about it. */
  'eim-apdf-poisonable-silent': [{ ...common, poisonable: true }],
  /** A firewall that lets no SYN in: two such sides never open a TCP connection. */
  'eim-apdf-no-simultaneous-open': [{ ...common, simultaneousOpen: false }],
  /** Forgets a UDP mapping before a keep-alive of 15 s comes by. */
  'eim-apdf-udp10': [{ ...common, udpLifetimeMs: 10_000 }],
  /** The same, and only packets from inside keep it (RFC 4787 REQ-6a). */
  'eim-apdf-udp10-outbound': [{ ...common, udpLifetimeMs: 10_000, udpRefresh: 'outbound' }],
  /** Forgets an idle TCP connection, and says nothing. */
  'eim-apdf-tcp10-black-hole': [{ ...common, tcpIdle: { afterMs: 10_000, outcome: 'black-hole' } }],
  /** Forgets an idle TCP connection, and resets it at the next packet. */
  'eim-apdf-tcp10-reset': [{ ...common, tcpIdle: { afterMs: 10_000, outcome: 'reset' } }],
  /** Forgets an idle TCP connection, and takes it up again at the next packet from inside. */
  'eim-apdf-tcp10-re-adopt': [{ ...common, tcpIdle: { afterMs: 10_000, outcome: 're-adopt' } }],
  /** Symmetric towards addresses only: one port for each remote address. */
  'adm-adf': [{ ...symmetric, mapping: 'address-dependent', filtering: 'address-dependent' }],
  'adm-apdf': [{ ...symmetric, mapping: 'address-dependent' }],
  /** Symmetric, but open: its port cannot be told, yet whoever sends there gets in. */
  'apdm-eif': [{ ...symmetric, filtering: 'endpoint-independent' }],
  /** Symmetric, random over all ports. */
  'apdm-apdf': [symmetric],
  /** Symmetric, random within a subscriber's block of 512 ports. */
  'apdm-apdf-block': [{ ...symmetric, allocation: { law: 'range', first: 2048, last: 2559 } }],
  /** Symmetric and predictable. */
  'apdm-apdf-sequential': [
    { ...symmetric, allocation: { law: 'sequential', first: 40_000, last: 40_999, step: 1 } },
  ],
  'apdm-apdf-sequential2': [
    { ...symmetric, allocation: { law: 'sequential', first: 40_000, last: 41_998, step: 2 } },
  ],
  /** A home router behind a provider's NAT (RFC 6888): one hop more, and two mappings to keep. */
  'eim-cgn': [common, common],
  /** The same, where the home router is symmetric. */
  'apdm-cgn': [symmetric, common],
  /** A firewall that knows TCP only. */
  'udp-blocked': [{ ...common, blocked: ['udp'] }],
  /** A firewall that lets agents reach the collector and not the NAT traversal server. */
  'traversal-blocked': [{ ...common, blocked: ['traversal-udp', 'traversal-tcp'] }],
} as const satisfies Record<string, NatLayers>;

export type NatKind = keyof typeof natKinds;

export const natKindNames = Object.keys(natKinds) as NatKind[];

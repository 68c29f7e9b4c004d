// The nftables ruleset that makes a Linux router a NAT of a given behaviour.
//
// The NAT has two interfaces: `lan` and `wan`. conntrack by itself is endpoint-independent mapping (it gives a
// source that is mapped already the same port again, unless told to draw at random) with address- and
// port-dependent filtering. Maps filled by the packets on their way out make the rest of it:
//
//   mappings    protocol . external port            → internal address . port     any sender, and hairpinning
//   permitted   protocol . external port . sender   → internal address . port     address-dependent filtering
//   assigned    protocol . internal address . port  → external address . port     mappings that conntrack does not
//               (. remote address)                                                keep by itself
//   live        external port                                                     outbound refresh only

import type { IpAddress } from '@pinhole/wire';
import { type NatBehaviour, traversalPorts } from './behaviour.ts';
import { sequence } from './layers.ts';

/** How long a mapping lives without an outbound packet. RFC 4787 REQ-5: at least two minutes. */
const mappingTimeoutMs = 120_000;
/** All ports of one protocol: the maps never refuse a mapping for want of room. */
const mapSize = 65535;

const transport = 'meta l4proto { tcp, udp }';
const endpointType = 'ipv4_addr . inet_service';

/**
 * The ruleset, to be fed to `nft -f -` in the NAT's namespace. It replaces what was loaded before.
 * `publicAddress` is the one address on `wan`.
 */
export function natRuleset(behaviour: NatBehaviour, publicAddress: IpAddress): string {
  const { filtering, hairpin, udpRefresh, simultaneousOpen, blocked, tcpIdle, setsTtl } = behaviour;
  const toAnyone = filtering === 'endpoint-independent';
  const toKnownAddress = filtering === 'address-dependent';
  const keepsMappings = toAnyone || hairpin;
  const records = [
    keepsMappings && record('mappings', 'meta l4proto . th sport'),
    toKnownAddress && record('permitted', 'meta l4proto . th sport . ip daddr'),
  ].filter((each) => each !== false);
  const assignment = assignmentKey(behaviour);
  const outboundOnly = udpRefresh === 'outbound';
  return block('flush ruleset\n\ntable ip nat', [
    keepsMappings && map('mappings', 'inet_proto . inet_service'),
    toKnownAddress && map('permitted', 'inet_proto . inet_service . ipv4_addr'),
    assignment !== null && map('assigned', assignment.type),
    outboundOnly && set('live', 'inet_service'),
    // Before conntrack (-200), which would take the packet for a refreshing one.
    outboundOnly &&
      block('chain expire', [
        'type filter hook prerouting priority -300; policy accept;',
        'iifname "wan" meta l4proto udp udp dport != @live notrack',
      ]),
    records.length > 0 &&
      block('chain inbound', [
        'type nat hook prerouting priority -100; policy accept;',
        toAnyone &&
          `iifname "wan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport map @mappings`,
        toKnownAddress &&
          `iifname "wan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport . ip saddr map @permitted`,
        hairpin && `iifname "lan" ip daddr ${publicAddress} dnat ip to meta l4proto . th dport map @mappings`,
      ]),
    block('chain outbound', [
      'type nat hook postrouting priority 100; policy accept;',
      assignment !== null && `oifname "wan" snat ip to ${assignment.lookup} map @assigned`,
      ...sourceNat(behaviour, publicAddress).map((rule) => `oifname "wan" ${rule}`),
      hairpin && `iifname "lan" oifname "lan" ct status dnat ${transport} snat to ${publicAddress}`,
    ]),
    // After the source NAT (100), so that the source port is the external one.
    (records.length > 0 || assignment !== null || outboundOnly) &&
      block('chain record', [
        'type filter hook postrouting priority 110; policy accept;',
        ...records.flatMap((rules) => rules(behaviour)),
        ...(assignment === null ? [] : assignmentRules(behaviour, assignment.key)),
        outboundOnly &&
          `oifname "wan" meta l4proto udp update @live { udp sport timeout ${seconds(behaviour.udpLifetimeMs ?? mappingTimeoutMs)} }`,
      ]),
    block('chain forward', [
      'type filter hook forward priority 0; policy drop;',
      setsTtl !== undefined && `ip ttl set ${setsTtl}`,
      ...blocked.map((each) => blockingRule[each]),
      !simultaneousOpen && 'iifname "wan" ct direction reply tcp flags & (syn|ack|rst|fin) == syn drop',
      tcpIdle?.outcome === 'reset' && 'meta l4proto tcp ct state invalid reject with tcp reset',
      'ct state invalid drop',
      'ct state established,related accept',
      'ct status dnat accept',
      'iifname "lan" oifname "wan" accept',
    ]),
    block('chain input', [
      'type filter hook input priority 0; policy accept;',
      tcpIdle?.outcome === 'reset' && 'iifname "wan" meta l4proto tcp ct state invalid reject with tcp reset',
      ...unsolicitedRules(behaviour),
      // A packet to the public address that was not hairpinned must not be answered by the NAT's own stack.
      `iifname "lan" ip daddr ${publicAddress} ct state new,invalid drop`,
    ]),
    ...ownAnswerRules(behaviour),
  ]);
}

/** conntrack's lifetimes, by their paths under /proc/sys. Its units are seconds. */
export function natSettings({ udpLifetimeMs, tcpIdle }: NatBehaviour): Record<string, number> {
  const conntrack = 'net/netfilter/nf_conntrack';
  return {
    ...(udpLifetimeMs !== null && {
      [`${conntrack}_udp_timeout`]: udpLifetimeMs / 1000,
      [`${conntrack}_udp_timeout_stream`]: udpLifetimeMs / 1000,
    }),
    ...(tcpIdle !== null && {
      [`${conntrack}_tcp_timeout_established`]: tcpIdle.afterMs / 1000,
      // Takes up connections of which it saw no beginning.
      [`${conntrack}_tcp_loose`]: tcpIdle.outcome === 're-adopt' ? 1 : 0,
    }),
  };
}

function sourceNat({ mapping, allocation }: NatBehaviour, publicAddress: IpAddress): string[] {
  switch (allocation.law) {
    case 'preserving':
      return [`${transport} masquerade`, 'masquerade'];
    case 'range': {
      const draw = mapping === 'endpoint-independent' ? '' : ' fully-random';
      return [`${transport} masquerade to :${allocation.first}-${allocation.last}${draw}`, 'masquerade'];
    }
    case 'sequential': {
      const ports = sequence(allocation);
      // Through a map, since a generated number by itself becomes a port with its octets swapped.
      const next = `numgen inc mod ${ports.length} map { ${ports.map((port, index) => `${index} : ${port}`).join(', ')} }`;
      return [
        ...['udp', 'tcp'].map((protocol) => `meta l4proto ${protocol} snat to ${publicAddress} : ${next}`),
        'masquerade',
      ];
    }
  }
}

/** The key by which a NAT finds the mapping that a source has; null where conntrack does so by itself. */
function assignmentKey({ mapping, allocation }: NatBehaviour) {
  const source = {
    type: `inet_proto . ${endpointType}`,
    lookup: 'meta l4proto . ip saddr . th sport',
    key: 'meta l4proto . ct original ip saddr . ct original proto-src',
  };
  switch (mapping) {
    case 'endpoint-independent':
      return allocation.law === 'sequential' ? source : null;
    case 'address-dependent':
      return {
        type: `${source.type} . ipv4_addr`,
        lookup: `${source.lookup} . ip daddr`,
        key: `${source.key} . ip daddr`,
      };
    case 'address-and-port-dependent':
      return null;
  }
}

function assignmentRules(behaviour: NatBehaviour, key: string): string[] {
  return ['tcp', 'udp'].map(
    (protocol) =>
      `oifname "wan" ct direction original meta l4proto ${protocol} update @assigned { ${key}${lifetime(behaviour, protocol)} : ip saddr . th sport }`,
  );
}

/**
 * The internal endpoint is the source of a flow's original direction when the flow began inside, and the source
 * of its reply direction when it began outside.
 */
function record(name: string, key: string) {
  return (behaviour: NatBehaviour): string[] =>
    (['original', 'reply'] as const).flatMap((direction) =>
      (behaviour.udpLifetimeMs === null ? [transport] : ['meta l4proto tcp', 'meta l4proto udp']).map(
        (protocol) =>
          `oifname "wan" ct direction ${direction} ${protocol} update @${name} { ${key}${lifetime(behaviour, protocol)} : ct ${direction} ip saddr . ct ${direction} proto-src }`,
      ),
    );
}

/** Of an element, where it is not the map's own. */
function lifetime({ udpLifetimeMs }: NatBehaviour, protocol: string): string {
  return udpLifetimeMs !== null && protocol.endsWith('udp') ? ` timeout ${seconds(udpLifetimeMs)}` : '';
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`;
}

const blockingRule = {
  udp: 'meta l4proto udp drop',
  'traversal-udp': `iifname "lan" udp dport { ${traversalPorts.join(', ')} } drop`,
  'traversal-tcp': `iifname "lan" tcp dport { ${traversalPorts.join(', ')} } drop`,
} as const;

/** A packet refused here makes no conntrack entry, so it cannot take the port from a later outbound flow. */
function unsolicitedRules({ unsolicited, poisonable }: NatBehaviour): string[] {
  if (poisonable) return [];
  const rst = 'iifname "wan" meta l4proto tcp ct state new reject with tcp reset';
  const unreachable = (protocol: string) =>
    `iifname "wan" ${protocol} ct state new,untracked reject with icmp port-unreachable`;
  const answers = {
    drop: [],
    rst: [rst],
    icmp: [unreachable(transport)],
    host: [rst, unreachable('meta l4proto udp')],
  }[unsolicited];
  return [...answers, 'iifname "wan" ct state new,invalid,untracked drop'];
}

/** A NAT whose own stack takes unsolicited packets may be kept from answering them. */
function ownAnswerRules({ unsolicited, poisonable }: NatBehaviour): string[] {
  if (!poisonable || unsolicited === 'host') return [];
  return [
    block('chain output', [
      'type filter hook output priority 0; policy accept;',
      'oifname "wan" icmp type destination-unreachable drop',
      unsolicited === 'drop' && 'oifname "wan" tcp flags & rst == rst drop',
    ]),
  ];
}

function map(name: string, key: string): string {
  return set(name, `${key} : ${endpointType}`, 'map');
}

function set(name: string, type: string, kind: 'set' | 'map' = 'set'): string {
  return block(`${kind} ${name}`, [
    `type ${type}`,
    'flags dynamic,timeout',
    `timeout ${seconds(mappingTimeoutMs)}`,
    `size ${mapSize}`,
  ]);
}

function block(head: string, lines: readonly (string | false)[]): string {
  const body = lines.filter((line) => line !== false).join('\n');
  return `${head} {\n${body.replace(/^/gm, '  ')}\n}`;
}
